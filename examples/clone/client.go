package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// client has a copy of a subtree, and sets values. It is an actor, with its sockets for siblings: for each
// server a DEALER and an XSUB, and a PUB for all.
type client struct {
	thread  *zmqthread.Thread
	servers []site
	subtree string
	silent  time.Duration // a server that was not heard for so long is dead
	most    limit
	got     func(update) // told of each change that a server publishes, in the actor; may be nil

	replica   *replica
	sets      []*asked // not confirmed, in their order
	from      map[string]int
	ticks     *time.Timer
	ticked    int
	malformed int

	parent, self, pub *actor.PID
	dealers           []*actor.PID
}

// Questions to a client. set is answered with messages.Done when a server has published it, or with an error; get
// with value; look with view.
type (
	set struct {
		key, value string // an empty value deletes the key
		ttl        time.Duration
	}
	get  struct{ key string }
	look struct{}

	value struct {
		text  string
		known bool
	}
	view struct {
		live      bool // the copy follows a server
		values    map[string]string
		server    int // which
		turns     int // how often it has turned to the other
		waiting   int // sets that are not confirmed
		malformed int
	}
)

// Why a client does not set a value.
var (
	ErrOutside     = errors.New("clone: no key of the subtree")
	ErrTooMany     = errors.New("clone: too many values are being set")
	ErrUnconfirmed = errors.New("clone: no server has published it")
)

// asked is a set under way.
type asked struct {
	u     update
	by    *actor.PID
	again time.Time // when it is sent once more
	until time.Time // when it is given up
}

func (k *client) spawn(system *actor.ActorSystem, name string) (err error) {
	pid := func(child string) *actor.PID { return system.NewLocalPID(name + "/" + child) }
	k.self, k.pub, k.from = pid("client"), pid("pub"), map[string]int{}
	k.replica = newReplica(k.subtree, len(k.servers), k.silent, k.most)
	options := socket.Options{ReconnectInterval: 20 * time.Millisecond, ReconnectMax: 200 * time.Millisecond, Immediate: true}
	pub := socket.Config{Type: socket.Pub, Options: options}
	pub.Options.DropSlow = true
	children := []child{{"client", actor.PropsFromProducer(func() actor.Actor { return k })}}
	topics := []string{k.subtree, hugz}
	if k.subtree == "" {
		topics = topics[:1]
	}
	for i, s := range k.servers {
		dealer, sub := fmt.Sprint("dealer", i), fmt.Sprint("sub", i)
		children = append(children,
			child{dealer, socket.Props(k.thread, socket.Config{Type: socket.Dealer, Connect: []string{s.snapshot}, Deliver: socket.To(k.self),
				Options: options, Outbox: socket.Limit{Messages: 1}, Overflow: socket.DropOldest})}, // one request for a snapshot will do
			child{sub, socket.Props(k.thread, socket.Config{Type: socket.XSub, Connect: []string{s.publisher}, Subscribe: topics,
				Deliver: socket.To(k.self), Options: options})})
		k.dealers = append(k.dealers, pid(dealer))
		k.from[pid(dealer).Id], k.from[pid(sub).Id] = i, len(k.servers)+i
		pub.Connect = append(pub.Connect, s.collector)
	}
	children = append(children, child{"pub", socket.Props(k.thread, pub)})
	k.parent, err = family(system, name, &supervision.Backoff{Min: 20 * time.Millisecond, Max: time.Second}, children)
	return err
}

func (k *client) Receive(c actor.Context) {
	now := time.Now()
	switch m := c.Message().(type) {
	case *actor.Started:
		k.replica.begin(now)
		k.ask(c)
		k.tick(c, now)
	case tick:
		k.tick(c, now)
	case *actor.Stopping, *actor.Restarting:
		k.ticks.Stop()
	case *messages.Message:
		k.hear(c, now, m)
	case set:
		k.set(c, now, m)
	case get:
		u, known := k.replica.store.values[m.key]
		c.Respond(value{u.value, known})
	case look:
		c.Respond(k.look())
	}
}

func (k *client) ask(c actor.Context) {
	c.Send(k.dealers[k.replica.at], messages.Text(icanhaz, k.subtree))
}

func (k *client) hear(c actor.Context, now time.Time, m *messages.Message) {
	u, err := decode(m.Frames)
	if err != nil {
		k.malformed++
		return
	}
	switch from := k.from[c.Sender().GetId()]; {
	case from < len(k.servers):
		if k.replica.sync(now, from, u) {
			k.resend(c, now, true) // what the last server may have taken with it
		}
	default:
		if k.replica.published(now, from-len(k.servers), u) && k.got != nil {
			k.got(u)
		}
		k.confirm(c, from-len(k.servers), u)
	}
}

func (k *client) tick(c actor.Context, now time.Time) {
	k.ticked++
	switch r := k.replica; {
	case r.tick(now):
		k.ask(c)
	case !r.live && len(r.fresh.values) == 0 && k.ticked%3 == 0:
		k.ask(c) // it was passive, perhaps, and is not now
	}
	k.resend(c, now, false)
	root, self := c.ActorSystem().Root, c.Self()
	k.ticks = time.AfterFunc(k.silent/10, func() { root.Send(self, tick{}) })
}

func (k *client) look() view {
	v := view{live: k.replica.live, values: map[string]string{}, server: k.replica.at, turns: k.replica.turns, waiting: len(k.sets), malformed: k.malformed}
	for key, u := range maps.All(k.replica.store.values) {
		v.values[key] = u.value
	}
	return v
}

// set sends KVSET to all servers, the passive one too.
func (k *client) set(c actor.Context, now time.Time, m set) {
	switch {
	case !strings.HasPrefix(m.key, k.subtree) || m.key == "" || len(m.key) > maxKey || m.key == hugz || m.key == thanks:
		c.Respond(ErrOutside)
	case len(k.sets) >= 1000:
		c.Respond(ErrTooMany)
	default:
		id := make([]byte, 16)
		rand.Read(id)
		u := update{key: m.key, uuid: string(id), props: withTTL(m.ttl), value: m.value}
		k.sets = append(k.sets, &asked{u: u, by: c.Sender(), again: now.Add(k.silent), until: now.Add(10 * k.silent)})
		c.Send(k.pub, messages.Bytes(u.frames()...))
	}
}
