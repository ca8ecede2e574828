package contract

import (
	"bytes"
	"fmt"
	"sync"
)

// corpus is messages that a careless implementation takes apart wrongly: empty frames in front, in
// the middle and at the end, none but empty ones, more frames than fit in one buffer, and sizes on
// either side of what is copied, packed and pooled.
var corpus = sync.OnceValue(func() [][][]byte {
	all := [][][]byte{
		frames("one"),
		frames("two", "frames"),
		frames(""),
		frames("", "empty in front"),
		frames("empty", "", "in the middle"),
		frames("empty at the end", ""),
		frames("", ""),
		frames("", "", "between", "", ""),
		frames("", "", ""),
		{{0xff, 0, 1, 0xfe}, bytes.Repeat([]byte{0}, 64)},
		many(300),
		many(2500),
	}
	for _, size := range []int{32<<10 - 1, 32 << 10, 64<<10 - 1, 64 << 10, 64<<10 + 1, 300 << 10} {
		all = append(all, [][]byte{filled(size)}, [][]byte{{}, filled(size / 2), {}, filled(size - size/2), {}})
	}
	return append(all, frames("the last"))
})

func frames(text ...string) [][]byte {
	f := make([][]byte, len(text))
	for i := range text {
		f[i] = []byte(text[i])
	}
	return f
}

// many is a message of n frames, each of them different, every seventh empty.
func many(n int) [][]byte {
	f := make([][]byte, n)
	for i := range f {
		if i%7 != 3 {
			f[i] = fmt.Appendf(nil, "frame %d of %d", i, n)
		}
	}
	return f
}

// filled is a frame whose bytes say where they are.
func filled(n int) []byte {
	f := make([]byte, n)
	for i := range f {
		f[i] = byte('a' + i%23 + i>>16)
	}
	return f
}

// same reports whether two messages have the same frames. A nil frame is an empty one.
func same(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// brief shows a message in an error.
func brief(f [][]byte) string {
	if len(f) > 6 {
		return fmt.Sprintf("%s and %d more frames", brief(f[:6]), len(f)-6)
	}
	text := make([]string, len(f))
	for i := range f {
		text[i] = fmt.Sprintf("%.40q", f[i])
		if len(f[i]) > 40 {
			text[i] += fmt.Sprintf("…(%d)", len(f[i]))
		}
	}
	return fmt.Sprint(text)
}
