package messages

import (
	"bytes"
	"slices"
)

// Text returns a message with one frame for each string.
func Text(frames ...string) *Message {
	m := &Message{Frames: make([][]byte, len(frames))}
	for i, f := range frames {
		m.Frames[i] = []byte(f)
	}
	return m
}

// Bytes returns a message of these frames. It does not copy them: they must not change any more, also
// when Put has returned. libzmq sends a large one from that memory, long after it has taken it; frames
// that are not Go's (mmap) must stay valid until the socket's Thread was shut down.
func Bytes(frames ...[]byte) *Message {
	if len(frames) != 1 {
		return &Message{Frames: slices.Clone(frames)}
	}
	one := &struct { // one allocation, and frames can stay on the caller's stack
		Message
		frame [1][]byte
	}{frame: [1][]byte{frames[0]}}
	one.Frames = one.frame[:]
	return &one.Message
}

// Reply returns an answer that goes to whoever sent to: answer's body behind to's routing
// envelope. Inside an actor c.Respond(answer) does the same; Reply is for later and elsewhere, when
// the answer is sent to the socket's PID. A ROUTER takes any number of replies to one message, a
// REP one.
func Reply(to, answer *Message) *Message {
	body := answer.Body()
	frames := make([][]byte, 0, int(to.Envelope)+len(body))
	frames = append(append(frames, to.envelope()...), body...)
	return &Message{Frames: frames, Envelope: to.Envelope, Request: to.Request}
}

// Body returns the frames that follow the routing envelope: all of them on most sockets, what
// follows the identity (and a REQ's empty frame) on what a ROUTER delivers.
func (m *Message) Body() [][]byte {
	if m == nil {
		return nil
	}
	return m.Frames[len(m.envelope()):]
}

// Text returns the body's frames as a string, joined by a space when there are several.
func (m *Message) Text() string {
	if f := m.Body(); len(f) == 1 {
		return string(f[0])
	}
	return string(bytes.Join(m.Body(), []byte(" ")))
}

// Size is the number of bytes in all frames.
func (m *Message) Size() int {
	n := 0
	for _, f := range m.GetFrames() {
		n += len(f)
	}
	return n
}

// envelope tolerates a number that is too high: the message may come from another process.
func (m *Message) envelope() [][]byte {
	return m.Frames[:min(int(m.Envelope), len(m.Frames))]
}
