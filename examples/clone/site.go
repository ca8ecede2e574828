package main

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
)

// site is the three endpoints of a server.
type site struct {
	snapshot  string // ROUTER
	publisher string // PUB
	collector string // SUB
}

// tcpSite is the one of RFC 12: a port and the two behind it.
func tcpSite(host string, port int) site {
	at := func(n int) string { return fmt.Sprintf("tcp://%s:%d", host, port+n) }
	return site{at(0), at(1), at(2)}
}

// ipcSite is a site on this machine.
func ipcSite(path string) site {
	return site{"ipc://" + path + ".p0", "ipc://" + path + ".p1", "ipc://" + path + ".p2"}
}

// family spawns a parent with children of these names, and returns when they are spawned.
func family(system *actor.ActorSystem, name string, s actor.SupervisorStrategy, children []child) (*actor.PID, error) {
	up := make(chan error, 1)
	parent, err := system.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); !ok {
			return
		}
		for _, x := range children {
			if _, err := c.SpawnNamed(x.props, x.name); err != nil {
				up <- fmt.Errorf("spawn %s: %w", x.name, err)
				return
			}
		}
		up <- nil
	}, actor.WithSupervisor(s)), name)
	if err != nil {
		return nil, err
	}
	return parent, <-up
}

type child struct {
	name  string
	props *actor.Props
}
