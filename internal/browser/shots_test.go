package browser

import (
	"bufio"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update", false, "make the pictures in docs/images anew, of examples/inspect")

// TestShots makes the pictures of the page that the documentation shows.
func TestShots(t *testing.T) {
	if !*update {
		t.Skip("only with -update")
	}
	browser(t)
	bin := filepath.Join(t.TempDir(), "inspect")
	if out, err := exec.Command("go", "build", "-o", bin, "github.com/sockeye-mq/sockeye/examples/inspect").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	demo := exec.Command(bin, "-open=false", "-for", "5m", "-trouble", "1500ms", "-sockets", "1000")
	out, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		demo.Process.Signal(os.Interrupt)
		demo.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url, _, _ := strings.Cut(line, " ")
	if err := os.MkdirAll("../../docs/images", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range []struct {
		name, hash, scheme string
		width, height      int64
		wait               string
	}{
		{"inspect-light.png", "#sort=received&desc=1&id=mill%2Fpress", "light", 1440, 900, has(`.chip[data-state="failed"]:not([hidden])`) + ` && performance.now() > 40000`},
		{"inspect-dark.png", "#view=tree&id=mill%2Ffeeder", "dark", 1440, 900, has(row("tree", "mill/feeder")) + ` && ` + has(`.chip[data-state="failed"]:not([hidden])`) + ` && performance.now() > 30000`},
		{"inspect-phone.png", "#sort=sent&desc=1", "light", 360, 740, has(`.chip[data-state="failed"]:not([hidden])`) + ` && performance.now() > 15000`},
		{"inspect-phone-dark.png", "#id=mill%2Ffeeder", "dark", 360, 740, `document.getElementById("detail").dataset.id && performance.now() > 25000`},
	} {
		t.Run(s.name, func(t *testing.T) {
			l := &lab{t: t, ended: make(chan struct{})}
			l.show(url + s.hash)
			l.size(s.width, s.height)
			l.media("prefers-color-scheme", s.scheme)
			l.until("there is something to see", s.wait)
			ctx, cancel := context.WithTimeout(l.ctx, patience)
			defer cancel()
			png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			if len(png) >= 300_000 {
				t.Errorf("%d bytes", len(png))
			}
			if err := os.WriteFile(filepath.Join("../../docs/images", s.name), png, 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}
