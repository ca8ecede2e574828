// Package wire carries Proto.Actor messages to PIDs of other actor systems over Sockeye's own sockets.
//
//	w, err := wire.Start(system, wire.Config{Bind: "tcp://10.0.0.7:*", Keys: &keys, Lookup: members, Admit: isMember})
//	system.Root.Send(actor.NewPID("10.0.0.9:4711", "orders"), messages.Text("hello"))
//
// It stands in for Proto.Actor's Remote, or beside it: Send, Request, Respond, Watch, Stop, Poison and Touch
// work as between actors of one system, and so does everything that is built of them, such as the flow
// control, Ask and Put of sockets.
//
// # Connections and sessions
//
// Every system binds one PULL and connects one PUSH to each peer, on a ZeroMQ thread of its own. Two systems
// that have heard each other are in a session. In a session every message arrives once and in its order, or
// the session ends: what a broken connection has lost is sent again, until the peer has confirmed that it
// gave it to the receiver's mailbox. When nothing has come from a peer for two heartbeats, or it has been
// started anew, the session is over. Then its watchers get actor.Terminated with AddressTerminated, requests
// that wait for an answer from there fail, what was queued becomes dead letters, and the event stream gets a
// *[PeerDown]. When the peer is heard again there is a new session and a *[PeerUp].
//
// # Who is who
//
// A peer proves its address by a secret that it can only have got at the endpoint that Lookup has for it:
// each side sends one there, and takes nothing but greetings from whoever does not show it. With
// Config.Keys that connection is encrypted to the key that Lookup knows, and nobody can connect whose key
// Admit does not know. Who is a member may send any message to any actor, stop it, and watch it: members
// trust each other in what they ask for. They need not trust each other's bytes: whatever a member sends, it
// harms nobody's process and nobody else's connection.
//
// # Bounds
//
// What waits for a peer is bounded by Config.Queue, and a sender never waits: what finds the queue full is a
// dead letter. What is on the way is bounded by the window that the receiving side grants.
// [Wire.Counts] accounts for every message.
package wire
