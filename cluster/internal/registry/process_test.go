package registry

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/peer"
)

// isMember has the test binary be a member in a process of its own: its name, the endpoint of etcd, and the file in
// which it notes when it held what.
const isMember = "SOCKEYE_TEST_MEMBER"

// process starts a member in a process of its own.
func process(t *testing.T, e *etcdtest.Etcd, name, notes string) *peer.Process {
	t.Helper()
	how := strings.Join([]string{name, e.Endpoints()[0], notes}, " ")
	p := peer.StartEnv(t, []string{isMember + "=" + how}, os.Args[0])
	p.Await("joined")
	return p
}

// beMember does what it is told on stdin, and says what happens on stdout.
func beMember(how string) {
	var name, endpoint, notes string
	fmt.Sscan(how, &name, &endpoint, &notes)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, Logger: zap.NewNop()})
	if err != nil {
		panic(err)
	}
	r, err := Join(context.Background(), Config{Client: client, Cluster: "shop", Member: name, TTL: ttl, Hasty: true})
	if err != nil {
		fmt.Println("failed", err)
		return
	}
	fmt.Println("joined")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var verb, what string
		fmt.Sscan(in.Text(), &verb, &what)
		switch verb {
		case "claim":
			c, err := r.Claim(what, func(s Status) { fmt.Println("status", what, s.Owning, s.Token) })
			if err != nil {
				panic(err)
			}
			go note(c, notes+"."+what)
		case "follow":
			r.Follow(what, func(all []Entry) { fmt.Println("follows", what, addresses(all)) })
		case "advertise":
			r.Advertise(what, Record{Address: "tcp://127.0.0.1:1"})
		case "die": // between two renewals
			for now()+int64(ttl)*2/3-r.lease.deadline.Load() < int64(ttl)/6 {
			}
			fmt.Println("dying", now())
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}
}

// slot is what a process has noted of one ownership: the token, when a call of Holds was over that was the first to
// say yes, and when the last one to say yes began. That it held is certain in between.
type slot struct {
	Token       int64
	First, Last int64
}

var ended atomic.Bool

// note asks Holds all the time and writes down what it says, so that it is in the file even when the
// process is killed at once.
func note(c *Claim, path string) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		panic(err)
	}
	end, _ := f.Seek(0, 2)
	var s slot
	buf := make([]byte, 0, 24)
	for at := end; !ended.Load(); {
		time.Sleep(50 * time.Microsecond) // others want to run
		token := c.Token()
		before := boottime()
		if !c.Holds() || c.Token() != token || token == 0 {
			continue
		}
		after := boottime()
		if token != s.Token {
			at, end = end, end+24
			s = slot{Token: token, First: after}
		}
		s.Last = before
		buf, _ = binary.Append(buf[:0], binary.LittleEndian, s)
		if _, err := f.WriteAt(buf, at); err != nil {
			panic(err)
		}
	}
}

// notes reads what processes have noted.
func notes(t *testing.T, paths ...string) (all []slot) {
	t.Helper()
	for _, path := range paths {
		f, err := os.Open(path)
		if os.IsNotExist(err) {
			continue
		}
		must(t, err)
		for {
			var s slot
			if binary.Read(f, binary.LittleEndian, &s) != nil {
				break
			}
			all = append(all, s)
		}
		f.Close()
	}
	return all
}
