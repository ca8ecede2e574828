package curve

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// secretSuffix is what the name of the file with the secret key ends in, as CZMQ and pyzmq have it.
const secretSuffix = "_secret"

// PermissionError says that others than its owner may use a secret key file. Whoever could read it may
// have the key: make a new one, or, if you are sure, chmod 600.
type PermissionError struct {
	Path string
	Mode fs.FileMode
}

func (e *PermissionError) Error() string {
	return fmt.Sprintf("%s: mode %04o lets others at the secret key: chmod 600, or better a new key", e.Path, e.Mode)
}

// Load reads a pair: path_secret, or if there is none path, which has the public key only. A secret file
// that its group or others may read or write is a *PermissionError (not on Windows, which has no such
// modes); pyzmq writes such files under the usual umask. One that cannot be read as a key file is a
// *FormatError. A path that ends in "_secret" is read as it is.
func Load(path string) (KeyPair, error) {
	if len(path) > len(secretSuffix) && path[len(path)-len(secretSuffix):] == secretSuffix {
		path = path[:len(path)-len(secretSuffix)]
	} else if _, err := os.Stat(path + secretSuffix); errors.Is(err, fs.ErrNotExist) {
		return LoadPublic(path)
	}
	k, err := load(path+secretSuffix, true)
	if err == nil && k.Secret == "" {
		err = fmt.Errorf("load %s: %w", path+secretSuffix, &FormatError{0, "no secret key"})
	}
	if err != nil {
		return KeyPair{}, err
	}
	return k, nil
}

// LoadPublic reads the public key and the metadata from path. If there is a secret key in it, that is
// dropped.
func LoadPublic(path string) (KeyPair, error) {
	k, err := load(path, false)
	k.Secret = ""
	return k, err
}

func load(path string, secret bool) (KeyPair, error) {
	data, err := read(path, secret)
	if err != nil {
		return KeyPair{}, fmt.Errorf("load: %w", err)
	}
	k, err := Parse(data)
	if err != nil {
		return KeyPair{}, fmt.Errorf("load %s: %w", path, err)
	}
	return k, nil
}

// read reads a key file, a little beyond its bound so that Parse sees that it is too large. What is no file, a pipe for one, is
// not waited for.
func read(path string, secret bool) ([]byte, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat() // of what was opened
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); secret && mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, &PermissionError{path, mode}
	}
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// Save writes path_secret, with mode 0600, and path, with mode 0644. It overwrites nothing: if either
// exists the error is fs.ErrExist. Each file appears whole, or not at all, and is on the disk when Save
// returns.
func (k KeyPair) Save(path string) error {
	if k.Secret == "" {
		return fmt.Errorf("save %s: no secret key; see SavePublic", path)
	}
	if err := k.Check(); err != nil {
		return fmt.Errorf("save %s: %w", path, err)
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("save: %w", &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist})
	}
	if err := write(path+secretSuffix, k.format(true), 0o600); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if err := write(path, k.format(false), 0o644); err != nil {
		return errors.Join(fmt.Errorf("save: %w", err), os.Remove(path+secretSuffix))
	}
	return nil
}

// SavePublic writes path alone, as Save does.
func (k KeyPair) SavePublic(path string) error {
	if err := k.Check(); err != nil {
		return fmt.Errorf("save %s: %w", path, err)
	}
	if err := write(path, k.format(false), 0o644); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	return nil
}

// write makes a file that was not there before.
func write(path string, data []byte, mode fs.FileMode) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".curve-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := publish(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// publish gives a file its name unless that is taken. A link fails if it is, where a rename would
// replace; some file systems have no links.
func publish(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return &fs.PathError{Op: "create", Path: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}

// syncDir makes the new name last.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // it cannot
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
