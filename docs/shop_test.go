package docs

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The README's two actors in two processes talk to each other.
func TestShop(t *testing.T) {
	dir := t.TempDir()
	shop, at := filepath.Join(dir, "shop"), "ipc://"+filepath.Join(dir, "desk")
	build := []string{"build", "-o", shop}
	if underRace {
		build = append(build, "-race") // so that go test has built what it imports already
	}
	if out, err := exec.Command("go", append(build, "./blocks/shop")...).CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	var words bytes.Buffer
	desk := exec.Command(shop, "desk", at)
	desk.Stderr = &words
	if err := desk.Start(); err != nil {
		t.Fatal(err)
	}
	told, err := exec.CommandContext(t.Context(), shop, "customer", at).Output()
	if want := "order 1: two salmon\norder 2: a trout\norder 3: chips\n"; err != nil || string(told) != want {
		t.Errorf("%v: the customer was told %q", err, told)
	}
	if err := desk.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if err := desk.Wait(); err != nil {
		t.Errorf("the desk: %v\n%s", err, &words)
	}
}
