package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/sockeye-mq/sockeye/messages"
)

// counts are what wc counts: a line is a newline, a word is what stands between white space.
type counts struct{ files, lines, words, bytes int64 }

func (c *counts) add(other counts) {
	c.files += other.files
	c.lines += other.lines
	c.words += other.words
	c.bytes += other.bytes
}

// space reports whether b is white space in ASCII.
func space(b byte) bool { return b == ' ' || '\t' <= b && b <= '\r' }

// count counts what is in data, of which it sees nothing before and nothing after.
func count(data []byte) counts {
	c := counts{bytes: int64(len(data))}
	before := byte(' ')
	for _, b := range data {
		if b == '\n' {
			c.lines++
		}
		if !space(b) && space(before) {
			c.words++
		}
		before = b
	}
	return c
}

// reply is how a worker sends counts, and parse how the client reads them.
func (c counts) reply() *messages.Message {
	return messages.Text(fmt.Sprint(c.lines, c.words, c.bytes))
}

func parse(reply *messages.Message) (c counts, err error) {
	_, err = fmt.Sscan(reply.Text(), &c.lines, &c.words, &c.bytes)
	return c, err
}

// countInLoop is how one would do it without a pool. What cannot be read was reported before.
func countInLoop(ctx context.Context, files []file) (total counts, err error) {
	for _, f := range files {
		if ctx.Err() != nil {
			return total, context.Cause(ctx)
		}
		c, err := f.count()
		if err == nil {
			c.files = 1
		}
		total.add(c)
	}
	return total, nil
}

func (f file) count() (c counts, err error) {
	in, err := os.Open(f.path)
	if err != nil {
		return c, err
	}
	defer in.Close()
	r := bufio.NewReaderSize(io.LimitReader(in, f.size), 1<<16)
	for word := false; ; c.bytes++ {
		b, err := r.ReadByte()
		if err == io.EOF {
			return c, nil
		} else if err != nil {
			return c, err
		}
		if b == '\n' {
			c.lines++
		}
		if !space(b) && !word {
			c.words++
		}
		word = !space(b)
	}
}
