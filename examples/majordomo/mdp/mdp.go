// Package mdp encodes and decodes the commands of the Majordomo Protocol, 0.1 (RFC 7) and 0.2 (RFC 18).
//
// Whatever a peer sends, decoding returns a [Command] or a [MalformedError], and neither panics nor reads
// more than there is. A command keeps the frames that it was made of, and does not copy them.
package mdp

// Version is one of the two versions of the protocol, which a broker can serve side by side.
type Version byte

// The versions. In V1 every command begins with an empty frame, as if it came from a REQ, and a request
// has one reply. In V2 it does not, and a request has any number of partial replies before the final one.
const (
	V1 Version = 1 // RFC 7
	V2 Version = 2 // RFC 18
)

// Role is who talks with the broker: the protocol consists of MDP/Client and MDP/Worker.
type Role byte

// The roles.
const (
	Client Role = 'C'
	Worker Role = 'W'
)

// Kind is what a command wants.
type Kind byte

// The kinds of commands. A client sends Request and gets Partial and Final. A worker sends Ready first; it
// gets Request and answers with Partial and Final; Heartbeat and Disconnect go both ways.
const (
	Ready Kind = iota + 1
	Request
	Partial // V2 only
	Final   // REPLY, in V1
	Heartbeat
	Disconnect
)

func (k Kind) String() string {
	if k < Ready || k > Disconnect {
		return "unknown"
	}
	return [...]string{"READY", "REQUEST", "PARTIAL", "FINAL", "HEARTBEAT", "DISCONNECT"}[k-1]
}

// Command is a command of either version, in either direction.
type Command struct {
	Version Version
	Role    Role // whose: of MDP/Client or of MDP/Worker
	Kind    Kind

	// Envelope is what stands in front of the empty frame of a V1 client: nothing, or the number that a
	// REQ puts there (ZMQ_REQ_CORRELATE), which its reply has to carry.
	Envelope [][]byte
	// Service is the name of the service: of Ready, and of everything of MDP/Client. 1 to 255 bytes of
	// printable UTF-8.
	Service string
	// Address is the client, as the broker knows it: of Request, Partial and Final of MDP/Worker. 1 to 255
	// bytes, which is what ZeroMQ has for an identity.
	Address []byte
	// Body is what client and worker have to say to one another: one frame at least, of Request, Partial
	// and Final.
	Body [][]byte
}

// MaxEnvelope is how many frames an Envelope may have: one, and another for a device on the way.
const MaxEnvelope = 2

// codes are what stands for a kind, beginning with 0x01. A V1 client's command has no code.
var codes = map[Role]map[Version][]Kind{
	Client: {V2: {Request, Partial, Final}},
	Worker: {
		V1: {Ready, Request, Final, Heartbeat, Disconnect},
		V2: {Ready, Request, Partial, Final, Heartbeat, Disconnect},
	},
}

// headers are the first frame of a command, but for V1's empty one.
var headers = map[string]struct {
	role    Role
	version Version
}{
	"MDPC01": {Client, V1}, "MDPC02": {Client, V2}, "MDPW01": {Worker, V1}, "MDPW02": {Worker, V2},
}

func header(r Role, v Version) []byte { return []byte{'M', 'D', 'P', byte(r), '0', '0' + byte(v)} }

// talks reports whether a command of this kind has a body.
func (k Kind) talks() bool { return k == Request || k == Partial || k == Final }
