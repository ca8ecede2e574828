package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// The wire format of Jupyter's messaging protocol 5, https://jupyter-client.readthedocs.io, "Messaging
// in Jupyter", "The Wire Protocol":
//
//	identities…  <IDS|MSG>  signature  header  parent header  metadata  content  buffers…
//
// The signature is the HMAC-SHA256 of the four dicts, in hexadecimal. Identities are a ROUTER's, or on
// iopub the topic; they and the buffers are not signed.
const delimiter = "<IDS|MSG>"

// What is beyond these is refused.
const (
	maxIdentities = 16
	maxBuffers    = 64
	maxDict       = 8 << 20 // bytes, each
	maxName       = 256     // bytes of a message's id, type and session
)

// header is what tells messages apart. As the parent of a message that has none it is zero.
type header struct {
	ID       string `json:"msg_id"`
	Type     string `json:"msg_type"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"`
	Version  string `json:"version"`
}

// message is one of the protocol's.
type message struct {
	Identities [][]byte
	Header     header
	Parent     header
	Metadata   json.RawMessage // a dict
	Content    json.RawMessage // a dict; see contentOf
	Buffers    [][]byte
}

// key signs. It is never empty: a message without a signature is not accepted.
type key []byte

func (k key) sign(dicts [][]byte) []byte {
	mac := hmac.New(sha256.New, k)
	for _, d := range dicts {
		mac.Write(d)
	}
	return hex.AppendEncode(nil, mac.Sum(nil))
}

// decode reads a message that came from anywhere. It is total: whatever the frames are, there is a
// message or a *wireError. Nothing is parsed before its signature is verified.
func decode(k key, frames [][]byte) (*message, error) {
	at := -1
	for i := 0; i < len(frames) && i <= maxIdentities && at < 0; i++ {
		if string(frames[i]) == delimiter {
			at = i
		}
	}
	if at < 0 {
		return nil, &wireError{noDelimiter, fmt.Sprintf("%d frames", len(frames))}
	}
	rest := frames[at+1:]
	switch {
	case len(rest) < 5:
		return nil, &wireError{tooShort, fmt.Sprintf("%d of 5 frames behind the delimiter", len(rest))}
	case len(rest) > 5+maxBuffers:
		return nil, &wireError{tooLarge, fmt.Sprintf("%d buffers", len(rest)-5)}
	}
	dicts := rest[1:5]
	for i, d := range dicts {
		if len(d) > maxDict {
			return nil, &wireError{tooLarge, fmt.Sprintf("%s of %d bytes", dictNames[i], len(d))}
		}
	}
	if !hmac.Equal(rest[0], k.sign(dicts)) {
		return nil, &wireError{badSignature, ""}
	}
	m := &message{Identities: frames[:at], Metadata: dicts[2], Content: dicts[3], Buffers: rest[5:]}
	for i, d := range dicts {
		if !isDict(d) {
			return nil, &wireError{noDict, dictNames[i]}
		}
	}
	if err := m.Header.parse(dicts[0], true); err != nil {
		return nil, err
	}
	if err := m.Parent.parse(dicts[1], false); err != nil {
		return nil, err
	}
	return m, nil
}

var dictNames = [4]string{"header", "parent header", "metadata", "content"}

func isDict(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && b[0] == '{' && utf8.Valid(b) && json.Valid(b)
}

// parse fills h. Only a parent may be empty. The error is a *wireError.
func (h *header) parse(b []byte, required bool) error {
	if err := json.Unmarshal(b, h); err != nil {
		return &wireError{badHeader, err.Error()}
	}
	for _, name := range []string{h.ID, h.Type, h.Session} {
		if len(name) > maxName {
			return &wireError{badHeader, fmt.Sprintf("a name of %d bytes", len(name))}
		}
	}
	if required && (h.ID == "" || h.Type == "") {
		return &wireError{badHeader, "without msg_id or msg_type"}
	}
	return nil
}

// encode writes a message: signed, and behind the delimiter. Its dicts must be ones.
func encode(k key, m *message) ([][]byte, error) {
	head, err := json.Marshal(m.Header)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", m.Header.Type, err)
	}
	parent := []byte("{}")
	if m.Parent != (header{}) {
		if parent, err = json.Marshal(m.Parent); err != nil {
			return nil, fmt.Errorf("encode %s: %w", m.Header.Type, err)
		}
	}
	dicts := [][]byte{head, parent, m.Metadata, m.Content}
	for i, d := range dicts {
		if len(d) == 0 {
			dicts[i] = []byte("{}")
		}
	}
	frames := append([][]byte(nil), m.Identities...)
	frames = append(frames, []byte(delimiter), k.sign(dicts))
	return append(append(frames, dicts...), m.Buffers...), nil
}
