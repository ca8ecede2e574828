package supervision

import (
	"reflect"
	"sync/atomic"
	"unsafe"
	"weak"

	"github.com/asynkron/protoactor-go/actor"
)

// target is an actor that may be restarted: one process, not whoever has its name.
type target struct {
	system  *actor.ActorSystem
	pid     *actor.PID // ours: the failed actor's own would keep it in memory
	process process
	parent  actor.Supervisor // or its guardian
}

// process tells one process from another without keeping it in memory.
type process struct {
	actor weak.Pointer[actor.ActorProcess]
	other any // in place of actor, where the spawner has made something else
}

// aim returns the actor that now has the PID; there may be none.
func aim(system *actor.ActorSystem, pid *actor.PID, parent actor.Supervisor) (t target, ok bool) {
	p, ok := system.ProcessRegistry.GetLocal(pid.Id)
	return target{system, actor.NewPID(pid.Address, pid.Id), processOf(p), parent}, ok
}

func processOf(p actor.Process) process {
	if a, ok := p.(*actor.ActorProcess); ok {
		return process{actor: weak.Make(a)}
	}
	if !reflect.ValueOf(p).Comparable() {
		return process{} // can only be told from an actor
	}
	return process{other: p}
}

// find returns the process if it is still registered.
func (t target) find() (actor.Process, bool) {
	p, ok := t.system.ProcessRegistry.GetLocal(t.pid.Id)
	return p, ok && processOf(p) == t.process
}

// lives reports whether the actor is there and nobody has told it to stop.
func (t target) lives() bool {
	p, ok := t.find()
	return ok && !stopped(p) && !ending(t.parent)
}

// restart restarts the actor unless it has been told to stop. Both are messages: a Stop whose sender
// comes between the look and the Restart may be before it in the mailbox, and be undone by it. A
// second Stop then puts that right; where the first one came behind, it does nothing.
func (t target) restart() {
	if !t.lives() {
		return
	}
	p, ok := t.find()
	if !ok {
		return
	}
	p.SendSystemMessage(t.pid, &actor.Restart{})
	if stopped(p) || ending(t.parent) {
		p.SendSystemMessage(t.pid, &actor.Stop{})
	}
}

// stopped reports whether an actor was told to stop, by its PID, and may still be at it: Proto.Actor
// marks its process, which stays registered until its last child has stopped.
func stopped(p actor.Process) bool {
	a, ok := p.(*actor.ActorProcess)
	return ok && load(a, "dead") != 0
}

// ending reports whether a parent is stopping or restarting, and so has told, or is about to tell,
// its children to stop. Those are not marked.
func ending(parent actor.Supervisor) bool {
	if parent == nil || reflect.TypeOf(parent).String() != "*actor.actorContext" {
		return false
	}
	return load(parent, "state") != 0
}

// load reads a field of Proto.Actor's that it shares between goroutines as an atomic int32, and that
// nothing exported tells of. It is 0 where there is none: then the restart of an actor that is about
// to stop comes through, as with Proto.Actor's own strategies. See TestPeeks.
func load(of any, field string) int32 {
	v := reflect.ValueOf(of)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return 0
	}
	f := v.Elem().FieldByName(field)
	if !f.IsValid() || f.Kind() != reflect.Int32 {
		return 0
	}
	return atomic.LoadInt32((*int32)(unsafe.Pointer(f.UnsafeAddr())))
}
