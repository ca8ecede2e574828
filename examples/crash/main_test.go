package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

// What must be in the output, in this order; other lines may come between.
var story = []string{
	`> somebody else has the server's port`,
	`rep +bind tcp://\S+: address already in use`,
	`rep +failed \(transient, native socket kept: false\): bind .* address already in use`,
	`rep +its supervisor: restart`,
	`the port becomes free`,
	`rep +open: \[tcp://`,
	`next reply after`,
	`well again: 0 messages lost`,

	`> the server's actor fails`,
	`rep +failed \(transient, native socket kept: true\): on purpose`,
	`rep +its supervisor: restart`,
	`rep +open again, kept: \[tcp://`,
	`next reply after`,
	`well again: 0 messages lost`,

	`> the client's native socket is lost`,
	`req +failed \(transient, native socket kept: false\): on purpose`,
	`req +its supervisor: restart`,
	`req +open: `,
	`next reply after`,
	`well again: 0 messages lost`,

	`> the sender's native socket is lost`,
	`push +failed \(transient, native socket kept: false\): on purpose`,
	`push +its supervisor: restart`,
	`push +open: `,
	`well again: 0 messages lost`,

	`> the receiver's native socket is lost, full`,
	`pull +failed \(transient, native socket kept: false\): on purpose`,
	`pull +its supervisor: restart`,
	`pull +open: \[tcp://`,
	`well again: [1-9]\d* messages lost`,

	`> the poll actor panics`,
	`next reply after`,
	`well again: [1-9]\d* messages lost`,
	`> the OS thread ends`,
	`next reply after`,
	`well again: [1-9]\d* messages lost`,
	`> the server's answerer dies`,
	`tree +the receiver has died: here is another`,
	`next reply after`,
	`well again: [1-9]\d* messages lost`,

	`restarts +next reply after +lost so far +what happened`,
	`[1-9]\d* +[\d.]+ ms +0 +somebody else has the server's port`,
	`[1-9]\d* +[\d.]+ ms +0 +the server's actor fails`,
	`[1-9]\d* +[\d.]+ ms +0 +the client's native socket is lost`,
	`[1-9]\d* +[\d.]+ ms +0 +the sender's native socket is lost`,
	`[1-9]\d* +[\d.]+ ms +[1-9]\d* +the receiver's native socket is lost, full`,
	`\d+ +[\d.]+ ms +[1-9]\d* +the poll actor panics`,
	`\d+ +[\d.]+ ms +[1-9]\d* +the OS thread ends`,
	`\d+ +[\d.]+ ms +[1-9]\d* +the server's answerer dies`,
}

func TestCrash(t *testing.T) {
	rig.Leaks(t)
	var out bytes.Buffer
	err := run(t.Context(), config{pause: 20 * time.Millisecond, held: 100 * time.Millisecond}, &out)
	if err != nil || testing.Verbose() {
		os.Stdout.Write(out.Bytes())
	}
	if err != nil {
		t.Fatal(err)
	}
	rest := strings.Split(out.String(), "\n")
	for _, want := range story {
		found := regexp.MustCompile(want)
		for !found.MatchString(rest[0]) {
			if rest = rest[1:]; len(rest) == 0 {
				t.Fatalf("no line after the one before that matches %s:\n%s", want, &out)
			}
		}
		rest = rest[1:]
	}
	lost := regexp.MustCompile(` ms +(\d+) `).FindAllStringSubmatch(out.String(), -1)
	for _, row := range lost[5:] {
		if row[1] != lost[4][1] {
			t.Errorf("more were lost after the receiver's native socket was:\n%s", &out)
		}
	}
}

// Interrupted, it stops what it has started.
func TestInterrupted(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, config{held: time.Millisecond}, io.Discard); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
