package conformance

import (
	"fmt"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// Which subscriptions count an application tells libzmq by ZMQ_SUBSCRIBE on the XPUB, which is for whoever the
// message read last came from. Nobody but the thread knows who that is, so there is no such command.
var xpubManual = chapter{"xpub_manual", []scenario{
	{"nothing counts", all, func(s *stage) {
		pub := s.bind(socket.Config{Type: socket.XPub, Options: socket.Options{XPubManual: true}})
		sub := s.connect(pub, socket.Config{Type: socket.XSub})
		sub.send("\x01A")
		pub.expect("\x01A")
		_, err := messages.Call(s.Ctx, s.Root, pub.pid, &messages.Subscribe{Topic: []byte("B")})
		s.failed(err, messages.ErrMalformed)
		pub.send("A")
		pub.send("B")
		sub.send("\x00A")
		pub.expect("\x00A")
		if c := s.Counts(sub.pid); c.Received != 0 {
			s.T.Errorf("received %d messages", c.Received)
		}
	}},
	{"unsubscribed by those who have gone", all, func(s *stage) {
		pub := s.bind(socket.Config{Type: socket.XPub, Options: socket.Options{XPubManual: true}})
		for _, topic := range []string{"A", "B"} {
			sub := s.connect(pub, socket.Config{Type: socket.XSub})
			sub.send("\x01" + topic)
			pub.expect("\x01" + topic)
			s.Stop(sub.pid)
			pub.expect("\x00" + topic)
		}
	}},
	{"a message of the user's", all, func(s *stage) {
		pub := s.bind(socket.Config{Type: socket.XPub})
		sub := s.connect(pub, socket.Config{Type: socket.XSub})
		sub.send("\x02A")
		pub.expect("\x02A")
		sub.send("A", "\x02B", "C")
		pub.expect("A", "\x02B", "C")
		s.failed(sub.refused("A", "\x01B"), messages.ErrMalformed) // of which libzmq would make a subscription
	}},
	{"proxy", network, func(s *stage) {
		xpub, xsub := s.relay(socket.XPub, socket.XSub)
		pub := s.connect(xsub, socket.Config{Type: socket.Pub})
		sub1 := s.connect(xpub, subscriber("1"))
		s.Peers(pub.pid, 1)
		sub2 := s.connect(xpub, subscriber("1", "2"))
		s.until("the second topic has reached the publisher", func() bool {
			pub.send("2")
			select {
			case <-sub2.Mail():
				return true
			default:
				return false
			}
		})
		pub.send("1", "X")
		sub1.expect("1", "X")
		for m := sub2.Message(); m.Text() != "1 X"; m = sub2.Message() {
		}
		// The last to go takes the subscription from the publisher.
		s.Stop(sub1.pid)
		pub.send("1", "Y")
		sub2.expect("1", "Y")
		sub3 := s.connect(xpub, subscriber("3"))
		s.until("the third topic has reached the publisher", func() bool {
			pub.send("3")
			select {
			case <-sub3.Mail():
				return true
			default:
				return false
			}
		})
		s.Stop(sub2.pid)
		n := 0
		s.until("the publisher knows of the third topic only", func() bool {
			n++
			seen := s.Counts(xsub.pid).Received
			pub.send("1", "for nobody")
			pub.send("3", fmt.Sprint(n))
			for sub3.Message().Text() != fmt.Sprint("3 ", n) {
			}
			return s.Counts(xsub.pid).Received == seen+1
		})
	}},
}}
