// Gopeer is a ZeroMQ peer on go-zeromq/zmq4, which is ZMTP in Go without libzmq. It shares nothing
// with Sockeye but the wire; the tests of internal/interop build and start it. It is a module of its
// own, so that its dependencies are nobody else's.
//
// Its argument is the job as JSON. It prints one JSON object a line: {"at": [...]} when its sockets are
// open, {"sent": ..., "received": ...} when it is done. Then it waits for the end of stdin, so that no
// connection ends before the other side says so. What go-zeromq has no words for it answers with
// {"unsupported": why}. "version" instead of a job makes it say what it is made of.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// A job is what to do, and what that wants to know.
type job struct {
	Role       string         `json:"role"`
	Types      []string       `json:"types"`
	Options    map[string]int `json:"options"`
	Identities []string       `json:"identities"` // one for each socket, in Latin-1
	Security   *security      `json:"security"`
	Bind       []string       `json:"bind"`    // a socket for each; or
	Connect    []string       `json:"connect"` // a socket for each
	Stream     stream         `json:"stream"`

	Enveloped bool     `json:"enveloped"` // client, server
	Window    int      `json:"window"`    // client
	Hops      []string `json:"hops"`      // client
	Lanes     int      `json:"lanes"`     // server
	Reverse   bool     `json:"reverse"`   // server
	Stale     bool     `json:"stale"`     // server
	Back      string   `json:"back"`      // duplex
	Ups       int      `json:"ups"`       // xpublisher
	Topics    []string `json:"topics"`    // subscriber
}

// security is one side of a security mechanism.
type security struct {
	Mechanism string `json:"mechanism"`
	Server    bool   `json:"server"`
	Username  string `json:"username"`
	Password  string `json:"password"`
}

// An event is a line for the test.
type event struct {
	At          []string `json:"at,omitempty"`
	Up          string   `json:"up,omitempty"`
	Sent        *total   `json:"sent,omitempty"`
	Received    *total   `json:"received,omitempty"`
	Shares      []*total `json:"shares,omitempty"`
	Envelopes   [][]int  `json:"envelopes,omitempty"`
	Unsupported string   `json:"unsupported,omitempty"`
}

// told is closed at the first line of stdin.
var told = make(chan struct{})

func main() {
	if os.Args[1] == "version" {
		fmt.Println(version())
		return
	}
	time.AfterFunc(time.Minute, func() { panic("nothing here lives longer, whatever happens to the test") })
	go listen()
	var j job
	check(json.Unmarshal([]byte(os.Args[1]), &j))
	role, ok := roles[j.Role]
	if !ok {
		unsupported("no role %q", j.Role)
	}
	role(j)
	select {} // until the end of stdin
}

func listen() {
	lines := bufio.NewScanner(os.Stdin)
	if lines.Scan() {
		close(told)
	}
	for lines.Scan() {
	}
	os.Exit(0) // whatever it waits for
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == "github.com/go-zeromq/zmq4" {
			return "go-zeromq/zmq4 " + m.Version + ", " + runtime.Version()
		}
	}
	return "go-zeromq/zmq4 of an unknown version"
}

func say(e event) {
	line, err := json.Marshal(e)
	check(err)
	os.Stdout.Write(append(line, '\n'))
}

// unsupported says why there is nothing to test, and ends the process.
func unsupported(format string, args ...any) {
	say(event{Unsupported: fmt.Sprintf(format, args...)})
	select {}
}

// check ends the process with err.
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
