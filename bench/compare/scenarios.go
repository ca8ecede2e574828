package main

import "fmt"

// What is compared. The first two are what ratios are to.
const (
	tools      = "libzmq" // libzmq's own C tools
	raw        = "pebbe"
	batch      = "sockeye batch"
	single     = "sockeye single"
	coalesced  = "sockeye coalesced"
	ours       = "sockeye" // where there is only one way
	lean       = "sockeye, no monitor"
	channeler  = "channeler"
	pureGo     = "go-zeromq"
	channel    = "go channel"
	tell       = "tell"
	blockingC  = "C blocking"
	locked     = "pebbe, mutex"
	eachPolled = "pebbe, a poll each"
)

// kind is a way to measure.
type kind string

const (
	moving  kind = "moving"  // throughput of one sender and one receiver
	asking  kind = "asking"  // round trips
	idling  kind = "idling"  // many sockets open, one pair talks
	sweep   kind = "sweep"   // many sockets open, all talk
	holding kind = "holding" // threads, and memory of a socket
	pairing kind = "pairing" // memory of a connected pair
	counted kind = "counted" // allocations
	sharing kind = "sharing" // many goroutines send to one socket
)

// metric is one figure of a scenario.
type metric struct {
	name string // "" when it is the only one
	unit string
	more bool // is better
}

var (
	rate  = []metric{{"", "msg/s", true}}
	trips = []metric{{"p50", "µs", false}, {"p99", "µs", false}, {"mean", "µs", false}}
)

// scenario is one thing that all its subjects do.
type scenario struct {
	name, about string
	kind        kind
	transport   string
	size        int
	apart       bool // sender and receiver are two processes
	many        int  // sockets, or goroutines
	metrics     []metric
	a, b        string // subjects that ratios are to
	entries     []entry
}

// entry is a subject and for how many messages, or trips, it is measured: so many that it takes
// between one and two seconds.
type entry struct {
	subject string
	n       int
}

const (
	thousand = 1000
	million  = 1000 * thousand
)

// scenarios are all there are, in the order of the report.
var scenarios = func() (all []*scenario) {
	all = append(all, movingScenarios()...)
	all = append(all, &scenario{
		name: "rtt-64", about: "REQ and REP, 64 B, tcp, two processes: a round trip",
		kind: asking, transport: "tcp", size: 64, apart: true, metrics: trips, a: blockingC, b: raw,
		entries: []entry{{tools, 10 * thousand}, {blockingC, 10 * thousand}, {raw, 10 * thousand}, {ours, 10 * thousand},
			{channeler, 10 * thousand}, {pureGo, 10 * thousand}},
	})
	all = append(all, crowdScenarios()...)
	all = append(all, &scenario{
		name: "allocs-64", about: "64 B, tcp, one process: heap allocations of the whole process for each message",
		kind: counted, transport: "tcp", size: 64, b: raw,
		metrics: []metric{{"all", "allocs/msg", false}, {"without the sender's own", "allocs/msg", false}},
		entries: []entry{{raw, 1 * million}, {batch, 2 * million}, {single, 1 * million}},
	})
	for _, n := range []int{1, 2, 8, 64} {
		all = append(all, &scenario{
			name: fmt.Sprintf("senders-%d", n), about: fmt.Sprintf("64 B, inproc, one process, single sends to one PUSH; goroutines: %d", n),
			kind: sharing, transport: "inproc", size: 64, many: n, metrics: rate, b: locked,
			entries: []entry{{locked, 3 * million}, {ours, 4 * million}},
		})
	}
	return all
}()

