package main

import (
	"errors"
	"slices"
	"strconv"
)

// What is wrong with a message of RFC 10/FLP, seen without the identity in front of it.
var (
	ErrNoFrames = errors.New("flp: a message without frames")
	ErrNotAPing = errors.New("flp: a command of one frame that is not PING")
	ErrNotAPong = errors.New("flp: a reply of one frame that is not PONG")
	ErrNotOurs  = errors.New("flp: the control frame is no sequence number")
)

// command is what a client says to a server. Without a body it is a ping.
type command struct {
	control []byte   // the client control frame, which is the client's business
	body    [][]byte // at least one frame; nil in a ping
}

var ping, pong = []byte("PING"), []byte("PONG")

// decodeCommand is for what a server gets. The frames of the result are those of the message.
func decodeCommand(frames [][]byte) (command, error) {
	switch {
	case len(frames) == 0:
		return command{}, ErrNoFrames
	case len(frames) > 1: // whatever the first is: what has a body is a request
		return command{control: frames[0], body: frames[1:]}, nil
	case string(frames[0]) != string(ping):
		return command{}, ErrNotAPing
	}
	return command{}, nil
}

// frames is what decodeCommand decodes.
func (c command) frames() [][]byte {
	if c.body == nil {
		return [][]byte{ping}
	}
	return slices.Concat([][]byte{c.control}, c.body)
}

// reply is what a server says to a client. Without a body it is a pong.
type reply struct {
	number uint64 // of the request: our clients put it into the control frame, in decimal
	body   [][]byte
}

// decodeReply is for what one of our clients gets.
func decodeReply(frames [][]byte) (reply, error) {
	switch {
	case len(frames) == 0:
		return reply{}, ErrNoFrames
	case len(frames) == 1 && string(frames[0]) == string(pong):
		return reply{}, nil
	case len(frames) == 1:
		return reply{}, ErrNotAPong
	case len(frames[0]) > 20:
		return reply{}, ErrNotOurs
	}
	n, err := strconv.ParseUint(string(frames[0]), 10, 64)
	if err != nil {
		return reply{}, ErrNotOurs
	}
	return reply{number: n, body: frames[1:]}, nil
}

// numbered is the command of a request.
func numbered(n uint64, body [][]byte) command {
	return command{control: strconv.AppendUint(nil, n, 10), body: body}
}
