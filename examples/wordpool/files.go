package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// file is what the directory said when it was listed. No more than size bytes of it are ever read,
// so that a log that grows meanwhile counts the same twice.
type file struct {
	path string
	size int64
}

// directory is dir without symbolic links, Go's own sources if it is "".
func directory(ctx context.Context, dir string) (string, error) {
	if dir == "" {
		goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
		if err != nil {
			return "", fmt.Errorf("go env GOROOT: %w; where there is no Go, name a directory with -dir", err)
		}
		dir = filepath.Join(strings.TrimSpace(string(goroot)), "src")
	}
	return filepath.EvalSymlinks(dir)
}

// list finds the regular files below dir. Symbolic links, pipes, devices and the like are left out;
// what cannot be read is left out and told to warn.
func list(ctx context.Context, dir string, warn func(error)) (files []file, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err == nil && entry.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = entry.Info(); err == nil {
				files = append(files, file{path, info.Size()})
			}
		}
		if err != nil {
			warn(err)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no files below %s", dir)
	}
	return files, err
}

const pieceSize = 256 << 10

// pieces yields what is in the file, pieceSize bytes at a time; an empty file is one empty piece.
func (f file) pieces() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		in, err := os.Open(f.path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer in.Close()
		for left := f.size; ; {
			piece := make([]byte, min(left, pieceSize))
			n, err := io.ReadFull(in, piece)
			left -= int64(n)
			if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) { // it has become shorter
				left, err = 0, nil
			}
			if !yield(piece[:n], err) || err != nil || left == 0 {
				return
			}
		}
	}
}
