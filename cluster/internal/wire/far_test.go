package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	programs "github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// far is a process with a Wire: this test binary.
type far struct {
	*programs.Process
	address string
}

const isFar = "SOCKEYE_TEST_FAR"

// process starts one. Its Wire binds there: "" is any port.
func process(t testing.TB, bind string, beat time.Duration) *far {
	t.Helper()
	def(&bind, "tcp://127.0.0.1:*")
	p := programs.StartEnv(t, []string{isFar + "=" + bind + " " + beat.String()}, os.Args[0])
	return &far{p, p.Await("address ")}
}

func (f *far) pid(id string) *actor.PID { return actor.NewPID(f.address, id) }

// beFar is the other process. It has an echo, a counter, a sink, and hires others.
func beFar(what string) {
	if beside, ok := strings.CutPrefix(what, "beside "); ok {
		beBeside(beside)
		return
	}
	bind, text, _ := strings.Cut(what, " ")
	beat, _ := time.ParseDuration(text)
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}))
	w, err := Start(system, Config{Bind: bind, Heartbeat: beat, Queue: socket.Limit{Messages: 1 << 21, Bytes: 1 << 30}})
	if err == nil {
		err = errors.Join(named(system, "echo", echo), named(system, "counter", counter()), named(system, "hire", func(c actor.Context) {
			if m, ok := c.Message().(*messages.Message); ok {
				hire(c, m.Text())
			}
		}))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("address " + w.Address())
	io.Copy(io.Discard, os.Stdin)
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := w.Shutdown(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func named(system *actor.ActorSystem, name string, f actor.ReceiveFunc) error {
	_, err := system.Root.SpawnNamed(actor.PropsFromFunc(f), name)
	return err
}

// counter counts what it gets, and what of it is not the next. "?" asks for both, "? 1000" for what they are when
// there are so many.
func counter() actor.ReceiveFunc {
	got, wrong, want := 0, 0, 0
	var asker *actor.PID
	return func(c actor.Context) {
		m, ok := c.Message().(*messages.Message)
		if !ok {
			return
		}
		if question, ok := strings.CutPrefix(m.Text(), "?"); ok {
			asker, want = c.Sender(), 0
			fmt.Sscan(question, &want)
		} else {
			n := 0
			fmt.Sscan(m.Text(), &n)
			if n != got {
				wrong++
			}
			got++
		}
		if asker != nil && got >= want {
			c.Send(asker, messages.Text(fmt.Sprint(got, " ", wrong)))
			asker = nil
		}
	}
}

// hire spawns somebody and answers with the id.
func hire(c actor.Context, what string) {
	var f actor.ReceiveFunc
	system := c.ActorSystem()
	switch kind, argument, _ := strings.Cut(what, " "); kind {
	case "echo":
		f = echo
	case "counter":
		f = counter()
	case "mute":
		f = func(actor.Context) {}
	case "flood": // sends numbers to somebody: "flood 1000 address id"
		n, address, id := 0, "", ""
		fmt.Sscan(argument, &n, &address, &id)
		f = func(c actor.Context) {
			if _, ok := c.Message().(*actor.Started); ok {
				for i := range n {
					c.Send(actor.NewPID(address, id), messages.Text(fmt.Sprint(i)))
				}
			}
		}
	case "worker":
		c.Respond(messages.Text(hireWorker(system).Id))
		return
	case "pull", "rep":
		c.Respond(messages.Text(hireSocket(system, kind)))
		return
	}
	c.Respond(messages.Text(system.Root.Spawn(actor.PropsFromFunc(f)).Id))
}

// hireSocket spawns a socket and answers with its id and its endpoint.
func hireSocket(system *actor.ActorSystem, kind string) string {
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err.Error()
	}
	cfg := socket.Config{Type: socket.Push, Bind: []string{"tcp://127.0.0.1:*"}, Outbox: socket.Limit{Messages: 10},
		Options: socket.Options{SendHWM: 1}}
	if kind == "rep" {
		cfg = socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(system.Root.Spawn(actor.PropsFromFunc(echo)))}
	}
	pid := system.Root.Spawn(socket.Props(thread, cfg))
	ctx, cancel := context.WithTimeout(context.Background(), rig.Patience)
	defer cancel()
	at, err := socket.Endpoints(ctx, system.Root, pid)
	if err != nil {
		return err.Error()
	}
	return pid.Id + " " + at[0]
}
