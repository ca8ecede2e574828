package socket

import (
	"fmt"
	"syscall"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// HandshakeError says why a handshake failed. One of its fields says more.
type HandshakeError struct {
	Status   int    // of ZAP: 300 temporary, 400 refused, 500 internal error (RFC 27); 0: not that
	Protocol uint32 // ZMQ_PROTOCOL_ERROR_*, see zmq_socket_monitor(3); 0: not that
	Err      error  // otherwise: why the connection ended
}

func (e *HandshakeError) Error() string {
	switch {
	case e.Status != 0:
		return fmt.Sprintf("ZAP status %d: %s", e.Status, zapStatus[e.Status/100])
	case e.Protocol != 0:
		name := protocolErrors[e.Protocol]
		if name == "" {
			name = "protocol error"
		}
		return fmt.Sprintf("%s (%#x)", name, e.Protocol)
	case e.Err == nil:
		return "the connection ended"
	}
	return "the connection ended: " + e.Err.Error()
}

func (e *HandshakeError) Unwrap() error { return e.Err }

var zapStatus = map[int]string{3: "try again later", 4: "refused", 5: "the authenticator failed"}

// protocolErrors are those of zmq.h: of ZMTP from 0x10000000 on, of ZAP from 0x20000000 on.
var protocolErrors = map[uint32]string{
	0x10000000: "ZMTP: unspecified",
	0x10000001: "ZMTP: unexpected command",
	0x10000002: "ZMTP: invalid sequence",
	0x10000003: "ZMTP: key exchange",
	0x10000011: "ZMTP: malformed command, unspecified",
	0x10000012: "ZMTP: malformed command MESSAGE",
	0x10000013: "ZMTP: malformed command HELLO",
	0x10000014: "ZMTP: malformed command INITIATE",
	0x10000015: "ZMTP: malformed command ERROR",
	0x10000016: "ZMTP: malformed command READY",
	0x10000017: "ZMTP: malformed command WELCOME",
	0x10000018: "ZMTP: invalid metadata",
	0x11000001: "ZMTP: cryptographic: a wrong key",
	0x11000002: "ZMTP: the peer has another security mechanism",
	0x20000000: "ZAP: unspecified",
	0x20000001: "ZAP: malformed reply",
	0x20000002: "ZAP: bad request id",
	0x20000003: "ZAP: bad version",
	0x20000004: "ZAP: invalid status code",
	0x20000005: "ZAP: invalid metadata",
}

// handshakeError decodes the value of an EVENT_HANDSHAKE_FAILED_….
func handshakeError(e zmqthread.Event) *HandshakeError {
	switch e.Event {
	case zmq.EVENT_HANDSHAKE_FAILED_AUTH:
		return &HandshakeError{Status: int(e.Value)}
	case zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
		return &HandshakeError{Protocol: e.Value}
	}
	return &HandshakeError{Err: errnoOf(e)}
}

func errnoOf(e zmqthread.Event) error {
	if e.Value == 0 {
		return nil
	}
	return zmqthread.Errno(syscall.Errno(e.Value))
}
