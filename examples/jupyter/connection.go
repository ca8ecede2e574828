package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// The channels of a kernel, in the order of their numbers in the connection file.
const (
	shell = iota
	iopub
	stdin
	control
	heartbeat
	channels
)

var channelNames = [channels]string{"shell", "iopub", "stdin", "control", "heartbeat"}

// connection is where a kernel and its client meet: a folder of their own, which only this user may
// enter, with the connection file and five Unix domain sockets.
//
// Why "ipc" and not "tcp": a tcp port must be in the file before the kernel binds it, and may be taken
// by somebody else in between; ipykernel can choose ports itself, but writes the file in place, without
// a moment at which it is known to be whole. A name in a folder that nobody else enters is free.
type connection struct {
	dir  string
	file string
	key  key
}

// maxPath is what the path of a Unix domain socket may have, less its final zero.
const maxPath = 107

// connect makes the folder and the file in it.
func connect() (conn *connection, err error) {
	dir, err := os.MkdirTemp("", "jupyter") // 0700
	if err != nil {
		return nil, fmt.Errorf("make a folder for the kernel: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	random := make([]byte, 32)
	rand.Read(random)
	conn = &connection{dir: dir, file: filepath.Join(dir, "connection.json"), key: hex.AppendEncode(nil, random)}
	if n := len(conn.path(heartbeat)); n > maxPath {
		return nil, fmt.Errorf("%s: %d bytes are too many for a Unix domain socket: set TMPDIR", conn.path(heartbeat), n)
	}
	return conn, conn.write()
}

func (c *connection) write() error {
	content, err := json.Marshal(map[string]any{
		"transport": "ipc", "ip": filepath.Join(c.dir, "k"),
		"shell_port": shell + 1, "iopub_port": iopub + 1, "stdin_port": stdin + 1,
		"control_port": control + 1, "hb_port": heartbeat + 1,
		"key": string(c.key), "signature_scheme": "hmac-sha256",
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", c.file, err)
	}
	f, err := os.OpenFile(c.file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the connection file: %w", err)
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// path is where the kernel binds a channel: for ipc it appends a hyphen and the "port" to the "ip".
func (c *connection) path(channel int) string {
	return fmt.Sprintf("%s-%d", filepath.Join(c.dir, "k"), channel+1)
}

func (c *connection) endpoint(channel int) string { return "ipc://" + c.path(channel) }
