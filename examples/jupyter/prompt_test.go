package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

// A user who types: cells, an answer, an interrupt, and the end of the input.
func TestPrompt(t *testing.T) {
	cfg := quick(t)
	rig.Leaks(t)
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	out, interrupted := &record{}, make(chan os.Signal, 1)
	in, keyboard := io.Pipe()
	defer keyboard.Close()
	ended := make(chan error, 1)
	go func() { ended <- prompt(ctx, cfg, in, out, interrupted) }()
	says := func(text string) {
		t.Helper()
		until(t, "it says "+text, func() bool { return strings.Contains(out.String(), text) })
	}
	types := func(line string) {
		t.Helper()
		if _, err := fmt.Fprintln(keyboard, line); err != nil {
			t.Fatal(err)
		}
	}
	types("6 * 7")
	says("result     42\n")
	types("print('hello', input('name? '))")
	says("asks       name? \n")
	types("Ada")
	says("stdout     hello Ada\n")
	types("import time; print('asleep', flush=True); time.sleep(1000)")
	says("stdout     asleep\n")
	interrupted <- os.Interrupt
	says("error      KeyboardInterrupt: \n")
	types("1 / 0")
	says("error      ZeroDivisionError: division by zero\n")
	keyboard.Close()
	if err := await(t, "the end", ended, any1); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// An interrupt while nothing runs ends it.
func TestPromptInterrupted(t *testing.T) {
	cfg := quick(t)
	rig.Leaks(t)
	in, keyboard := io.Pipe()
	defer keyboard.Close()
	interrupted := make(chan os.Signal, 1)
	interrupted <- os.Interrupt
	if err := prompt(t.Context(), cfg, in, io.Discard, interrupted); err != nil {
		t.Error(err)
	}
}
