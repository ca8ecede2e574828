package native

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/messages"
)

// plain is a socket that uses nothing but pebbe/zmq4: one call for each frame. It copies all of them,
// in both directions, on the thread: a large message takes as long as it is.
type plain struct {
	zmq  *zmq.Socket
	fd   int
	real Real // how siblings are made
}

func newPlain(s *zmq.Socket, real Real) (*plain, error) {
	fd, err := s.GetFd()
	if err != nil {
		return nil, Wrap(err)
	}
	return &plain{zmq: s, fd: int(fd), real: real}, nil
}

func (p *plain) Raw() *zmq.Socket { return p.zmq }
func (p *plain) FD() int          { return p.fd }

func (p *plain) Send(data []byte, lens []uint32, most int, bytes int64) (out Sent) {
	at, inside := 0, false
	for i := 0; i < len(lens) && out.Messages < most && int64(out.Bytes) < bytes; i++ {
		n, more := int(lens[i]&^messages.More), lens[i]&messages.More != 0
		if more && !inside {
			p.processCommands()
		}
		if out.Errno = p.frame(data[at:at+n], more); out.Errno != 0 {
			if inside && more && out.Errno == syscall.EAGAIN {
				p.discardRest(data[at+n:], lens[i+1:])
			}
			return out
		}
		at += n
		if inside = more; !more {
			out.Messages, out.Frames, out.Bytes = out.Messages+1, i+1, at
		}
	}
	return out
}

func (p *plain) SendFrames(frames [][]byte) Sent {
	p.processCommands()
	return sendFrames(frames, p.frame)
}

// processCommands is what shim.c says.
func (p *plain) processCommands() { p.zmq.GetEvents() }

// sendFrames sends one message. When it breaks off in the middle, libzmq gets the rest of it all
// the same: it discards everything up to the message's last frame (facts Z1).
func sendFrames(frames [][]byte, send func(data []byte, more bool) syscall.Errno) (out Sent) {
	last := len(frames) - 1
	for i, f := range frames {
		if out.Errno = send(f, i < last); out.Errno != 0 {
			if i > 0 && i < last && out.Errno == syscall.EAGAIN {
				for j := i + 1; j <= last; j++ {
					send(frames[j], j < last)
				}
			}
			return Sent{Errno: out.Errno}
		}
		out.Frames, out.Bytes = i+1, out.Bytes+len(f)
	}
	out.Messages = 1
	return out
}

// discardRest gives libzmq the rest of a message that broke off (facts Z1).
func (p *plain) discardRest(data []byte, lens []uint32) {
	for _, l := range lens {
		n, more := int(l&^messages.More), l&messages.More != 0
		p.frame(data[:n], more)
		if !more {
			return
		}
		data = data[n:]
	}
}

func (p *plain) frame(data []byte, more bool) syscall.Errno {
	flags := zmq.DONTWAIT
	if more {
		flags |= zmq.SNDMORE
	}
	_, err := p.zmq.SendBytes(data, flags)
	return failure(err)
}

// failure is the errno of err; EIO for an error without one, which must not pass for success.
func failure(err error) syscall.Errno {
	if err == nil {
		return 0
	}
	if n := Errno(err); n != 0 {
		return n
	}
	return syscall.EIO
}

func (p *plain) Recv(b *messages.Batch, limit Limit) (got Got) {
	b.Data, b.Lens, b.Count = b.Data[:0], b.Lens[:0], 0
	for int(b.Count) < limit.Messages && int64(len(b.Data)) < limit.Bytes {
		frames, errno := p.message(b, min(limit.Message, messages.MaxFrame))
		switch {
		case errno != 0:
			got.Errno = errno
			return got
		case frames == 0:
			got.Skipped++
		default:
			b.Count++
		}
	}
	return got
}

// message appends one message to b. No frames and no errno: it was too large and is gone.
// Once a message's first frame is there, libzmq has them all.
func (p *plain) message(b *messages.Batch, most int64) (frames int, errno syscall.Errno) {
	data, lens := len(b.Data), len(b.Lens)
	for more, skip := true, false; more; {
		f, err := p.zmq.RecvBytes(zmq.DONTWAIT)
		if errno = failure(err); errno != 0 {
			b.Data, b.Lens = b.Data[:data], b.Lens[:lens]
			return 0, errno
		}
		if more, err = p.zmq.GetRcvmore(); err != nil {
			return 0, failure(err)
		}
		if skip = skip || int64(len(b.Data)-data+len(f)) > most; skip {
			b.Data, b.Lens, frames = b.Data[:data], b.Lens[:lens], 0
			continue
		}
		n := uint32(len(f))
		if more {
			n |= messages.More
		}
		b.Data, b.Lens, frames = append(b.Data, f...), append(b.Lens, n), frames+1
	}
	return frames, 0
}

func (p *plain) Events() (zmq.State, error) {
	e, err := p.zmq.GetEvents()
	return e, Wrap(err)
}

// Bind binds. While a monitor runs, the errno of a bind that fails may be EAGAIN, from the sending of
// the event: the next try says what it was.
func (p *plain) Bind(endpoint string) error {
	for range 5 {
		if err := resolvable(endpoint); err != nil {
			return err
		}
		if err := p.zmq.Bind(endpoint); Errno(err) != syscall.EAGAIN && Errno(err) != syscall.EINTR {
			return Wrap(err)
		}
	}
	return Wrap(p.zmq.Bind(endpoint))
}

// resolvable fails when there is no descriptor left for looking at the network's interfaces: libzmq 4.3.4
// aborts the process then (ip_resolver.cpp:542).
func resolvable(endpoint string) error {
	if !strings.HasPrefix(endpoint, "tcp://") {
		return nil
	}
	f, err := os.Open(os.DevNull)
	var n syscall.Errno
	if errors.As(err, &n) && (n == syscall.EMFILE || n == syscall.ENFILE) {
		return n
	}
	if err == nil {
		f.Close()
	}
	return nil
}

func careful(call func(string) error, endpoint string) error {
	if err := resolvable(endpoint); err != nil {
		return err
	}
	return Wrap(call(endpoint))
}

func (p *plain) Sibling(t zmq.Type) (Socket, error) {
	ctx, err := p.zmq.Context()
	if err != nil {
		return nil, Wrap(err)
	}
	return (&context{ctx, p.real}).NewSocket(t)
}

func (p *plain) Unbind(endpoint string) error     { return careful(p.zmq.Unbind, endpoint) }
func (p *plain) Connect(endpoint string) error    { return careful(p.zmq.Connect, endpoint) }
func (p *plain) Disconnect(endpoint string) error { return careful(p.zmq.Disconnect, endpoint) }
func (p *plain) Subscribe(topic string) error     { return Wrap(p.zmq.SetSubscribe(topic)) }
func (p *plain) Unsubscribe(topic string) error   { return Wrap(p.zmq.SetUnsubscribe(topic)) }
func (p *plain) Monitor(endpoint string) error {
	return Wrap(p.zmq.Monitor(endpoint, zmq.EVENT_ALL))
}

func (p *plain) LastEndpoint() (string, error) {
	e, err := p.zmq.GetLastEndpoint()
	return strings.TrimRight(e, "\x00"), Wrap(err)
}

func (p *plain) Close(linger time.Duration) error {
	p.zmq.SetLinger(linger)
	return Wrap(p.zmq.Close())
}
