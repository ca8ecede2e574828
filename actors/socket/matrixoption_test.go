package socket_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// matrixOption is an option of the second table: how a plan gets it, and the types and conditions
// that must be there with it.
type matrixOption struct {
	apply      func(*plan)
	types      []zmq.Type
	conditions []string
}

// allTypes are those that can be opened, PAIR first as in ZeroMQ's numbering.
func allTypes() []zmq.Type { return slices.Clone(opened()) }

var opened = sync.OnceValue(func() (types []zmq.Type) {
	for typ := range zmq.Type(64) {
		if (socket.Config{Type: typ}).Validate() == nil {
			types = append(types, typ)
		}
	}
	return types
})

func senders() []zmq.Type {
	return slices.DeleteFunc(allTypes(), func(t zmq.Type) bool { does, _ := socket.Directions(t); return !does })
}

func receivers() []zmq.Type {
	return slices.DeleteFunc(allTypes(), func(t zmq.Type) bool { _, does := socket.Directions(t); return !does })
}

// thatHave are the types for which an option is not a ConfigError.
func thatHave(apply func(*plan)) []zmq.Type {
	return slices.DeleteFunc(allTypes(), func(t zmq.Type) bool {
		p := plan{typ: t, cfg: socket.Config{Type: t}}
		apply(&p)
		return p.cfg.Validate() != nil
	})
}

var matrixOptions = map[string]matrixOption{
	"Overflow: DropOldest": {func(p *plan) { p.cfg.Overflow = socket.DropOldest }, senders(), []string{"outbox full"}},
	"Overflow: DropNewest": {func(p *plan) { p.cfg.Overflow = socket.DropNewest }, senders(), []string{"outbox full"}},
	"OnDead: HoldBack":     {func(p *plan) { p.cfg.OnDead = socket.HoldBack }, receivers(), []string{"receiver dead"}},
	"OnDead: DropRest":     {func(p *plan) { p.cfg.OnDead = socket.DropRest }, receivers(), []string{"receiver dead"}},
	"RoundRobin":           {func(p *plan) { p.mode = "RoundRobin" }, receivers(), receiving},
	"ByTopic":              {func(p *plan) { p.mode = "ByTopic" }, without(receivers(), socket.Stream), receiving}, // bytes have no topic
	"SkipSlow":             {func(p *plan) { p.skip = true }, receivers(), receiving},
	"Lockstep":             {lockstep, thatHave(lockstep), []string{"wrong turn"}},
	"ReplyTimeout":         {func(p *plan) { p.cfg.ReplyTimeout = 20 * time.Millisecond }, answering(socket.Req), []string{"wrong turn"}},
	"InService":            {func(p *plan) { p.cfg.InService = 1 }, answering(), []string{"wrong turn"}},
	"Connect":              {func(p *plan) { p.connects = true }, without(senders(), answering()...), []string{"no peer yet"}},
	"NoCorrelate":          {noCorrelate, thatHave(noCorrelate), []string{"wrong turn"}},
	"DropUnroutable":       {dropUnroutable, thatHave(dropUnroutable), []string{"peer mute", "one of two mute", "no such peer"}},
	"DropSlow":             {dropSlow, thatHave(dropSlow), []string{"peer mute", "one of two mute"}},
	"MuteTimeout":          {muteTimeout, thatHave(muteTimeout), []string{"peer mute", "one of two mute"}},
	"Conflate":             {conflate, thatHave(conflate), []string{"peer mute", "receiver full"}},
	"Immediate":            {func(p *plan) { p.cfg.Options.Immediate = true }, without(senders(), answering()...), []string{"no peer yet"}},
	"SendHWM: Unlimited":   {func(p *plan) { p.cfg.Options.SendHWM = socket.Unlimited }, senders(), []string{"peer mute"}},
	"RecvHWM: Unlimited":   {func(p *plan) { p.cfg.Options.RecvHWM = socket.Unlimited }, without(receivers(), socket.Stream), []string{"receiver full"}}, // the kernel's buffers are bounded
}

var receiving = []string{"receiver full", "one of two full", "receiver dead"}

func lockstep(p *plan)       { p.cfg.Lockstep = true }
func noCorrelate(p *plan)    { p.cfg.Options.NoCorrelate = true }
func dropUnroutable(p *plan) { p.cfg.Options.DropUnroutable = true }
func muteTimeout(p *plan)    { p.cfg.MuteTimeout = 20 * time.Millisecond }
func dropSlow(p *plan)       { p.cfg.Options.DropSlow = true }

