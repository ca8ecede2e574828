// Package curve makes, keeps and reads the keys of CURVE, the ZeroMQ mechanism that encrypts and
// authenticates (RFC 25, RFC 26).
//
//	server, err := curve.Load("/etc/shop/server") // reads server_secret, which holds both keys
//	cfg.Options = server.Server("orders")         // a CURVE server; package zap says who may come
//
//	client, err := curve.Load("alice")
//	cfg.Options = client.Client(serverPublicKey)
//
// A key pair is two files in the format of CZMQ's zcert, which pyzmq shares: "path" has the public key
// and may go anywhere, "path_secret" has both and is for its owner only. Both are ZPL (RFC 4).
package curve
