package socket

import (
	"fmt"
	"net"
	"regexp"
	"sort"
	"strings"
	"syscall"

	zmq "github.com/pebbe/zmq4"
)

const (
	// maxInproc is the longest name that zmq_inproc(7) promises.
	maxInproc = 256
	// maxPath is the longest path of a Unix domain socket: 107 bytes on Linux.
	maxPath = len(syscall.RawSockaddrUnix{}.Path) - 1
	// maxNetwork is the longest multicast address that libzmq has room for.
	maxNetwork = 254
)

// transport is what Sockeye knows of one of ZeroMQ's transports.
type transport struct {
	types typeSet     // that work over it
	built func() bool // whether libzmq has it; nil when it always has, or cannot be asked
	check func(address string, bind bool) string
}

var transports = map[string]transport{
	"tcp":    {everyType, nil, checkTCP},
	"ipc":    {zmtpTypes, nil, checkIPC},
	"inproc": {zmtpTypes, nil, checkInproc},
	"pgm":    {multicastTypes, zmq.HasPgm, checkMulticast},
	"epgm":   {multicastTypes, zmq.HasPgm, checkMulticast},
	"norm":   {multicastTypes, zmq.HasNorm, checkNorm},
	"tipc":   {zmtpTypes, zmq.HasTipc, checkTIPC},
	"vmci":   {zmtpTypes, nil, checkVMCI},

	"cluster": {everyType, nil, checkName}, // see Resolver
}

// refusedTransports is why there is none of them.
var refusedTransports = map[string]string{
	"ws":  "WebSocket is a DRAFT of libzmq, of which Sockeye uses stable parts only",
	"wss": "WebSocket is a DRAFT of libzmq, of which Sockeye uses stable parts only",
	"udp": "only for RADIO, DISH and DGRAM, which are DRAFTs of libzmq",
}

// checkEndpoints checks all endpoints of field, which is "Bind" or "Connect".
func checkEndpoints(field string, endpoints []string, bind bool, t zmq.Type) error {
	for i, e := range endpoints {
		if err := checkEndpoint(fmt.Sprintf("%s[%d]", field, i), e, bind, t); err != nil {
			return err
		}
	}
	return nil
}

// checkEndpoint says whether a socket of type t can bind, or connect, to endpoint: nil or a
// *ConfigError about field. It looks nothing up: no name, no interface, no file.
//
// It is stricter than libzmq, which reads a port with atoi and an address when it is too late for
// an answer: 127.0.0.1:99999 binds 34463, and a connect to a name that cannot be one is retried
// in silence for ever.
func checkEndpoint(field, endpoint string, bind bool, t zmq.Type) error {
	if reason := refuseEndpoint(endpoint, bind, t); reason != "" {
		return &ConfigError{Field: field, Value: endpoint, Reason: reason}
	}
	return nil
}

// refuseEndpoint returns why endpoint is wrong, or "".
func refuseEndpoint(endpoint string, bind bool, t zmq.Type) string {
	if strings.IndexByte(endpoint, 0) >= 0 {
		return "has a zero byte, where ZeroMQ stops reading"
	}
	name, address, ok := strings.Cut(endpoint, "://")
	if !ok {
		return "no transport: want something like tcp://127.0.0.1:5555"
	}
	if reason, ok := refusedTransports[name]; ok {
		return reason
	}
	tr, ok := transports[name]
	switch {
	case !ok && transports[strings.ToLower(name)].check != nil:
		return "transports are written in lower case"
	case !ok:
		return "unknown transport; there are " + transportNames()
	case tr.built != nil && !tr.built():
		return "this libzmq was built without " + name
	case !tr.types.has(t):
		return t.String() + " does not work over " + name + ", only " + tr.types.String()
	case address == "":
		return "no address behind " + name + "://"
	case endpoint == zapEndpoint && bind && t != Rep && t != Router:
		return "libzmq would abort the process with the next peer: only Rep and Router can answer ZAP"
	}
	return tr.check(address, bind)
}

func transportNames() string {
	var names []string
	for name := range transports {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

// checkIPC checks the path of a Unix domain socket, zmq_ipc(7).
func checkIPC(path string, bind bool) string {
	switch {
	case path == "*" && bind:
		return ""
	case path == "*":
		return "only a bind can pick a path"
	case path[0] == '*': // libzmq would forget the rest in a bind
		return "only * alone makes ZeroMQ pick a path"
	case path == "@":
		return "no name behind the @ of the abstract namespace"
	case len(path) > maxPath:
		return fmt.Sprintf("path of %d bytes, a Unix domain socket has at most %d", len(path), maxPath)
	case path[0] != '@' && path[len(path)-1] == '/': // fails in a bind, and silently for ever in a connect
		return "names a directory, not a socket"
	}
	return ""
}

// zapEndpoint is where libzmq looks for who answers ZAP, RFC 27. It asserts the type that it finds there
// (session_base.cpp:370, 4.3.4).
const zapEndpoint = "inproc://zeromq.zap.01"

// checkInproc checks a name, zmq_inproc(7). libzmq itself has no limit, later ones may.
func checkInproc(name string, _ bool) string {
	if len(name) > maxInproc {
		return fmt.Sprintf("name of %d bytes, more than %d", len(name), maxInproc)
	}
	return ""
}

// checkMulticast checks interface;group:port of zmq_pgm(7) and NORM as far as libzmq does before
// it hands it over. To bind and to connect mean the same there.
func checkMulticast(address string, _ bool) string {
	i := strings.LastIndexByte(address, ':')
	if i < 0 {
		return "no port: want interface;group:port"
	}
	if i == 0 || i > maxNetwork {
		return fmt.Sprintf("want 1 to %d bytes of interface;group in front of the port", maxNetwork)
	}
	return checkPort(address[i+1:], false)
}

// checkNorm wants the group's address and no name: libzmq takes one that it cannot resolve and aborts the
// process later (session_base.cpp:766).
func checkNorm(address string, bind bool) string {
	if why := checkMulticast(address, bind); why != "" {
		return why
	}
	group := address[:strings.LastIndexByte(address, ':')]
	group = group[strings.LastIndexAny(group, ";,")+1:] // id,interface;group
	if ip := net.ParseIP(strings.Trim(group, "[]")); ip == nil {
		return "want the group's address: names are not looked up"
	}
	return ""
}

var (
	tipcService  = regexp.MustCompile(`^\{[0-9]{1,10}, ?[0-9]{1,10}(, ?[0-9]{1,10})?\}(@[0-9]+\.[0-9]+\.[0-9]+)?$`)
	tipcIdentity = regexp.MustCompile(`^<[0-9]+\.[0-9]+\.[0-9]+:[0-9]+>$`)
	vmciAddress  = regexp.MustCompile(`^(@|\*|-1|[0-9]{1,10}):(\*|-1|[0-9]{1,10})$`)
)

// checkTIPC checks the forms of zmq_tipc(7). libzmq does so too, but with whatever errno was there.
func checkTIPC(address string, bind bool) string {
	switch {
	case tipcService.MatchString(address):
		return ""
	case address == "<*>":
		if !bind {
			return "only a bind can pick an identity"
		}
		return ""
	case tipcIdentity.MatchString(address):
		if bind {
			return "only a connect names an identity"
		}
		return ""
	}
	return "want {type,lower,upper}, {type,instance} or <zone.cluster.node:reference>"
}

// checkVMCI checks the form of zmq_vmci(7).
func checkVMCI(address string, _ bool) string {
	if !vmciAddress.MatchString(address) {
		return "want cid:port"
	}
	return ""
}
