package curve_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/curve"
)

var nasty = map[string]string{
	"name": "Bob", "empty": "", "blank": "  x  ", "hash": "a # b", "double": `say "hi"`, "single": "it's", "percent": "100%s %n",
	"equals": "a = b", "utf-8": "Grüße", "both": `it's "it"`, "$-_@.&+/": "odd name", "curve": "public-key", "tab": "a\tb",
}

func TestSaveAndLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "alice")
	k := pair(t)
	k.Metadata = nasty
	old := syscall.Umask(0) // modes do not depend on it
	err := k.Save(path)
	syscall.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{path: 0o644, path + "_secret": 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode() != mode {
			t.Error(info, err)
		}
	}
	for _, name := range []string{path, path + "_secret"} {
		got, err := curve.Load(name)
		if err != nil || got.Public != k.Public || got.Secret != k.Secret || !maps.Equal(got.Metadata, nasty) {
			t.Errorf("%v %v %q", err, got, got.Metadata)
		}
	}
	public, err := curve.LoadPublic(path)
	if err != nil || public.Public != k.Public || public.Secret != "" || !maps.Equal(public.Metadata, nasty) {
		t.Error(err, public)
	}
	if text, _ := os.ReadFile(path); strings.Contains(string(text), string(k.Secret)) {
		t.Error("the secret key is in the public file")
	}
	if public, err = curve.LoadPublic(path + "_secret"); err != nil || public.Secret != "" {
		t.Error(err, public)
	}
	os.Remove(path + "_secret")
	if got, err := curve.Load(path); err != nil || got.Secret != "" || got.Public != k.Public {
		t.Error(got, err)
	}
	only(t, dir, "alice")
}

// only checks what is in a directory: no temporary file is left.
func only(t *testing.T, dir string, want ...string) {
	t.Helper()
	var got []string
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
		t.Error(got, err)
	}
}

// No key is ever overwritten, neither half of a pair.
func TestSaveDoesNotOverwrite(t *testing.T) {
	k := pair(t)
	for _, there := range []string{"alice", "alice_secret"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, there), []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := k.Save(filepath.Join(dir, "alice")); !errors.Is(err, fs.ErrExist) {
			t.Error(err)
		}
		if there == "alice" {
			if err := k.SavePublic(filepath.Join(dir, "alice")); !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
		}
		if text, err := os.ReadFile(filepath.Join(dir, there)); string(text) != "precious" {
			t.Error(string(text), err)
		}
		only(t, dir, there)
	}
	dir := t.TempDir()
	if err := os.Symlink("elsewhere", filepath.Join(dir, "alice_secret")); err != nil {
		t.Fatal(err)
	}
	if err := k.Save(filepath.Join(dir, "alice")); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	only(t, dir, "alice_secret")
	if err := (curve.KeyPair{Public: k.Public}).Save(filepath.Join(dir, "bob")); err == nil {
		t.Error("saved without a secret key")
	}
}

// A secret file that others may use is refused, and so is what is no file.
func TestLoadRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "alice")
	if err := pair(t).Save(path); err != nil {
		t.Fatal(err)
	}
	for mode, refused := range map[fs.FileMode]bool{0o600: false, 0o400: false, 0o700: false, 0o640: true, 0o604: true, 0o620: true, 0o644: true, 0o601: true} {
		if err := os.Chmod(path+"_secret", mode); err != nil {
			t.Fatal(err)
		}
		_, err := curve.Load(path)
		var others *curve.PermissionError
		if errors.As(err, &others) != refused || refused && others.Mode != mode || !refused && err != nil {
			t.Errorf("%o: %v", mode, err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "large"), make([]byte, 1<<20), 0o600)
	os.WriteFile(filepath.Join(dir, "half_secret"), []byte("curve\n    public-key = \""+pair(t).Public+"\"\n"), 0o600)
	for _, name := range []string{"pipe", "large", "half", "nothing", "."} {
		if k, err := curve.Load(filepath.Join(dir, name)); err == nil {
			t.Error(name, k)
		}
	}
	if _, err := curve.Load(filepath.Join(dir, "nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
