package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

func TestShow(t *testing.T) {
	rig.Leaks(t)
	var values strings.Builder
	for _, n := range []int{42, 990, 991, 992, 993, 994, 995, 996, 997, 998, 999} {
		fmt.Fprintf(&values, "   %03d value %d\n", n, n*n)
	}
	want := "the publisher has published 1000 topics, and is gone\n" + values.String() +
		"the cache's XPUB is lost; when it is back:\n" + values.String()
	var out bytes.Buffer
	if err := run(t.Context(), &out); err != nil || out.String() != want {
		t.Errorf("%v, after\n%swant\n%s", err, &out, want)
	}
}

// Interrupted, it stops what it has started.
func TestInterrupted(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func message(frames ...string) (m [][]byte) {
	for _, f := range frames {
		m = append(m, []byte(f))
	}
	return m
}

func TestValues(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for name, c := range map[string]struct {
		most   limit
		keep   [][][]byte
		prefix string
		want   string
		unkept int
	}{
		"nothing":          {most: limit{2, 1000}},
		"the last":         {limit{2, 1000}, [][][]byte{message("a", "1"), message("a", "2")}, "a", "[a 2]", 0},
		"all of it":        {limit{2, 1000}, [][][]byte{message("a", "1", "", "2")}, "", "[a 1  2]", 0},
		"in order":         {limit{3, 1000}, [][][]byte{message("b"), message("ab"), message("aa")}, "", "[aa][ab][b]", 0},
		"a prefix":         {limit{3, 1000}, [][][]byte{message("b"), message("ab"), message("aa"), message("")}, "a", "[aa][ab]", 1},
		"too many":         {limit{1, 1000}, [][][]byte{message("a", "1"), message("b", "1"), message("a", "2")}, "", "[a 2]", 1},
		"too large":        {limit{2, 1000}, [][][]byte{message("b", long), message("a", "1")}, "", "[a 1]", 1},
		"grows too large":  {limit{2, 1000}, [][][]byte{message("a", "1"), message("a", long)}, "", "", 1},
		"shrinks, and fit": {limit{2, 1000}, [][][]byte{message("a", long[:700]), message("a", "1"), message("b", long[:600])}, "a", "[a 1]", 0},
	} {
		t.Run(name, func(t *testing.T) {
			v := newValues(c.most)
			for _, m := range c.keep {
				v.keep(m)
				for _, f := range m {
					clear(f) // it is the batch's memory
				}
			}
			got, bytes := "", 0
			for m := range v.under(c.prefix) {
				got += fmt.Sprintf("%s", m)
			}
			for _, m := range v.last {
				bytes += size(m)
			}
			if got != c.want || v.unkept != c.unkept || v.bytes != bytes {
				t.Errorf("%s, %d unkept, %d bytes where there are %d", got, v.unkept, v.bytes, bytes)
			}
		})
	}
}
