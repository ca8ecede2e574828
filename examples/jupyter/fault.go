package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"time"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// fault is what is wrong with a message.
type fault int

const (
	noDelimiter fault = iota
	tooShort
	tooLarge
	badSignature
	noDict
	badHeader
	badContent
)

var faultNames = [...]string{"no delimiter", "too short", "too large", "wrong signature", "not a dict", "bad header", "bad content"}

func (f fault) String() string { return faultNames[f] }

// wireError is a message that is no message of the protocol, or not one of our kernel's.
type wireError struct {
	fault  fault
	detail string
}

func (e *wireError) Error() string {
	return strings.TrimSuffix(e.fault.String()+": "+e.detail, ": ")
}

// startError is a kernel that did not come up.
type startError struct {
	err   error
	words string // its last
}

func (e *startError) Error() string { return "start the kernel: " + e.err.Error() + last(e.words) }
func (e *startError) Unwrap() error { return e.err }

// Class implements zmqthread.Classed: what is not there will not be there the next time.
func (e *startError) Class() zmqthread.Class {
	if errors.Is(e.err, exec.ErrNotFound) || errors.Is(e.err, fs.ErrNotExist) || errors.Is(e.err, fs.ErrPermission) {
		return zmqthread.Wrong
	}
	return zmqthread.Transient
}

// diedError is a kernel whose process has ended.
type diedError struct {
	pid   int
	how   string // "signal: killed", "exit status 1"
	words string // its last
}

func (e *diedError) Error() string {
	return fmt.Sprintf("the kernel, process %d, has ended: %s%s", e.pid, e.how, last(e.words))
}

func last(words string) string {
	if words == "" {
		return ""
	}
	return fmt.Sprintf(" (it said %q)", words)
}

// silentError is a kernel that does not answer its heartbeat.
type silentError struct {
	beats  int
	within time.Duration
}

func (e *silentError) Error() string {
	return fmt.Sprintf("the kernel has answered none of %d heartbeats within %v each", e.beats, e.within)
}

// lostError is what a cell gets that was running when its kernel was lost. What it has done is not
// known; the next cell runs in a new kernel, which has none of the variables.
type lostError struct {
	life int // which of the kernels
	err  error
}

func (e *lostError) Error() string {
	return fmt.Sprintf("the cell is lost with kernel %d: %v", e.life, e.err)
}
func (e *lostError) Unwrap() error { return e.err }

// goneError is what every cell gets when the supervisor has given up, or the kernel was shut down.
type goneError struct{ err error }

func (e *goneError) Error() string {
	if e.err == nil {
		return "there is no kernel any more"
	}
	return fmt.Sprintf("there is no kernel any more: %v", e.err)
}
func (e *goneError) Unwrap() error { return e.err }

// cellError is an exception that a cell has raised.
type cellError struct {
	name, value string
	traceback   []string
}

func (e *cellError) Error() string { return e.name + ": " + e.value }

var (
	errFull     = errors.New("too many cells wait already")
	errIdle     = errors.New("no cell is running")
	errAborted  = errors.New("the kernel has refused the cell: aborted")
	errShutDown = errors.New("the kernel was shut down")
	errBroken   = errors.New("a part of the kernel's client has failed")
	errNoReply  = errors.New("the cell has ended, but there was no reply to it")
)
