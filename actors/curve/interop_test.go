package curve_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/curve"
	"github.com/sockeye-mq/sockeye/internal/peer"
)

// fields are the lines that a foreign program prints of a pair.
func fields(k curve.KeyPair, metadata ...string) string {
	return strings.Join(append([]string{k.Public, string(k.Secret)}, metadata...), "\n")
}

// CZMQ's zcert reads our files, and we read its own, metadata too.
func TestCZMQ(t *testing.T) {
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "libczmq", "libzmq").Output()
	if err != nil {
		peer.Missing(t, false, "no libczmq with its headers: make test installs it")
	}
	dir := t.TempDir()
	zcert := filepath.Join(dir, "zcert")
	if out, err := exec.Command("cc", append([]string{"-o", zcert, "testdata/zcert.c"}, strings.Fields(string(flags))...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ours, theirs := filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
	k := pair(t)
	k.Metadata = map[string]string{"name": "Bob's # 1", "email": "bob@example.com", "percent": "100%s", "empty": ""}
	if err := k.Save(ours); err != nil {
		t.Fatal(err)
	}
	// It reads our pair, prints it, and saves it under another name.
	if got, want := run(t, zcert, ours, theirs), fields(k, "Bob's # 1", "bob@example.com", "100%s"); got != want {
		t.Errorf("zcert read %q, not %q", got, want)
	}
	got, err := curve.Load(theirs)
	if err != nil || got.Public != k.Public || got.Secret != k.Secret || got.Metadata["name"] != "Bob's # 1" || got.Metadata["email"] != "bob@example.com" {
		t.Errorf("%v %v %q", err, got, got.Metadata)
	}
	if public, err := curve.LoadPublic(theirs); err != nil || public.Public != k.Public || public.Secret != "" {
		t.Error(public, err)
	}
	// It makes a pair of its own, which the sockets' library takes for one.
	fresh := filepath.Join(dir, "fresh")
	printed := run(t, zcert, "new", fresh)
	if got, err = curve.Load(fresh); err != nil || printed != fields(got, got.Metadata["name"], got.Metadata["email"], got.Metadata["percent"]) {
		t.Errorf("%v %v %q, zcert has %q", err, got, got.Metadata, printed)
	}
}

// run is what a program prints.
func run(t *testing.T, program string, arguments ...string) string {
	t.Helper()
	p := peer.Start(t, program, arguments...)
	var all []string
	for line := range p.Lines() {
		all = append(all, line)
	}
	if err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

// pyzmq reads our files, and we read those of create_certificates, once nobody else may.
func TestPython(t *testing.T) {
	python := peer.Python(t, "zmq", "zmq.auth")
	dir := t.TempDir()
	k := pair(t)
	k.Metadata = map[string]string{"name": "Bob"}
	path := filepath.Join(dir, "ours.key")
	if err := k.Save(path); err != nil {
		t.Fatal(err)
	}
	load := `import sys, zmq.auth
for k in zmq.auth.load_certificate(sys.argv[1]): print((k or b"-").decode())`
	if got := run(t, python, "-c", load, path+"_secret"); got != fields(k) {
		t.Error(got)
	}
	if got := run(t, python, "-c", load, path); got != k.Public+"\n-" {
		t.Error(got)
	}
	create := `import sys, zmq.auth
public, secret = zmq.auth.create_certificates(sys.argv[1], "theirs", {"name": "Alice", "at": "x=y"})
for k in zmq.auth.load_certificate(secret): print(k.decode())`
	printed := run(t, python, "-c", create, dir)
	if err := os.Chmod(filepath.Join(dir, "theirs.key_secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := curve.Load(filepath.Join(dir, "theirs.key"))
	if err != nil || fields(got) != printed || got.Metadata["name"] != "Alice" || got.Metadata["at"] != "x=y" {
		t.Error(got, err, got.Metadata)
	}
}
