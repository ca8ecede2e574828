package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sockeye-mq/sockeye/examples/titanic/tsp"
)

// Bounds of what peers can have stored.
const (
	maxStored  = 10_000   // requests that are not closed
	maxRequest = 16 << 20 // bytes of one
)

// What a file's name ends in. A request is pending until there is a reply, too. What is being written is
// neither.
const (
	requestFile = ".request"
	replyFile   = ".reply"
	newFile     = ".new"
)

var (
	errFull    = errors.New("too much is stored")
	errUnknown = errors.New("no such request is pending")
)

// store keeps requests and their replies. What a method has done is on the disk when it returns, and what it
// had not done when the process was killed, or the power failed, is done not at all or is undone by open.
type store struct {
	disk disk
	mu   sync.Mutex
	all  map[tsp.ID]*entry // guarded by mu
}

type entry struct {
	service  string
	answered bool
}

// openStore finds what is there, and removes what was never finished.
func openStore(d disk) (*store, error) {
	s := &store{disk: d, all: map[tsp.ID]*entry{}}
	names, err := d.names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if id, ok := idOf(name, requestFile); ok {
			request, err := s.load(id, requestFile)
			if err != nil || len(request) < 2 {
				return nil, fmt.Errorf("%s: %w", name, errors.Join(err, errCorrupt))
			}
			s.all[id] = &entry{service: string(request[0])}
		}
	}
	for _, name := range names {
		id, ok := idOf(name, replyFile)
		switch e := s.all[id]; {
		case ok && e != nil:
			e.answered = true
		case ok || strings.HasSuffix(name, newFile): // closed by half, or written by half
			err = errors.Join(err, d.remove(name))
		}
	}
	return s, errors.Join(err, d.sync())
}

// idOf is the ID in the name of a file of ours.
func idOf(name, end string) (tsp.ID, bool) {
	text, ok := strings.CutSuffix(name, end)
	id, err := tsp.ParseID([]byte(text))
	return id, ok && err == nil
}

// put writes a file: under another name first, so that it is there as a whole or not at all, whenever the
// end comes. The name is made of the ID, and not of what a peer has sent.
func (s *store) put(id tsp.ID, end string, frames [][]byte) error {
	name := id.String()
	err := s.disk.create(name+newFile, record(frames))
	if err == nil {
		err = s.disk.rename(name+newFile, name+end)
	}
	if err != nil {
		return errors.Join(err, s.disk.remove(name+newFile))
	}
	return s.disk.sync()
}

func (s *store) load(id tsp.ID, end string) ([][]byte, error) {
	b, err := s.disk.read(id.String() + end)
	if err != nil {
		return nil, err
	}
	return frames(b)
}

// save stores a request under an ID of its own.
func (s *store) save(service string, body [][]byte) (id tsp.ID, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := len(service)
	for _, f := range body {
		size += len(f)
	}
	if len(s.all) >= maxStored || size > maxRequest {
		return id, errFull
	}
	id = tsp.NewID()
	if err := s.put(id, requestFile, slices.Concat([][]byte{[]byte(service)}, body)); err != nil {
		return id, fmt.Errorf("save a request: %w", err)
	}
	s.all[id] = &entry{service: service}
	return id, nil
}

// pending are the requests without a reply, by ID, and the service that each is for.
func (s *store) pending() map[tsp.ID]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := map[tsp.ID]string{}
	for id, e := range s.all {
		if !e.answered {
			p[id] = e.service
		}
	}
	return p
}

// request is the body of a request that is pending. The error is errUnknown if it is not, or not any more.
func (s *store) request(id tsp.ID) (service string, body [][]byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.all[id]; e == nil || e.answered {
		return "", nil, errUnknown
	}
	all, err := s.load(id, requestFile)
	if err != nil {
		return "", nil, fmt.Errorf("load request %v: %w", id, err)
	}
	return string(all[0]), all[1:], nil
}

// answer stores the reply to a request, unless that has been closed, or has one.
func (s *store) answer(id tsp.ID, reply [][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.all[id]; e == nil || e.answered {
		return nil
	}
	if err := s.put(id, replyFile, reply); err != nil {
		return fmt.Errorf("save reply %v: %w", id, err)
	}
	s.all[id].answered = true
	return nil
}

// reply is the reply to a request. The status says whether there is one.
func (s *store) reply(id tsp.ID) (tsp.Status, [][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := s.all[id]; {
	case e == nil:
		return tsp.Unknown, nil, nil
	case !e.answered:
		return tsp.Pending, nil, nil
	}
	body, err := s.load(id, replyFile)
	if err != nil {
		return tsp.Error, nil, fmt.Errorf("load reply %v: %w", id, err)
	}
	return tsp.OK, body, nil
}

// close deletes a request and its reply. The request goes first: a reply alone is nothing, but a request
// alone would be carried out again.
func (s *store) close(id tsp.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[id] == nil {
		return nil
	}
	for _, end := range []string{requestFile, replyFile} {
		if err := errors.Join(s.disk.remove(id.String()+end), s.disk.sync()); err != nil {
			return fmt.Errorf("close %v: %w", id, err)
		}
	}
	delete(s.all, id)
	return nil
}
