// Package conformance plays what libzmq's own tests play, through Sockeye's actors: docs/conformance.md has
// a row for every case of libzmq 4.3.4, and says where Sockeye differs and why.
//
// A chapter is a file of libzmq's tests, a scenario one or more of its cases, and each is played over every
// transport that it makes sense on. To run some:
//
//	go test ./internal/conformance -run 'TestLibzmq/spec_req/message_format/tcp'
package conformance
