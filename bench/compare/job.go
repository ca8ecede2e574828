package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// job is what one process is asked to do. The process that compares starts itself once for each, so
// that no measurement finds what another has left.
type job struct {
	*scenario
	subject, role, at string
	n                 int
	out               *json.Encoder
	profile           *profile
	ended             chan bool // closed when stdin has ended: the driver has seen enough, or is gone
}

// line is what a job writes to its stdout.
type line struct {
	At     string `json:"at,omitempty"`     // where it is bound
	Values values `json:"values,omitempty"` // what it has measured
}

// values are the figures of one measurement, by the name of their metric.
type values map[string]float64

// Roles.
const (
	alone    = "alone"   // the whole measurement in one process
	receiver = "receive" // binds, and measures throughput
	sender   = "send"
	server   = "serve" // binds, and answers until its stdin ends
	client   = "ask"   // measures round trips
)

// do are the jobs, by kind and role.
var do = map[kind]map[string]func(*job) error{
	moving:  {alone: moveAlone, receiver: moveReceive, sender: moveSend},
	asking:  {server: serve, client: ask},
	idling:  {alone: idle},
	sweep:   {alone: sweepAll},
	holding: {alone: hold},
	pairing: {alone: holdPairs},
	counted: {alone: countAllocs},
	sharing: {alone: share},
}

func (j *job) run(scenario, profiles string) (err error) {
	if j.scenario, err = scenarioNamed(scenario); err != nil {
		return err
	}
	f := do[j.kind][j.role]
	if f == nil {
		return fmt.Errorf("%s has no role %q", scenario, j.role)
	}
	if j.profile, err = startProfile(profiles, scenario, j); err != nil {
		return err
	}
	j.out, j.ended = json.NewEncoder(os.Stdout), make(chan bool)
	result := make(chan error, 1)
	go func() { result <- f(j) }()
	go func() {
		io.Copy(io.Discard, os.Stdin)
		close(j.ended)
	}()
	select {
	case err = <-result:
		return err
	case <-j.ended:
	}
	select {
	case err = <-result:
		return err
	case <-time.After(patience): // a driver that is gone gives no more time
		return errors.New("not over in time")
	}
}

func (j *job) series() series { return series{pattern: newPattern(j.size), count: uint64(j.n)} }

// bound says where it is bound.
func (j *job) bound(at string) { j.out.Encode(line{At: at}) }

func (j *job) report(v values) error {
	return errors.Join(j.profile.end(), j.out.Encode(line{Values: v}))
}

// over waits until the other side is done, too.
func (j *job) over() {
	<-j.ended
	j.profile.end()
}

// unknown is the error for a subject that does not do this.
func (j *job) unknown() error { return fmt.Errorf("%s does not do %s", j.subject, j.name) }
