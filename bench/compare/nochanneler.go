//go:build !czmq

package main

import "errors"

var errNoCzmq = errors.New("absent: built without -tags czmq, which needs libczmq")

func openChanneler() (mover, error) { return nil, errNoCzmq }

func newChannelerTrips() (asker, error) { return nil, errNoCzmq }
