package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

func TestPingpong(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out); err != nil {
		t.Fatal(err)
	}
	const want = `easy pong 0
easy pong 1
easy pong 2
simple pong 0
simple pong 1
simple pong 2
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
	if testing.Verbose() {
		os.Stdout.Write(out.Bytes())
	}
}
