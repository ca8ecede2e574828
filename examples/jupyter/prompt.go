package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
)

// prompt reads lines and executes them, until the input ends or an interrupt comes while nothing runs. A
// question of a cell gets the next line.
func prompt(ctx context.Context, cfg config, in io.Reader, out io.Writer, interrupted <-chan os.Signal) (err error) {
	asked := make(chan *Question, 1)
	d, err := open(cfg, &teller{out: out, asked: asked})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case code, more := <-lines:
			if !more {
				return nil
			}
			if err := d.attend(ctx, code, lines, asked, interrupted); err != nil {
				return err
			}
		case <-interrupted:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// attend runs a cell and looks after it until it has ended. That a cell is lost is no reason to end.
func (d *desk) attend(ctx context.Context, code string, lines <-chan string, asked <-chan *Question, interrupted <-chan os.Signal) error {
	ended := make(chan error, 1)
	go func() {
		_, err := d.execute(ctx, code, Limit{})
		ended <- err
	}()
	var answers <-chan string // nil: nothing is asked
	var open *Question
	for len(asked) > 0 { // by a cell that has ended since
		<-asked
	}
	for {
		select {
		case open = <-asked:
			answers = lines
		case text, more := <-answers:
			d.system.Root.Send(open.From, &Answer{To: open, Text: text, EOF: !more})
			answers = nil
		case <-interrupted:
			if err := d.interrupt(ctx); err != nil {
				d.say("prompt", err.Error())
			}
		case err := <-ended:
			var lost *lostError
			if errors.As(err, &lost) || err == nil {
				return nil
			}
			return err
		}
	}
}