// conflate: over inproc it is the end that connects whose option counts.
// With it there are no high-water marks.
func conflate(p *plan) { p.cfg.Options.Conflate, p.connects, p.wide = true, true, true }

// answering are the types that keep requests in service, and more.
func answering(more ...zmq.Type) []zmq.Type {
	return append([]zmq.Type{socket.Rep, socket.Router, socket.Stream}, more...)
}

func without(types []zmq.Type, these ...zmq.Type) []zmq.Type {
	return slices.DeleteFunc(types, func(t zmq.Type) bool { return slices.Contains(these, t) })
}

// noMatter are the names that need not be in the table, and why.
var noMatter = map[string]string{
	"the matrix itself": "Reject StopSocket To Type Bind Deliver",
	"whose values are in the table, or that hold those that are": "Overflow OnDead Options",
	"how much, not what happens then":                            "Outbox Window Batch InService MaxMessage MaxMsgSize",
	"what is received at all":                                    "Subscribe InvertMatching XPubVerbose XPubVerboser XPubManual XPubWelcome StreamNotify",
	"watching":                                                   "Configure Events FailAfter NoMonitor",
	"a failure of the native socket, see docs/failure.md":        "Retry Retries",
	"how it travels, see docs/coalesce.md":                       "Coalesce",
	"what travels beside it, see docs/traces.md":                 "Trace",
	"whether it may do anything, see TestGate":                   "Gate",
	"who the peers are":                                          "Identity RouterHandover ProbeRouter Resolver",
	"connections and their end":                                  "Linger Affinity Backlog SendBuffer RecvBuffer ConnectTimeout HandshakeInterval ReconnectInterval ReconnectMax HeartbeatInterval HeartbeatTimeout HeartbeatTTL IPv6 TOS TCPKeepalive TCPKeepaliveIdle TCPKeepaliveInterval TCPKeepaliveCount TCPMaxRT SocksProxy MulticastHops MulticastRate MulticastRecovery MulticastMaxTPDU VMCIBufferSize VMCIBufferMinSize VMCIBufferMaxSize VMCIConnectTimeout",
	"security":                                                   "CurveServer CurvePublicKey CurveSecretKey CurveServerKey PlainServer PlainUsername PlainPassword ZAPDomain ZAPOptional GSSAPIServer GSSAPIPrincipal GSSAPIServicePrincipal GSSAPIPlaintext",
}

// unsaid are the options in the source that are neither in the table nor among those that do not
// matter, and those among the latter that do not exist.
func unsaid(t testing.TB, table map[string]bool) (complaints []string) {
	named := map[string]bool{}
	for option := range table {
		for _, name := range strings.FieldsFunc(option, func(r rune) bool { return r == ':' || r == ' ' || r == ',' }) {
			named[name] = true
		}
	}
	for _, names := range noMatter {
		for _, name := range strings.Fields(names) {
			named[name] = true
		}
	}
	names := optionNames(t)
	for _, name := range names {
		if !named[name] {
			complaints = append(complaints, fmt.Sprintf("option %s is not in the table", name))
		}
		delete(named, name)
	}
	delete(named, "Unlimited")
	for name := range named {
		complaints = append(complaints, fmt.Sprintf("there is no option %s", name))
	}
	return complaints
}

// optionNames reads in the source what options there are: the fields of Config and Options, the
// values of Overflow and OnDead, and what makes Receivers.
func optionNames(t testing.TB) (names []string) {
	for _, file := range []string{"config.go", "options.go", "receivers.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if r := d.Type.Results; d.Name.IsExported() && r != nil && len(r.List) == 1 && fmt.Sprint(r.List[0].Type) == "Receivers" {
					names = append(names, d.Name.Name)
				}
			case *ast.GenDecl:
				names = append(names, namesIn(d)...)
			}
		}
	}
	return names
}

func namesIn(d *ast.GenDecl) (names []string) {
	exported := func(ids []*ast.Ident) {
		for _, id := range ids {
			if id.IsExported() {
				names = append(names, id.Name)
			}
		}
	}
	enum := false
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			if spec.Type != nil {
				typ := fmt.Sprint(spec.Type)
				enum = typ == "Overflow" || typ == "OnDead"
			}
			if enum && d.Tok == token.CONST {
				exported(spec.Names)
			}
		case *ast.TypeSpec:
			if s, ok := spec.Type.(*ast.StructType); ok && (spec.Name.Name == "Config" || spec.Name.Name == "Options") {
				for _, field := range s.Fields.List {
					exported(field.Names)
				}
			}
		}
	}
	return names
}
