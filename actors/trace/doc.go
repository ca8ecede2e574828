// Package trace makes OpenTelemetry spans of messages, so that one trace follows a request from whoever asks,
// over ZeroMQ, to whoever answers, and on.
//
// Sockets do not need it: with socket.Config.Trace they carry the headers "traceparent" and "tracestate" of
// W3C's Trace Context from one actor to the next, whoever has set them. Here are those who set and read them:
//
//   - a goroutine asks and sends with [Tracer.Ask], [Tracer.Put] and [Tracer.Send], which take a context;
//     with [Within] anything else does that takes an actor.SenderContext;
//   - an actor that is spawned with [Tracer.Middleware] gets a span for each message that it processes, and
//     what it sends meanwhile belongs to that span;
//   - [Context] is that span in an actor's code, to make others below it.
//
// Spans follow the semantic conventions for messaging (development status, v1.43.0): "ask name" (client), "send
// name" (producer), "process name" (consumer, or server for what a Rep or a Router has received as a
// request). Their messaging.system is "zeromq". docs/traces.md tells the whole story.
package trace
