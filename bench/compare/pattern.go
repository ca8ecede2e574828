package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

const (
	header    = 8        // bytes of the number
	places    = 4096     // where in the noise a body may begin; a power of two
	whole     = 1 << 10  // up to this size every message is compared from end to end
	largeFrom = 32 << 10 // from this size on messages are prepared
	prepared  = 64       // and so many of them take turns
	probe     = 64       // bytes that are compared in three places of a message that is not compared whole
	oneIn     = 64       // one in so many large messages is
)

// pattern is what the messages of a measurement look like: the number, eight bytes, little-endian,
// then a stretch of noise that begins at a place which depends on the number. Making one and checking
// one is a memcpy and a memcmp, so that it costs every subject little, and the same.
//
// A large message is not made anew for each number: a frame is immutable once sent, and filling it
// would cost more than sending it. The number is then that of the prepared message.
type pattern struct {
	size  int
	noise []byte
	large [][]byte // nil for small messages
}

func newPattern(size int) *pattern {
	p := &pattern{size: size, noise: make([]byte, size+places)}
	rand.NewChaCha8([32]byte{}).Read(p.noise)
	if size >= largeFrom {
		for n := range uint64(prepared) {
			m := make([]byte, size)
			p.write(m, n)
			p.large = append(p.large, m)
		}
	}
	return p
}

// number is what stands in message i.
func (p *pattern) number(i uint64) uint64 {
	if p.large != nil {
		return i % prepared
	}
	return i
}

func (p *pattern) body(number uint64) []byte {
	at := int(number * 2654435761 % places) // odd, so that neighbours begin at different places
	return p.noise[at : at+p.size-header]
}

func (p *pattern) write(m []byte, number uint64) {
	binary.LittleEndian.PutUint64(m, number)
	copy(m[header:], p.body(number))
}

// message is message i: in buf, or a prepared one.
func (p *pattern) message(i uint64, buf []byte) []byte {
	if p.large != nil {
		return p.large[i%prepared]
	}
	p.write(buf, i)
	return buf
}

// fresh is message i in memory that nobody writes to again.
func (p *pattern) fresh(i uint64) []byte {
	if p.large != nil {
		return p.large[i%prepared]
	}
	m := make([]byte, p.size)
	p.write(m, i)
	return m
}

// is reports whether m is message i.
func (p *pattern) is(m []byte, i uint64) bool {
	number := p.number(i)
	if len(m) != p.size || binary.LittleEndian.Uint64(m) != number {
		return false
	}
	got, want := m[header:], p.body(number)
	if p.size <= whole || i%oneIn == i/oneIn%oneIn {
		return bytes.Equal(got, want)
	}
	last := len(want) - probe
	for _, at := range [...]int{0, int(i * probe % uint64(last)), last} {
		if !bytes.Equal(got[at:at+probe], want[at:at+probe]) {
			return false
		}
	}
	return true
}

// wrong says in what way m is not message i.
func (p *pattern) wrong(m []byte, i uint64) error {
	if len(m) != p.size {
		return fmt.Errorf("message %d has %d bytes, not %d", i, len(m), p.size)
	}
	if number := binary.LittleEndian.Uint64(m); number != p.number(i) {
		return fmt.Errorf("message %d has number %d, not %d", i, number, p.number(i))
	}
	return fmt.Errorf("message %d has other contents than were sent", i)
}

// series are the messages that a sender sends, 0 to count-1.
type series struct {
	*pattern
	count uint64

	gate func() // if set, the sender calls it before it makes message at
	at   uint64
}

func (s *series) message(i uint64, buf []byte) []byte {
	s.pass(i)
	return s.pattern.message(i, buf)
}

func (s *series) fresh(i uint64) []byte {
	s.pass(i)
	return s.pattern.fresh(i)
}

func (s *series) pass(i uint64) {
	if s.gate != nil && i == s.at {
		s.gate()
	}
}
