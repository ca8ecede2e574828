package main

import (
	"bytes"
	"errors"
	"slices"
	"time"
)

// warmUp is how many round trips are made before those that count.
const warmUp = 1000

// asker is a way to make round trips, one after the other.
type asker interface {
	// serve binds a REP, calls bound, and answers each request with itself for ever. It may return
	// before that.
	serve(at string, bound func(string)) error
	// ask connects a REQ and makes the trips.
	ask(at string, t *journey) error
	close() error
}

var askers = map[string]func() (asker, error){
	blockingC: newBlockingC,
	raw:       newPebbeTrips,
	ours:      newSockeyeTrips,
	channeler: newChannelerTrips,
	pureGo:    newPureTrips,
}

func (j *job) asker() (asker, error) {
	open := askers[j.subject]
	if open == nil {
		return nil, j.unknown()
	}
	return open()
}

// journey is round trips and how long each took.
type journey struct {
	series
	took []time.Duration
}

var errOtherReply = errors.New("the reply is not the request")

// each makes the trips through one function, and checks every reply.
func (t *journey) each(trip func(request []byte) (reply []byte, err error)) error {
	for i := range warmUp + t.count {
		request := t.fresh(i)
		begin := time.Now()
		reply, err := trip(request)
		took := time.Since(begin)
		switch {
		case err != nil:
			return err
		case !bytes.Equal(reply, request):
			return errOtherReply
		case i >= warmUp:
			t.took = append(t.took, took)
		}
	}
	return nil
}

func (t *journey) values() values {
	slices.Sort(t.took)
	var sum time.Duration
	for _, d := range t.took {
		sum += d
	}
	n := len(t.took)
	return values{"p50": µs(t.took[n/2]), "p99": µs(t.took[n*99/100]), "mean": µs(sum) / float64(n)}
}

func µs(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func serve(j *job) error {
	a, err := j.asker()
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		if err := a.serve(j.at, j.bound); err != nil {
			ended <- err
		}
	}()
	select {
	case err := <-ended:
		return err
	case <-j.ended:
		return a.close()
	}
}

func ask(j *job) error {
	a, err := j.asker()
	if err != nil {
		return err
	}
	t := &journey{series: j.series(), took: make([]time.Duration, 0, j.n)}
	if err := a.ask(j.at, t); err != nil {
		return err
	}
	j.report(t.values())
	j.over()
	return a.close()
}
