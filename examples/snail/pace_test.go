package main

import (
	"errors"
	"strconv"
	"testing"
	"time"
)

// A pace, step by step: at a time, a message that was sent at another; or it begins anew.
func TestPace(t *testing.T) {
	p := pace{most: 100}
	at := func(n int) time.Time { return time.Unix(1000, int64(n)) }
	for i, step := range []struct {
		now, sent int
		want      verdict
		begins    bool
	}{
		{now: 0, begins: true},
		{now: 10, sent: -50, want: work}, // from before it began, for the first time: why not
		{now: 10, sent: 10, want: work},
		{now: 20, sent: 25, want: work}, // the publisher's clock is fast
		{now: 110, sent: 10, want: work},
		{now: 111, sent: 10, want: die},
		{now: 112, sent: 10, want: skip}, // said once
		{now: 113, sent: 113, want: skip},
		{now: 150, begins: true},
		{now: 151, sent: 149, want: skip}, // from before
		{now: 300, sent: 20, want: skip},  // and if it is ever so old
		{now: 151, sent: 150, want: work},
		{now: 400, begins: true}, // opened again for another reason: nothing is skipped
		{now: 401, sent: 390, want: work},
		{now: 501, sent: 400, want: die},
	} {
		if step.begins {
			p.begin(at(step.now))
		} else if got := p.judge(at(step.now), at(step.sent)); got != step.want {
			t.Errorf("step %d: %v, want %v", i, got, step.want)
		}
	}
}

func TestStamp(t *testing.T) {
	for _, unit := range []time.Duration{time.Nanosecond, time.Millisecond, time.Second} {
		now := time.Now().Truncate(unit)
		if got, err := stampOf([][]byte{stamp(now, unit), nil}, unit); err != nil || !got.Equal(now) {
			t.Errorf("%v: %v, %v", now, got, err)
		}
	}
	for _, wrong := range []string{"", "x", "-1", "1.5", " 1", "99999999999999999999", "9223372036854775807", "111111111111111111111"} {
		if got, err := stampOf([][]byte{[]byte(wrong)}, time.Millisecond); !errors.Is(err, ErrStamp) {
			t.Errorf("%q: %v, %v", wrong, got, err)
		}
	}
	if _, err := stampOf(nil, 1); !errors.Is(err, ErrStamp) {
		t.Error(err)
	}
}

func FuzzStamp(f *testing.F) {
	f.Add([]byte("1700000000000"), int64(time.Millisecond))
	f.Add([]byte("1700000000"), int64(time.Second))
	f.Add([]byte("9223372036854775807"), int64(1))
	f.Add([]byte(""), int64(2))
	f.Fuzz(func(t *testing.T, frame []byte, unit int64) {
		if unit < 1 {
			t.Skip()
		}
		got, err := stampOf([][]byte{frame}, time.Duration(unit))
		if err != nil {
			if !errors.Is(err, ErrStamp) {
				t.Error(err)
			}
			return
		}
		n, err := strconv.ParseInt(string(frame), 10, 64)
		if again := stamp(got, time.Duration(unit)); err != nil || string(again) != strconv.FormatInt(n, 10) {
			t.Errorf("%q is %v, and that is %q", frame, got, again)
		}
	})
}