func movingScenarios() []*scenario {
	move := func(name, transport string, size int, apart bool, entries ...entry) *scenario {
		about := fmt.Sprintf("PUSH to PULL, %s, %s, ", bytesName(size), transport)
		s := &scenario{name: name, kind: moving, transport: transport, size: size, apart: apart,
			metrics: rate, b: raw, entries: entries}
		if apart {
			s.about = about + "two processes"
		} else {
			s.about = about + "one process"
		}
		if entries[0].subject == tools {
			s.a = tools
		}
		return s
	}
	return []*scenario{
		move("inproc-64", "inproc", 64, false, entry{tools, 8 * million}, entry{raw, 3 * million},
			entry{batch, 7 * million}, entry{channel, 12 * million}, entry{tell, 6 * million}),
		move("inproc-1KiB", "inproc", 1<<10, false, entry{tools, 4 * million}, entry{raw, 3 * million / 2},
			entry{batch, 3 * million}, entry{channel, 3 * million}, entry{tell, 5 * million / 2}),
		move("tcp-64", "tcp", 64, true, entry{tools, 6 * million}, entry{raw, 3 * million},
			entry{batch, 4 * million}, entry{single, 3 * million / 2}, entry{coalesced, 16 * million}),
		move("tcp-1KiB", "tcp", 1<<10, true, entry{tools, 1 * million}, entry{raw, 800 * thousand},
			entry{batch, 1 * million}, entry{single, 700 * thousand}, entry{coalesced, 2 * million}),
		move("ipc-64", "ipc", 64, true, entry{tools, 5 * million}, entry{raw, 2 * million},
			entry{batch, 3 * million}, entry{single, 3 * million / 2}, entry{coalesced, 14 * million}),
		move("tcp-1MiB", "tcp", 1<<20, true, entry{tools, 3 * thousand}, entry{raw, 2 * thousand}, entry{single, 3 * thousand}),
		move("ipc-1MiB", "ipc", 1<<20, true, entry{tools, 3 * thousand}, entry{raw, 2 * thousand}, entry{single, 3 * thousand}),
		move("tcp-64-one-process", "tcp", 64, false, entry{raw, 2 * million}, entry{batch, 3 * million},
			entry{single, 1 * million}, entry{channeler, 150 * thousand}, entry{pureGo, 120 * thousand}, entry{coalesced, 14 * million}),
	}
}

func crowdScenarios() []*scenario {
	one := func(sockets, trips, rawTrips int) *scenario {
		name := "sockets-10"
		if sockets != 10 {
			name = fmt.Sprintf("sockets-%d-one-active", sockets)
		}
		return &scenario{
			name: name,
			about: fmt.Sprintf("%d sockets open; 64 B through one inproc pair: "+
				"p50 of a message that its sender waits for, and what it costs the thread", sockets),
			kind: idling, transport: "inproc", size: 64, many: sockets, b: raw,
			metrics: []metric{{"a message", "µs", false}, {"send-poll-receive", "µs", false}},
			entries: []entry{{raw, rawTrips}, {ours, trips}},
		}
	}
	return []*scenario{
		one(10, 10*thousand, 20*thousand),
		one(5000, 10*thousand, 100),
		{
			name: "sockets-5000-all-active", about: "2,500 inproc pairs, a message of 64 B through each, in turn, again and again: time of one message",
			kind: sweep, transport: "inproc", size: 64, many: 5000, metrics: []metric{{"p50", "µs", false}}, a: eachPolled, b: raw,
			entries: []entry{{eachPolled, 1}, {raw, 300}, {ours, 60}},
		},
		{
			name: "resources-5000", about: "5,000 idle sockets",
			kind: holding, transport: "inproc", many: 5000, b: raw,
			metrics: []metric{{"OS threads", "", false}, {"resident per socket", "B", false}},
			entries: []entry{{raw, 1}, {ours, 1}, {lean, 1}},
		},
		{
			name: "resources-pairs", about: "1,000 PUSH and PULL, connected over tcp, one process",
			kind: pairing, transport: "tcp", size: 64, many: 1000, b: raw,
			metrics: []metric{{"resident per pair", "B", false}},
			entries: []entry{{raw, 1}, {ours, 1}, {lean, 1}},
		},
	}
}

func bytesName(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

func scenarioNamed(name string) (*scenario, error) {
	for _, s := range scenarios {
		if s.name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no scenario %q", name)
}
