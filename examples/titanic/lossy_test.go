package main

import (
	"errors"
	"maps"
	"slices"
)

var errCut = errors.New("power cut")

// lossy is a disk whose power can fail before each of its steps. Then, what was written to a file and not
// synced is half there, and what happened in the folder since it was synced has not happened, or has: kept.
type lossy struct {
	now, durable map[string]*inode
	left         int // steps
}

type inode struct {
	data   []byte
	synced bool
}

func (d *lossy) step() {
	if d.left--; d.left < 0 {
		panic(errCut)
	}
}

func (d *lossy) cut(kept bool) *lossy {
	after := d.durable
	if kept {
		after = d.now
	}
	next := &lossy{now: map[string]*inode{}, left: 1 << 30}
	for name, i := range after {
		data := i.data
		if !i.synced {
			data = data[:len(data)/2]
		}
		next.now[name] = &inode{data, true}
	}
	next.durable = maps.Clone(next.now)
	return next
}

func (d *lossy) names() ([]string, error) { return slices.Sorted(maps.Keys(d.now)), nil }

func (d *lossy) create(name string, data []byte) error {
	d.step()
	if d.now[name] != nil {
		return errors.New("exists")
	}
	d.now[name] = &inode{data: data}
	d.step()
	d.now[name].synced = true
	return nil
}

func (d *lossy) read(name string) ([]byte, error) {
	if d.now[name] == nil {
		return nil, errors.New("does not exist")
	}
	return d.now[name].data, nil
}

func (d *lossy) rename(from, to string) error {
	d.step()
	d.now[to] = d.now[from]
	delete(d.now, from)
	return nil
}

func (d *lossy) remove(name string) error {
	d.step()
	delete(d.now, name)
	return nil
}

func (d *lossy) sync() error {
	d.step()
	d.durable = maps.Clone(d.now)
	return nil
}
