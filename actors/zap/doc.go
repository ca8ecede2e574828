// Package zap decides who may connect: a supervised handler of ZAP, RFC 27, the protocol by which
// libzmq asks about every peer of a socket that is a PLAIN or CURVE server, or has a ZAP domain.
//
//	handler, err := zap.Start(ctx, thread, zap.Config{Policy: zap.Policy{
//		"orders": {Curve: map[string]string{alice.Public: "alice"}},
//	}})
//
// There is one handler for each ZeroMQ context: threads that share one (zmqthread.Config.Share, Lanes)
// share the handler, others have their own. What no [Policy] allows is refused, malformed requests are
// refused, and while no handler runs, sockets with a ZAPDomain refuse everybody.
//
// A handler is a tree of three actors: one that keeps the others, the REP socket to which libzmq's
// requests come, and one that decides. Their crashes lose no more than the request at hand, which is
// answered with status 300, and the native socket stays. [Apply] changes the policy while it runs, and
// ends the connections of those who are refused from now on.
//
// docs/security.md has the rest.
package zap
