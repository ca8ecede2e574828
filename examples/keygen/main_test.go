package main

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/curve"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

func TestKeygen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alice")
	var out bytes.Buffer
	if err := run([]string{"-out", path, "-name", "Alice"}, &out); err != nil {
		t.Fatal(err)
	}
	k, err := curve.Load(path)
	if err != nil || k.Secret == "" || k.Metadata["name"] != "Alice" {
		t.Error(k, err, k.Metadata)
	}
	if !strings.Contains(out.String(), k.Public) || strings.Contains(out.String(), string(k.Secret)) {
		t.Error(out.String())
	}
	if err := run([]string{"-out", path}, &out); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	for _, wrong := range [][]string{{}, {"-out", path + "2", "more"}, {"-what"}, {"-out", path + "3", "-name", "two\nlines"}} {
		if err := run(wrong, &out); err == nil {
			t.Error(wrong)
		}
	}
	if found, _ := filepath.Glob(path + "*"); len(found) != 2 {
		t.Error(found)
	}
}
