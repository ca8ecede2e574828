package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// disk is a folder. What it does is durable when sync has returned; create makes the contents durable, but
// not the name.
type disk interface {
	names() ([]string, error)
	create(name string, data []byte) error
	read(name string) ([]byte, error)
	rename(from, to string) error
	remove(name string) error // no error if there is none
	sync() error
}

// folder is a disk of the operating system. One process at a time may have it.
type folder struct {
	root *os.Root
	dir  *os.File           // holds the lock
	step func(point string) // called behind every step that a crash may follow
}

// openFolder makes the folder if need be. It fails if another process has it.
func openFolder(path string, step func(string)) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	dir, err := root.Open(".")
	if err == nil {
		if err = syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			return &folder{root, dir, step}, nil
		}
		err = fmt.Errorf("lock %s: %w", path, errors.Join(err, dir.Close()))
	}
	return nil, errors.Join(err, root.Close())
}

func (f *folder) close() error { return errors.Join(f.dir.Close(), f.root.Close()) }

func (f *folder) names() (names []string, err error) {
	all, err := fs.ReadDir(f.root.FS(), ".")
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names, err
}

func (f *folder) create(name string, data []byte) error {
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	f.step("created")
	if _, err = file.Write(data[:len(data)/2]); err == nil {
		f.step("half written")
		_, err = file.Write(data[len(data)/2:])
	}
	f.step("written")
	if err == nil {
		err = file.Sync()
	}
	f.step("file synced")
	return errors.Join(err, file.Close())
}

func (f *folder) read(name string) ([]byte, error) { return f.root.ReadFile(name) }

func (f *folder) rename(from, to string) error {
	defer f.step("renamed")
	return f.root.Rename(from, to)
}

func (f *folder) remove(name string) error {
	defer f.step("removed")
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (f *folder) sync() error {
	defer f.step("folder synced")
	return f.dir.Sync()
}
