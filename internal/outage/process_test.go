package outage

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"golang.org/x/sys/unix"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/messages"
)

// asProcess has the test binary be a member or the client: what, its name, its address, etcd's, the TTL.
const asProcess = "SOCKEYE_TEST_OUTAGE"

func TestMain(m *testing.M) {
	how := strings.Split(os.Getenv(asProcess), " ")
	if len(how) != 5 {
		os.Exit(m.Run())
	}
	ttl, _ := time.ParseDuration(how[4])
	cfg := cluster.Config{Name: "outage", Member: how[1], Host: how[2], TTL: ttl, Directory: cluster.Etcd([]string{how[3]}), Patience: 30 * time.Second}
	if err := be(how[0], cfg); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// be is one process, until its standard input ends.
func be(what string, cfg cluster.Config) error {
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	cfg.Observer = what == "client"
	cl, err := cluster.Join(system, thread, cfg)
	if err != nil {
		return err
	}
	if what == "client" {
		go ask(system, thread)
	} else {
		own(system, cl, cfg.Member)
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	return nil
}

// now is the time of the machine, which all processes share and which goes on while one is stopped.
func now() time.Duration {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return time.Duration(t.Nano())
}

// own owns "orders" now and then, and reports when it was allowed to serve, and was asked to, under which token:
// "serve <member> <token> <first> <last>", and then "alive <member> <now>".
func own(system *actor.ActorSystem, cl *cluster.Cluster, name string) {
	var mu sync.Mutex
	var token int64
	var first, last time.Duration
	report := func() {
		if token > 0 && last > 0 {
			fmt.Println("serve", name, token, int64(first), int64(last))
		}
	}
	events := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		mu.Lock()
		defer mu.Unlock()
		switch m := c.Message().(type) {
		case *cluster.Owning:
			token = m.Token // the gate may have been asked already
			fmt.Println("owning", name, token)
		case *cluster.Lost:
			report()
			token, first, last = 0, 0, 0
			fmt.Println("lost", name, m.Token, strings.ReplaceAll(fmt.Sprint(m.Err), " ", "_"))
		}
	}))
	go func() {
		for range time.Tick(500 * time.Millisecond) {
			mu.Lock()
			report()
			fmt.Println("alive", name, int64(now()))
			mu.Unlock()
		}
	}()
	desk := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if request, ok := c.Message().(*messages.Message); ok {
			mu.Lock()
			t := token
			mu.Unlock()
			c.Respond(messages.Text(name, strconv.FormatInt(t, 10), request.Text()))
		}
	}))
	// The gate is asked after the cluster's own has said yes, and may be held up in between: by who reports, or
	// because the process is stopped. So a time counts when the next yes to the same token has come.
	var yes time.Duration
	var under int64
	gate := func() bool {
		mu.Lock()
		defer mu.Unlock()
		if under == token && yes > 0 {
			last = yes
			if first == 0 {
				first = last
			}
		}
		yes, under = now(), token
		return true
	}
	system.Root.Spawn(cl.Own("orders", socket.Config{Type: socket.Router, Bind: []string{"cluster://orders"},
		Deliver: socket.To(desk), Events: events, Gate: gate}))
}

// ask asks without end, four at a time, and reports "reply <member> <token> <asked> <answered>", and
// "failed <why>".
func ask(system *actor.ActorSystem, thread *zmqthread.Thread) {
	client := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Dealer, Connect: []string{"cluster://orders"}}))
	for i := range 4 {
		go func() {
			for k := 0; ; k++ {
				asked := now()
				ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
				reply, err := messages.Ask(ctx, system.Root, client, messages.Text(fmt.Sprint(i, "/", k)))
				cancel()
				if err != nil {
					fmt.Println("failed", strings.ReplaceAll(err.Error(), " ", "_"))
					continue
				}
				fmt.Println("reply", string(reply.Body()[0]), string(reply.Body()[1]), int64(asked), int64(now()))
				time.Sleep(5 * time.Millisecond) // its lines have to be read
			}
		}()
	}
}
