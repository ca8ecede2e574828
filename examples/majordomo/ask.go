package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/sockeye-mq/sockeye/examples/majordomo/client"
)

// echoed asks for its own words.
func echoed(ctx context.Context, c *client.Caller, text string) error {
	reply, err := c.Call(ctx, "echo", []byte(text))
	if err == nil && (len(reply) != 1 || string(reply[0]) != text) {
		err = fmt.Errorf("the echo of %q is %q", text, reply)
	}
	return err
}

// counted has its words counted. It wants every one of them back first, in order: one by one from a worker
// of 0.2, all in the final reply from one of 0.1.
func counted(ctx context.Context, s *client.Streamer, words ...string) error {
	var body, heard [][]byte
	for _, word := range words {
		body = append(body, []byte(word))
	}
	last := 0
	final, err := s.Call(ctx, "count", func(try int, part [][]byte) {
		if try > last {
			heard, last = nil, try
		}
		heard = append(heard, part...)
	}, body...)
	if err != nil {
		return err
	}
	if heard = append(heard, final...); len(final) == len(body)+1 { // nothing before counts: it is of a try that came to nothing
		heard = final
	}
	if want := append(body, fmt.Append(nil, len(body))); !slices.EqualFunc(heard, want, bytes.Equal) {
		return fmt.Errorf("counting %q said %q", words, heard)
	}
	return nil
}
