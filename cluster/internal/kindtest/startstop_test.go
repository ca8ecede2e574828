package kindtest

import (
	"strings"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

// Whatever a provider does, the start ends, and so does the process after it.
func TestStartMember(t *testing.T) {
	for how, want := range map[string]string{
		"hangs":  "start member: context deadline exceeded",
		"fails":  "start member: as it must be",
		"panics": "start member: panic: at the disco",
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			p := launch(t, "tcp://127.0.0.1:1")
			began := time.Now()
			if got := p.do("start", how, 300); got != "error: "+want {
				t.Errorf("%q", got)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			if how == "hangs" {
				if n := p.do("shuts"); n != "0" {
					t.Errorf("shut down %s times while it hangs", n)
				}
				p.do("release")
				rig.Until(t, "the provider that is back is shut down", func() bool { return p.do("shuts") == "1" })
			}
			if got := p.do("shutdown 1000"); got != "ok" {
				t.Error(got)
			}
		})
	}
}

// A member, a client, and one that never started can be shut down, and again; a provider that hangs does not keep it
// longer than ctx.
func TestShutdown(t *testing.T) {
	for how, want := range map[string]string{"start well 5000": "ok", "client": "ok", "": "ok",
		"start stays 5000": "error: shut down: provider: context deadline exceeded"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			p := launch(t, "tcp://127.0.0.1:1")
			if how != "" {
				if got := p.do(how); strings.HasPrefix(got, "error") {
					t.Fatal(got)
				}
			}
			began := time.Now()
			if got := p.do("shutdown 1500"); got != want {
				t.Errorf("%q", got)
			}
			if took := time.Since(began); took > 6*time.Second {
				t.Errorf("it took %v", took)
			}
			if got := p.do("shutdown 2000"); got != "ok" {
				t.Errorf("again: %q", got)
			}
		})
	}
}
