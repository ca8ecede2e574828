package main

import (
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// atGuide is one of our servers in the place of one of theirs, with their heartbeat, and an echo as theirs.
func atGuide(b *bench, role state) *star {
	b.T.Helper()
	ports := map[state][3]string{primary: {"5001", "5003", "5004"}, backup: {"5002", "5004", "5003"}}[role]
	s := &star{thread: b.Thread, role: role, front: "tcp://127.0.0.1:" + ports[0], here: "tcp://127.0.0.1:" + ports[1],
		there: "tcp://127.0.0.1:" + ports[2], beat: 700 * time.Millisecond, // so that 3 are about their 2 s
		do: func(m *messages.Message) *messages.Message { return messages.Bytes(m.Body()...) }}
	if err := s.spawn(b.System, role.String()); err != nil {
		b.T.Fatal(err)
	}
	b.T.Cleanup(func() { b.Stop(s.parent) })
	return s
}

// Their client and their primary, which is killed and comes back, with our backup.
func TestGuidePrimary(t *testing.T) {
	program := peer.Guide(t)
	b := &bench{Rig: rig.Start(t, zmqthread.Config{})}
	ours := atGuide(b, backup)
	theirs := program.Start("bstarsrv", "-p")
	c := program.Start("bstarcli")
	theirs.Await("I: connected to backup (passive), ready as active")
	b.reach(ours, passive)
	c.Await("I: server replied OK (2)")
	theirs.Kill()
	c.Await("W: no response from server, failing over")
	c.Await("I: server replied OK")
	b.reach(ours, active)
	theirs = program.Start("bstarsrv", "-p")
	theirs.Await("I: connected to backup (active), ready as passive")
	c.Await("I: server replied OK")
	if n := b.counted(ours); n.served < 2 || n.split != 0 || n.malformed != 0 {
		t.Errorf("%+v", n)
	}
}

// Their client and their backup, with our primary, which stops and comes back.
func TestGuideBackup(t *testing.T) {
	program := peer.Guide(t)
	b := &bench{Rig: rig.Start(t, zmqthread.Config{})}
	theirs := program.Start("bstarsrv", "-b")
	ours := atGuide(b, primary)
	c := program.Start("bstarcli")
	theirs.Await("I: connected to primary (active), ready as passive")
	c.Await("I: server replied OK (2)")
	b.Stop(ours.parent)
	theirs.Await("I: failover successful, ready as active")
	c.Await("I: server replied OK")
	ours = atGuide(b, primary)
	b.reach(ours, passive)
	c.Await("I: server replied OK")
	if n := b.counted(ours); n.served != 0 || n.split != 0 || n.malformed != 0 {
		t.Errorf("%+v", n)
	}
}
