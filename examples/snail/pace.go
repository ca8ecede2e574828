package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// LateError is the failure of a subscriber that does not keep up.
type LateError struct{ By, Most time.Duration }

func (e *LateError) Error() string {
	return fmt.Sprintf("a message is %v old, and %v is the most", e.By, e.Most)
}

// ErrStamp is what is wrong with a message that does not say when it was sent.
var ErrStamp = errors.New("the first frame is no time")

// stampOf reads when a message was sent from its first frame: so many units since 1970, in decimal.
func stampOf(frames [][]byte, unit time.Duration) (time.Time, error) {
	if len(frames) == 0 || len(frames[0]) > 20 {
		return time.Time{}, ErrStamp
	}
	n, err := strconv.ParseInt(string(frames[0]), 10, 64)
	if err != nil || n < 0 || n > int64(1<<63-1)/int64(unit) {
		return time.Time{}, ErrStamp
	}
	return time.Unix(0, n*int64(unit)), nil
}

// stamp is what stampOf reads.
func stamp(t time.Time, unit time.Duration) []byte {
	return strconv.AppendInt(nil, t.UnixNano()/int64(unit), 10)
}

// pace judges messages by their age.
type pace struct {
	most  time.Duration // so old a message may be
	since time.Time     // when it began, or began anew
	dying bool          // one was too old: nothing is of use until it begins anew
}

// verdict is what is to be done with a message.
type verdict int

const (
	work verdict = iota
	skip         // it is from before
	die          // it is too old
)

// judge judges a message. When one is too old, that is said once.
func (p *pace) judge(now, sent time.Time) verdict {
	switch {
	case p.dying, sent.Before(p.since):
		return skip
	case now.Sub(sent) > p.most:
		p.dying = true
		return die
	}
	return work
}

// begin is to be called when the socket was opened, for the first time or again. The first time, nothing
// is from before.
func (p *pace) begin(now time.Time) {
	if p.dying {
		p.since = now
	}
	p.dying = false
}
