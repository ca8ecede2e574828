// Package supervision has strategies that restart actors which own something outside the process: a
// socket, a port, a connection.
//
// Proto.Actor's own restart without a pause, and its exponential one is linear and without a cap
// (facts P4): for a port that is taken that means giving up within a millisecond. Here
//
//   - [Backoff] restarts the one that failed, after a pause;
//   - [AllForOne] restarts it together with its siblings;
//   - [Breaker] keeps one that fails too often down for a while, and says so.
//
// What a failure calls for – to restart, to stop, to go on, to ask the next supervisor – is up to
// [Decide] or to a function of yours; [Classed] makes one from a table.
//
// # Where to put a strategy
//
// Every strategy is used by pointer, as guardian of root actors (actor.WithGuardian in their Props)
// or as supervisor of children (actor.WithSupervisor in their parent's). One value may supervise any
// number of actors, each with its own count of failures.
//
// A guardian has nobody to escalate to and knows no children; Proto.Actor's crashes the process when
// it is asked to do either (facts P5). The strategies of this package stop the actor instead, and
// [Guarded] teaches that to any other.
//
// # A stop wins
//
// While an actor waits for its restart it is suspended: what is sent to it is kept. A restart is for
// the very actor that has failed. It does not happen when that one has been stopped meanwhile, or
// when its parent is stopping or restarting, nor to another actor that has taken its name; the
// mailbox of a stopped actor never sees it. Proto.Actor's own would bring up an incarnation that
// nobody can stop (facts P8).
//
// Failures of an actor whose restart is pending join it: they neither count nor cause another one,
// unless they are decided to be a stop. An actor that fails while it handles *actor.Stopping is not
// brought back to life either: a new incarnation is started only to be stopped.
package supervision
