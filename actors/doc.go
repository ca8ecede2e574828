// Package actors is the map of Sockeye, and its door for programs that want channels.
//
//   - [github.com/sockeye-mq/sockeye/actors/zmqthread]: the one OS thread that owns native sockets.
//   - [github.com/sockeye-mq/sockeye/actors/socket]: a ZeroMQ socket as a supervised actor.
//   - [github.com/sockeye-mq/sockeye/messages]: what is sent and what arrives.
//   - [github.com/sockeye-mq/sockeye/supervision]: what happens when a socket fails.
//
// [Splice] puts a socket behind two channels of yours, without another word about actors.
package actors
