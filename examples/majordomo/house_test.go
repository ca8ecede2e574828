package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/examples/majordomo/broker"
	"github.com/sockeye-mq/sockeye/examples/majordomo/client"
	"github.com/sockeye-mq/sockeye/examples/majordomo/mdp"
	"github.com/sockeye-mq/sockeye/examples/majordomo/worker"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

const (
	wild  = "tcp://127.0.0.1:*"
	beat  = 100 * time.Millisecond
	beats = "100"
)

// house is a system with what of ours a test wants in it.
type house struct {
	*rig.Rig
	t      *testing.T
	broker *actor.PID
	at     string
}

// newHouse has a broker of ours in it unless bind is "".
func newHouse(t *testing.T, bind string, beat time.Duration) *house {
	h := &house{Rig: rig.Start(t, zmqthread.Config{}), t: t}
	if bind != "" {
		h.broker = h.spawn(broker.Props(broker.Config{Thread: h.Thread, Bind: bind, Heartbeat: beat}))
		h.at = h.call(broker.Where{}).(string)
	}
	return h
}

// spawn spawns an actor that is stopped before the sockets are.
func (h *house) spawn(p *actor.Props) *actor.PID {
	pid := h.Root.Spawn(p)
	h.t.Cleanup(func() { h.Stop(pid) })
	return pid
}

func (h *house) call(question any) any {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.Ctx, rig.Patience)
	defer cancel()
	a, err := messages.Call(ctx, h.Root, h.broker, question)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) counts() broker.Counts {
	h.t.Helper()
	return h.call(broker.HowMany{}).(broker.Counts)
}

// tally is what workers of ours have seen.
type tally struct{ got, over, disconnected atomic.Int64 }

// worker starts one of ours that crashes with request number n of those of its tally.
func (h *house) worker(v mdp.Version, service string, beat time.Duration, s *tally, crash int64) {
	plain := &storm{}
	h.spawn(worker.Props(worker.Config{Thread: h.Thread, Broker: h.at, Service: service, Version: v, Heartbeat: beat,
		Failed: func(err error) {
			if s.over.Add(1); errors.Is(err, worker.ErrDisconnected) {
				s.disconnected.Add(1)
			}
		},
		Work: func(body [][]byte, partial func(...[]byte)) [][]byte {
			if s.got.Add(1) == crash {
				panic("on purpose")
			}
			if service == "count" {
				return plain.count(body, partial)
			}
			return body
		}}))
}

func (h *house) python(script string, args ...string) *peer.Process {
	h.t.Helper()
	return peer.Start(h.t, peer.Python(h.t, "zmq"), append([]string{"testdata/" + script}, args...)...)
}

// asker is a client of ours of either version.
func (h *house) asker(v mdp.Version, timeout time.Duration) (ask func(service, text string) error) {
	cfg := client.Config{System: h.System, Thread: h.Thread, Broker: h.at, Timeout: timeout, Retries: 50}
	if v == mdp.V1 {
		c := client.NewCaller(cfg)
		return func(service, text string) error {
			reply, err := c.Call(h.Ctx, service, []byte(text))
			if last := len(reply) - 1; err == nil && (string(reply[0]) != text || service == "count" && string(reply[last]) != "1") {
				err = fmt.Errorf("%s of %q is %q", service, text, reply)
			}
			return err
		}
	}
	s, err := client.NewStreamer(cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(s.Close)
	return func(service, text string) error {
		if service == "count" {
			return counted(h.Ctx, s, text)
		}
		reply, err := s.Call(h.Ctx, service, func(int, [][]byte) {}, []byte(text))
		if err == nil && string(reply[0]) != text {
			err = fmt.Errorf("the echo of %q is %q", text, reply)
		}
		return err
	}
}

// asks asks n times.
func (h *house) asks(ask func(service, text string) error, service string, from, n int) {
	h.t.Helper()
	for i := from; i < from+n; i++ {
		if err := ask(service, fmt.Sprint("request ", i)); err != nil {
			h.t.Error(err)
			return
		}
	}
}

var versions = []mdp.Version{mdp.V1, mdp.V2}

func arg(v mdp.Version) string { return strconv.Itoa(int(v)) }
