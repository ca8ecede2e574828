package socket

import (
	"errors"
	"fmt"
	"strings"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// typeSet is a set of socket types.
type typeSet uint16

func typesOf(types ...zmq.Type) typeSet {
	var s typeSet
	for _, t := range types {
		s |= 1 << t
	}
	return s
}

func (s typeSet) has(t zmq.Type) bool { return t >= 0 && t < 16 && s&(1<<t) != 0 }

func (s typeSet) String() string {
	var names []string
	for t := zmq.Type(0); t < 16; t++ {
		if s.has(t) {
			names = append(names, t.String())
		}
	}
	return strings.Join(names, ", ")
}

// option is what Sockeye knows of one field of Options.
type option struct {
	field string  // of Options
	name  string  // ZMQ_…
	types typeSet // that have it

	isSet  func(*Options) bool
	value  func(*Options) any
	refuse func(*Options) string             // why the value alone is wrong, or ""
	copy   func(to, from *Options)           // the field
	set    func(*zmq.Socket, *Options) error // nil: there is nothing to set

	atOpen string // why a running socket cannot take it, or ""
}

// row makes an option of the field that at points to.
func row[T comparable](field, name string, types typeSet, at func(*Options) *T,
	refuse func(T) string, set func(*zmq.Socket, T) error) option {
	var unset T
	r := option{
		field: field, name: name, types: types,
		isSet:  func(o *Options) bool { return *at(o) != unset },
		value:  func(o *Options) any { return *at(o) },
		refuse: func(o *Options) string { return refuse(*at(o)) },
		copy:   func(to, from *Options) { *at(to) = *at(from) },
	}
	if set != nil {
		r.set = func(s *zmq.Socket, o *Options) error { return set(s, *at(o)) }
	}
	return r
}

func (r option) onlyAtOpen(why string) option {
	r.atOpen = why
	return r
}

// wrong is the error about r's field of o.
func (r option) wrong(o *Options, reason string) error {
	return &ConfigError{Field: "Options." + r.field, Value: r.value(o), Reason: reason}
}

// failed wraps what libzmq, or pebbe for it, answered to setting name.
func failed(name string, err error) error {
	needs := ""
	switch {
	case errors.Is(err, zmq.ErrorNotImplemented405):
		needs = "4.0.5"
	case errors.Is(err, zmq.ErrorNotImplemented41):
		needs = "4.1"
	case errors.Is(err, zmq.ErrorNotImplemented42):
		needs = "4.2"
	default:
		return &zmqthread.OpError{Op: "set " + name, Err: zmqthread.Errno(err)}
	}
	major, minor, patch := zmq.Version()
	return fmt.Errorf("set %s: needs libzmq %s, this is %d.%d.%d: %w", name, needs, major, minor, patch, err)
}

// The setters of pebbe/zmq4 take an int for some booleans, and -1 for some durations.

func setOne(set func(*zmq.Socket, int) error) func(*zmq.Socket, bool) error {
	return func(s *zmq.Socket, _ bool) error { return set(s, 1) }
}

// setOff and setNot are for options that Sockeye switches on and a field of Options off.

func setOff(set func(*zmq.Socket, int) error) func(*zmq.Socket, bool) error {
	return func(s *zmq.Socket, _ bool) error { return set(s, 0) }
}

func setNot(set func(*zmq.Socket, bool) error) func(*zmq.Socket, bool) error {
	return func(s *zmq.Socket, v bool) error { return set(s, !v) }
}

func setSwitch(set func(*zmq.Socket, int) error) func(*zmq.Socket, Switch) error {
	return func(s *zmq.Socket, v Switch) error {
		if v == On {
			return set(s, 1)
		}
		return set(s, 0)
	}
}

func setHWM(set func(*zmq.Socket, int) error) func(*zmq.Socket, int) error {
	return func(s *zmq.Socket, v int) error {
		if v == Unlimited {
			v = 0
		}
		return set(s, v)
	}
}

func setSeconds(set func(*zmq.Socket, int) error) func(*zmq.Socket, time.Duration) error {
	return func(s *zmq.Socket, v time.Duration) error { return set(s, int(v/time.Second)) }
}

// setZero sets 0 for the value none.
func setZero(none time.Duration, set func(*zmq.Socket, time.Duration) error) func(*zmq.Socket, time.Duration) error {
	return func(s *zmq.Socket, v time.Duration) error {
		if v == none {
			v = 0
		}
		return set(s, v)
	}
}

func setReconnect(s *zmq.Socket, v time.Duration) error {
	if v == NoReconnect {
		v = -1
	}
	return s.SetReconnectIvl(v)
}

func setSecret(set func(*zmq.Socket, string) error) func(*zmq.Socket, Secret) error {
	return func(s *zmq.Socket, v Secret) error { return set(s, string(v)) }
}
