package wire

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/sockeye-mq/sockeye/messages"
)

// dead is the type name of *messages.Dead, a stopped socket's answer, which is no protobuf message: its
// payload is a PID with the text of the reason behind its id.
const dead = "!dead"

// deadText parts the PID's id from the reason.
const deadText = "\x00"

// scratch is memory to encode messages in.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

const keepScratch = 64 << 10

// serialize encodes message behind b. The error is a *NotSerializableError.
func (w *Wire) serialize(b []byte, message any) (typ string, payload []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("protobuf panicked: %v", r)
		}
		if err != nil {
			err = &NotSerializableError{fmt.Sprintf("%T", message), err}
		}
	}()
	if d, ok := message.(*messages.Dead); ok && d != nil {
		return w.serializeDead(b, d)
	}
	m, ok := message.(proto.Message)
	switch {
	case message == nil:
		return "", b, errNil
	case !ok:
		return "", b, errNotProto
	}
	if v := reflect.ValueOf(m); v.Kind() == reflect.Pointer && v.IsNil() {
		return "", b, errNil
	}
	r := w.named(m).ProtoReflect()
	typ = string(r.Descriptor().FullName())
	b, err = proto.MarshalOptions{}.MarshalAppend(b, r.Interface())
	return typ, b, err
}

func (w *Wire) serializeDead(b []byte, d *messages.Dead) (string, []byte, error) {
	reason := ""
	if d.Reason != nil {
		reason = d.Reason.Error()
	}
	who := &actor.PID{Address: w.address}
	if d.PID != nil {
		who = &actor.PID{Address: d.PID.Address, Id: d.PID.Id}
	}
	who = w.here(who)
	who.Id += deadText + reason
	b, err := proto.MarshalOptions{}.MarshalAppend(b, who)
	return dead, b, err
}

// named gives the PIDs in Proto.Actor's own messages the address that the other side knows: an actor that was
// spawned before the system had one says "nonhost".
func (w *Wire) named(m proto.Message) proto.Message {
	switch m := m.(type) {
	case *actor.Touched:
		if w.isNowhere(m.Who) {
			return &actor.Touched{Who: w.here(m.Who)}
		}
	case *actor.Terminated:
		if w.isNowhere(m.Who) {
			return &actor.Terminated{Who: w.here(m.Who), Why: m.Why}
		}
	case *actor.DeadLetterResponse:
		if w.isNowhere(m.Target) {
			return &actor.DeadLetterResponse{Target: w.here(m.Target)}
		}
	case *actor.Watch:
		return &actor.Watch{Watcher: w.here(m.Watcher)}
	case *actor.Unwatch:
		return &actor.Unwatch{Watcher: w.here(m.Watcher)}
	}
	return m
}

func (w *Wire) isNowhere(pid *actor.PID) bool { return pid != nil && pid.Address == nowhere }

// here is pid under this system's address, if it is one of its own.
func (w *Wire) here(pid *actor.PID) *actor.PID {
	if !w.isNowhere(pid) {
		return pid
	}
	return &actor.PID{Address: w.address, Id: pid.Id, RequestId: pid.RequestId}
}

// types remembers the types that were looked up. There are no more than are registered.
var types sync.Map

// deserialize decodes what came in. The error is a *FrameError.
func deserialize(typ string, payload []byte) (message any, err error) {
	defer func() {
		if r := recover(); r != nil {
			message, err = nil, &FrameError{BadMessage, fmt.Errorf("protobuf panicked over a %s: %v", typ, r)}
		}
	}()
	if typ == dead {
		return deserializeDead(payload)
	}
	var t protoreflect.MessageType
	if known, ok := types.Load(typ); ok {
		t = known.(protoreflect.MessageType)
	} else {
		if t, err = protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(typ)); err != nil {
			return nil, &FrameError{UnknownType, fmt.Errorf("%.200q", typ)}
		}
		types.Store(typ, t)
	}
	m := t.New().Interface()
	if err := unmarshal.Unmarshal(payload, m); err != nil {
		return nil, &FrameError{BadMessage, fmt.Errorf("%s: %w", typ, err)}
	}
	if !sound(m) {
		return nil, &FrameError{BadMessage, fmt.Errorf("%s: %w", typ, messages.ErrMalformed)}
	}
	return m, nil
}

// unmarshal is as deep as messages are by reason.
var unmarshal = proto.UnmarshalOptions{RecursionLimit: 1000}

// sound checks what protobuf cannot know: a batch whose lengths do not fit would make its receiver panic.
func sound(m proto.Message) bool {
	fits := func(b *messages.Batch) bool {
		return b == nil || len(b.Data)+len(b.Lens) == 0 && b.Count == 0 || b.Check()
	}
	switch m := m.(type) {
	case *messages.Batch:
		return fits(m)
	case *messages.Rejected:
		return fits(m.Batch)
	case *messages.Offer:
		return fits(m.Batch)
	}
	return true
}

func deserializeDead(payload []byte) (any, error) {
	who := &actor.PID{}
	if err := unmarshal.Unmarshal(payload, who); err != nil {
		return nil, &FrameError{BadMessage, fmt.Errorf("%s: %w", dead, err)}
	}
	id, reason := who.Id, ""
	for i := range id {
		if id[i] == deadText[0] {
			id, reason = id[:i], id[i+1:]
			break
		}
	}
	d := &messages.Dead{PID: &actor.PID{Address: who.Address, Id: id}}
	if reason != "" {
		d.Reason = errors.New(reason)
	}
	return d, nil
}
