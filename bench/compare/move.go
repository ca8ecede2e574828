package main

import "errors"

// mover is a way to move messages from one end to another, one sender and one receiver.
type mover interface {
	// receive binds, calls bound, and shows c what arrives until it has seen all.
	receive(at string, bound func(string), c *check) error
	// send connects and sends the series. It returns when the last message has been handed over.
	send(at string, s series) error
	// close ends both, and says what was wrong.
	close() error
}

// movers open one for each subject.
var movers = map[string]func() (mover, error){
	raw:       openPebbe,
	batch:     func() (mover, error) { return openSockeye(inBatches, false) },
	single:    func() (mover, error) { return openSockeye(oneByOne, false) },
	coalesced: func() (mover, error) { return openSockeye(inBatches, true) },
	channeler: openChanneler,
	pureGo:    openPureGo,
	channel:   openChannel,
	tell:      openTell,
}

func (j *job) mover() (mover, error) {
	open := movers[j.subject]
	if open == nil {
		return nil, j.unknown()
	}
	return open()
}

func moveReceive(j *job) error {
	m, err := j.mover()
	if err != nil {
		return err
	}
	c := newCheck(j.series())
	if err := m.receive(j.at, j.bound, c); err != nil {
		return err
	}
	j.report(values{"": c.rate()})
	j.over()
	return errors.Join(m.close(), c.result())
}

func moveSend(j *job) error {
	m, err := j.mover()
	if err != nil {
		return err
	}
	if err := m.send(j.at, j.series()); err != nil {
		return err
	}
	j.over()
	return m.close()
}

func moveAlone(j *job) error {
	c := newCheck(j.series())
	if err := j.both(c); err != nil {
		return err
	}
	return j.report(values{"": c.rate()})
}

// both sends and receives in this process.
func (j *job) both(c *check) error {
	m, err := j.mover()
	if err != nil {
		return err
	}
	where, ended := make(chan string, 1), make(chan error, 2)
	go func() { ended <- m.receive(j.at, func(at string) { where <- at }, c) }()
	select {
	case err := <-ended:
		return errors.Join(err, errors.New("not bound"))
	case at := <-where:
		go func() { ended <- m.send(at, c.series) }()
	}
	for range 2 {
		if err := <-ended; err != nil {
			return err
		}
	}
	return errors.Join(m.close(), c.result())
}
