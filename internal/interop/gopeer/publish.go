package main

import (
	"bytes"
	"context"
	"time"

	"github.com/go-zeromq/zmq4"
)

// publisher says "~sync" and "~more" until it is told that its subscribers have heard it.
func publisher(j job) {
	s := open(j)[0]
	for waiting := true; waiting; {
		send(s, []byte("~sync"), []byte(j.Stream.Name))
		send(s, []byte("~more"), []byte(j.Stream.Name))
		select {
		case <-told:
			waiting = false
		case <-time.After(time.Millisecond):
		}
	}
	publish(s, j.Stream)
}

// xpublisher sees its subscriptions. It says each, sends when told, and then says the rest.
func xpublisher(j job) {
	s := open(j)
	ups := receive(s)
	for range j.Ups {
		m := <-ups
		var up []rune // Latin-1
		for _, b := range m.frames[0] {
			up = append(up, rune(b))
		}
		say(event{Up: string(up)})
	}
	<-told
	publish(s[0], j.Stream)
}

func publish(s zmq4.Socket, stream stream) {
	sent := newTally(stream, 1)
	for i := range stream.N {
		sent.add(stream.message(i))
		send(s, stream.message(i)...)
	}
	say(event{Sent: sent.total()})
}

// subscriber takes what each socket's one topic stands for. An XSUB subscribes by message, and talks
// back.
func subscriber(j job) {
	sockets := open(j)
	var tallies []*tally
	missing := 0
	for k, s := range sockets {
		tallies = append(tallies, newTally(j.Stream, 1))
		for i := range j.Stream.N {
			if bytes.HasPrefix(j.Stream.topic(i)[0], []byte(j.Topics[k])) {
				missing++
			}
		}
		if j.Types[0] == "XSUB" {
			send(s, []byte("\x01"+j.Topics[k]))
		} else {
			check(s.SetOption(zmq4.OptionSubscribe, j.Topics[k]))
		}
	}
	for messages := receive(sockets); missing > 0; missing-- {
		m := <-messages
		tallies[m.from].add(m.frames)
	}
	if j.Types[0] == "XSUB" {
		for k, s := range sockets {
			send(s, []byte("thanks for "+j.Topics[k]))
			send(s, []byte("\x00"+j.Topics[k]))
		}
	}
	say(event{Shares: totals(tallies)})
}

// canceller takes two topics, gives up the first when it is told, and then takes what there is of the
// second.
func canceller(j job) {
	s := open(j)[0]
	received := newTally(j.Stream, 1)
	check(s.SetOption(zmq4.OptionSubscribe, j.Topics[0]))
	check(s.SetOption(zmq4.OptionSubscribe, j.Topics[1]))
	<-told
	check(s.SetOption(zmq4.OptionUnsubscribe, j.Topics[0]))
	for i := range j.Stream.N {
		if bytes.HasPrefix(j.Stream.topic(i)[0], []byte(j.Topics[1])) {
			m, err := s.Recv()
			check(err)
			received.add(m.Frames)
		}
	}
	say(event{Received: received.total()})
}

// proxy forwards between two sockets, until the end of stdin.
func proxy(j job) {
	s := open(j)
	check(zmq4.NewProxy(context.Background(), s[0], s[1], nil).Run())
}
