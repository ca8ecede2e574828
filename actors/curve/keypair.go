package curve

import (
	"bytes"
	"crypto/ecdh"
	"errors"
	"fmt"
	"io"
	"log/slog"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// KeyPair is a long-term pair of CURVE keys. Printed, logged or marshalled it shows its public key only.
type KeyPair struct {
	Public   string            // in Z85 (RFC 32): 40 characters
	Secret   socket.Secret     // in Z85; "" in what LoadPublic returns
	Metadata map[string]string // what else the files say: whose it is, what for. Anybody may read it
}

// New makes a new pair, from the system's random numbers (zmq_curve_keypair(3)). It fails where libzmq
// was built without CURVE.
func New() (KeyPair, error) {
	public, secret, err := zmq.NewCurveKeypair()
	if err != nil {
		return KeyPair{}, fmt.Errorf("new CURVE keys: %w", err)
	}
	return KeyPair{Public: public, Secret: socket.Secret(secret)}, nil
}

// Server returns the options of a server that has this pair. Whom it lets in, the ZAP handler says that
// runs in its ZeroMQ context, by the rules for domain; see package zap. While none runs it lets nobody
// in. Without a domain everybody who knows the server's public key gets in then.
func (k KeyPair) Server(domain string) socket.Options {
	return socket.Options{CurveServer: true, CurveSecretKey: k.Secret, ZAPDomain: domain}
}

// Client returns the options of a client that has this pair. It talks only to the server with this
// public key.
func (k KeyPair) Client(server string) socket.Options {
	return socket.Options{CurvePublicKey: k.Public, CurveSecretKey: k.Secret, CurveServerKey: server}
}

// Check says what is wrong with a pair: a key that is none in Z85, two that do not belong together, or
// metadata that no file can hold. A pair without a secret key is in order.
func (k KeyPair) Check() error {
	if _, err := Decode(k.Public); err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	if err := checkMetadata(k.Metadata); err != nil {
		return err
	}
	if k.Secret == "" {
		return nil
	}
	secret, err := Decode(string(k.Secret))
	if err != nil {
		return fmt.Errorf("secret key: %w", err)
	}
	key, err := ecdh.X25519().NewPrivateKey(secret)
	if err != nil {
		return errors.New("secret key: not one of Curve25519")
	}
	public, _ := Decode(k.Public)
	if !bytes.Equal(key.PublicKey().Bytes(), public) {
		return errors.New("the public key does not belong to the secret key")
	}
	return nil
}

// String is the public key.
func (k KeyPair) String() string { return k.Public }

// GoString is String, in quotes.
func (k KeyPair) GoString() string { return fmt.Sprintf("curve.KeyPair(%q)", k.Public) }

// Format writes String, or GoString, for every verb: with one that fmt does not know it prints fields.
// %p alone it keeps to itself, and that prints what it finds: go vet says so.
func (k KeyPair) Format(f fmt.State, verb rune) {
	text := k.String()
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		text = k.GoString()
	}
	// A fmt.State has nothing to do with an error.
	_, _ = io.WriteString(f, text)
}

// LogValue is String, for log/slog.
func (k KeyPair) LogValue() slog.Value { return slog.StringValue(k.Public) }

// MarshalText is String, for encoding/json and the like. There is no way back: see Save and Load.
func (k KeyPair) MarshalText() ([]byte, error) { return []byte(k.Public), nil }

// MarshalBinary fails: encoding/gob would send the secret key. See Save.
func (k KeyPair) MarshalBinary() ([]byte, error) {
	return nil, errors.New("curve: a key pair is not marshalled; see Save")
}
