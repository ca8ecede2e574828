package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/cluster/embedded"
)

// config is what the demonstration is told.
type config struct {
	kills, clients int
	leave          bool // instead of being killed
	group          bool // an etcd inside each member
	ttl            time.Duration
	etcd           []string // none: one in this process
	member         func(name string, etcd []string, at embedded.Config) (*exec.Cmd, error)
}

// run has members serve, clients ask, and owners killed.
func run(ctx context.Context, cfg config, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "failover")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	names := []string{"anna", "bert", "cleo"}
	crew := crew{of: map[string]*exec.Cmd{}}
	switch {
	case cfg.group:
		if crew.seats, cfg.etcd, err = seats(dir, names); err != nil {
			return err
		}
	case len(cfg.etcd) == 0:
		server, err := embedded.Start(ctx, embedded.Config{Dir: dir})
		if err != nil {
			return err
		}
		defer server.Close()
		cfg.etcd = server.Endpoints()
	}
	crew.cfg = cfg
	defer func() { err = errors.Join(err, crew.dismiss()) }()
	for _, name := range names {
		if err := crew.hire(name); err != nil {
			return err
		}
	}
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, thread.Shutdown(context.Background())) }()
	cl, err := cluster.Join(system, thread, cluster.Config{Name: "failover", Observer: true, TTL: cfg.ttl,
		Directory: cluster.Etcd(cfg.etcd), Patience: 30 * time.Second})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cl.Leave(context.Background())) }()
	client := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Dealer, Connect: []string{"cluster://orders"}}))
	l := &load{root: system.Root, socket: client, each: 3 * cfg.ttl}
	l.start(ctx, cfg.clients)
	err = crew.die(ctx, l, out)
	l.stop()
	l.all.Wait()
	return errors.Join(err, l.report(out), system.Root.StopFuture(client).Wait())
}

// crew is the members' processes.
type crew struct {
	cfg   config
	of    map[string]*exec.Cmd
	seats map[string]embedded.Config // with Config.group
}

func (c *crew) hire(name string) error {
	cmd, err := c.cfg.member(name, c.cfg.etcd, c.seats[name])
	if err != nil {
		return err
	}
	c.of[name] = cmd
	cmd.Stderr = os.Stderr
	return cmd.Start()
}

// fire kills one, or has it leave, and waits until it is gone.
func (c *crew) fire(name string, leave bool) error {
	cmd := c.of[name]
	if cmd == nil || cmd.Process == nil {
		return fmt.Errorf("there is no %q to kill", name)
	}
	delete(c.of, name)
	if leave {
		return errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
	}
	err := cmd.Process.Kill()
	if e := new(exec.ExitError); !errors.As(cmd.Wait(), &e) || e.Exited() { // of itself
		err = errors.Join(err, fmt.Errorf("%s: %v", name, e))
	}
	return err
}

func (c *crew) dismiss() (err error) {
	for name := range c.of {
		err = errors.Join(err, c.fire(name, false))
	}
	return err
}

// die has one owner after the other killed, and prints how long it took until the next has answered.
func (c *crew) die(ctx context.Context, l *load, out io.Writer) error {
	owner, err := l.after(ctx, 0)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "kill  owner  token  next   token  first reply after  failed meanwhile")
	var all []time.Duration
	for i := range c.cfg.kills {
		select { // some of the clients' requests are on the wire at any moment
		case <-time.After(rand.N(300 * time.Millisecond)):
		case <-ctx.Done():
			return ctx.Err()
		}
		killed, failed := time.Now(), l.failures()
		if err := c.fire(owner.member, c.cfg.leave); err != nil {
			return err
		}
		next, err := l.after(ctx, owner.token)
		if err != nil {
			return err
		}
		took := next.at.Sub(killed)
		all = append(all, took)
		fmt.Fprintf(out, "%4d  %-5s  %5d  %-5s  %5d  %-17v  %d\n", i+1, owner.member, owner.token, next.member, next.token, took.Round(time.Millisecond), l.failures()-failed)
		if err := c.hire(owner.member); err != nil {
			return err
		}
		owner = next
	}
	if slices.Sort(all); len(all) > 0 {
		fmt.Fprintf(out, "with a TTL of %v: p50 %v, most %v\n", c.cfg.ttl, all[len(all)/2].Round(time.Millisecond), all[len(all)-1].Round(time.Millisecond))
	}
	return nil
}

// report prints what the clients have seen. Something that must not be is an error.
func (l *load) report(out io.Writer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(out, "%d requests were answered\n", l.answered)
	for _, what := range slices.Sorted(maps.Keys(l.failed)) {
		fmt.Fprintf(out, "%d failed: %s\n", l.failed[what], what)
	}
	fmt.Fprintf(out, "%d replies were wrong, or of an owner that was none any more\n", len(l.wrong))
	if len(l.wrong) > 0 {
		return fmt.Errorf("%q", l.wrong)
	}
	return nil
}
