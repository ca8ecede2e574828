// Package messages holds what is sent to sockets and what they deliver.
//
// [Message] is one ZeroMQ message and [Batch] many of them as one; both are protocol buffers, so
// they travel to remote PIDs unchanged. Ordinary sending is Proto.Actor's own:
//
//	system.Root.Send(pid, messages.Text("hello"))
//
// Two calls wait, for use outside of actors: [Put] until ZeroMQ has taken a message, [Ask] for the
// reply to one. What a socket does not send it returns as [Rejected], whose [Reason] is one of the
// errors below for errors.Is.
package messages
