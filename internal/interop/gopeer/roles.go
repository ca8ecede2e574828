package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-zeromq/zmq4"
)

// roles is what a peer can be told to do.
var roles = map[string]func(job){
	"client": client, "server": server, "positional": positional, "source": source, "sink": sink, "duplex": duplex,
	"publisher": publisher, "xpublisher": xpublisher, "subscriber": subscriber, "canceller": canceller, "proxy": proxy,
}

// client sends requests, up to window at once on each socket, and checks the replies. With enveloped
// they travel as [number, hops..., ""] and the body, as from behind ROUTERs, and may be answered in any
// order.
func client(j job) {
	sockets := open(j)
	lanes := len(sockets)
	sent, received := newTally(j.Stream, lanes), newTally(j.Stream, lanes)
	if j.Enveloped {
		received = newTally(j.Stream, 0)
	}
	envelope := func(i int) (frames [][]byte) {
		if j.Enveloped {
			frames = append(frames, fmt.Append(nil, i))
			for _, h := range j.Hops {
				frames = append(frames, []byte(h))
			}
			frames = append(frames, []byte{})
		}
		return frames
	}
	next := make([]int, lanes)
	request := func(k int) {
		if i := next[k]; i < j.Stream.N {
			next[k] += lanes
			sent.add(j.Stream.message(i))
			ask(sockets[k], j.Types[0], slices.Concat(envelope(i), j.Stream.message(i)))
		}
	}
	for k := range sockets {
		next[k] = k
		for range max(j.Window, 1) {
			request(k)
		}
	}
	for replies := receive(sockets); received.count < j.Stream.N; {
		m := <-replies
		start := min(len(envelope(0)), len(m.frames))
		body := m.frames[start:max(start, len(m.frames)-1)]
		if !equal(m.frames, slices.Concat(envelope(j.Stream.index(body)), body, [][]byte{[]byte("re")})) {
			received.fault("no reply to this: " + describe(m.frames))
		}
		received.add(body)
		request(m.from)
	}
	say(event{Sent: sent.total(), Received: received.total()})
}

// ask sends. A REQ refuses until somebody has connected, which nothing tells of.
func ask(s zmq4.Socket, kind string, frames [][]byte) {
	for {
		err := s.Send(zmq4.NewMsgFrom(frames...))
		if err == nil || kind != "REQ" || !strings.Contains(err.Error(), "no connections available") {
			check(err)
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// server answers requests with themselves and "re". A ROUTER answers all that have come at once, with
// reverse the last of them first. With enveloped it takes off what is in front of the body and says of
// what lengths that was. With stale each reply follows one that is too late: the reply to the request
// before.
func server(j job) {
	s := open(j)[0]
	sent, received := newTally(j.Stream, 0), newTally(j.Stream, j.Lanes)
	router := j.Types[0] == "ROUTER"
	var envelopes [][]int
	var stale [][]byte
	var requests <-chan mail // none of a REP, which is read when it has answered
	if router {
		requests = receive([]zmq4.Socket{s})
	}
	for received.count < j.Stream.N {
		var parted [][2][][]byte
		for _, frames := range together(s, requests) {
			at := 0
			if router {
				at = 1
			}
			if j.Enveloped {
				at += 1 + slices.IndexFunc(frames[at:], func(f []byte) bool { return len(f) == 0 })
				envelopes = append(envelopes, lengths(frames[1:at]))
			}
			received.add(frames[at:])
			parted = append(parted, [2][][]byte{frames[:at], frames[at:]})
		}
		if j.Reverse {
			slices.Reverse(parted)
		}
		for _, p := range parted {
			if j.Stale && stale != nil {
				send(s, slices.Concat(stale, [][]byte{[]byte("too late")})...)
			}
			send(s, slices.Concat(p[0], p[1], [][]byte{[]byte("re")})...)
			sent.add(p[1])
			stale = p[0]
		}
	}
	slices.SortFunc(envelopes, slices.Compare[[]int])
	say(event{Sent: sent.total(), Received: received.total(),
		Envelopes: slices.CompactFunc(envelopes, slices.Equal[[]int])})
}

// together takes what has come: at least one message, at most 64, and from a socket that is not read
// beside it exactly one.
func together(s zmq4.Socket, requests <-chan mail) (all [][][]byte) {
	if requests == nil {
		m, err := s.Recv()
		check(err)
		return [][][]byte{m.Frames}
	}
	for all = append(all, (<-requests).frames); len(all) < 64; {
		select {
		case m := <-requests:
			all = append(all, m.frames)
		default:
			return all
		}
	}
	return all
}

func lengths(frames [][]byte) (all []int) {
	for _, f := range frames {
		all = append(all, len(f))
	}
	return all
}

// positional takes the envelope apart by position, as if it could only be [identity, ""].
func positional(j job) {
	s := open(j)[0]
	m, err := s.Recv()
	check(err)
	send(s, slices.Concat([][]byte{m.Frames[0], {}}, m.Frames[2:])...)
	say(event{Envelopes: [][]int{{len(m.Frames[1])}}})
}

// source sends the stream, in shares if there are several sockets.
func source(j job) {
	sockets := open(j)
	sent := newTally(j.Stream, len(sockets))
	for i := range j.Stream.N {
		sent.add(j.Stream.message(i))
		send(sockets[i%len(sockets)], j.Stream.message(i)...)
	}
	say(event{Sent: sent.total()})
}

// sink takes the stream, in whatever shares it comes to the sockets. Each share is in order.
func sink(j job) {
	sockets := open(j)
	received := newTally(j.Stream, 0)
	var shares []*tally
	for range sockets {
		shares = append(shares, newTally(j.Stream, 1))
	}
	for messages := receive(sockets); received.count < j.Stream.N; {
		m := <-messages
		received.add(m.frames)
		if shares[m.from].add(m.frames); shares[m.from].wrong != "" {
			received.fault(shares[m.from].wrong)
		}
	}
	say(event{Received: received.total(), Shares: totals(shares)})
}

func totals(tallies []*tally) (all []*total) {
	for _, t := range tallies {
		all = append(all, t.total())
	}
	return all
}

// duplex sends and receives at the same time.
func duplex(j job) {
	s := open(j)
	back := j.Stream
	back.Name = j.Back
	sent, received := newTally(back, 1), newTally(j.Stream, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range back.N {
			sent.add(back.message(i))
			send(s[0], back.message(i)...)
		}
	}()
	for messages := receive(s); received.count < j.Stream.N; {
		received.add((<-messages).frames)
	}
	<-done
	say(event{Sent: sent.total(), Received: received.total()})
}
