package supervision

import (
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// An actor that a strategy has stopped and that fails over the end of its child is not restarted
// either, but stopped.
func TestStoppedByStrategy(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			inWorld(t, func(w *world) {
				s := slow(kind)
				s.(interface{ setDecide() }).setDecide()
				once := true
				parent, kids := w.family(s, on{
					"Started": func(c actor.Context) {
						c.Spawn(w.props("grandkid", on{"Stopping": func(actor.Context) { time.Sleep(time.Hour) }}))
					},
					"Terminated": func(actor.Context) {
						if once {
							once = false
							panic(errDown)
						}
					},
				}, "kid")
				w.send(kids[0], order{actor.StopDirective})
				time.Sleep(3 * time.Hour)
				w.is("kid Stopping", "grandkid Stopping", "grandkid Stopped", "kid Terminated", "kid Terminated", "kid Stopped")
				w.system.Root.Stop(parent)
				if w.registered(kids[0]) || w.registered(parent) {
					t.Error("still there")
				}
			})
		})
	}
}

// An actor that panics in Stopping is stopped all the same (facts P8).
func TestPanicInStopping(t *testing.T) {
	for _, kind := range kinds {
		for _, how := range []string{"Stop", "Poison", "parent", "decision"} {
			t.Run(kind+" "+how, func(t *testing.T) {
				inWorld(t, func(w *world) {
					once := true
					s := slow(kind)
					if how == "decision" {
						s.(interface{ setDecide() }).setDecide()
					}
					parent, kids := w.family(s, on{"Stopping": func(actor.Context) {
						if once {
							once = false
							panic("clumsy")
						}
					}}, "kid")
					switch how {
					case "Stop":
						w.system.Root.Stop(kids[0])
					case "Poison":
						w.system.Root.Poison(kids[0])
					case "parent":
						w.system.Root.Stop(parent)
					case "decision":
						w.send(kids[0], order{actor.StopDirective})
					}
					w.is("kid Stopping", "kid Restarting", "kid Started", "kid Stopping", "kid Stopped")
					if w.registered(kids[0]) || w.registered(parent) == (how == "parent") {
						t.Error("still there, or gone")
					}
				})
			})
		}
	}
}

func ordered(reason any) actor.Directive {
	if o, ok := reason.(order); ok {
		return o.d
	}
	return actor.RestartDirective
}

func (b *Backoff) setDecide() { b.Decide = ordered }
func (b *Breaker) setDecide() { b.Decide, b.Then = ordered, &Backoff{Decide: ordered} }

// One that does so every time is left alone in the end.
func TestAlwaysPanicsInStopping(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			inWorld(t, func(w *world) {
				pid := w.root("a", slow(kind), on{"Stopping": func(actor.Context) { panic("clumsy") }})
				w.system.Root.Stop(pid)
				time.Sleep(2 * time.Hour)
				if n := w.count("a Stopping"); n != 1+tries {
					t.Error(w.noted())
				}
				if l := strings.Join(w.logged(), "\n"); !strings.Contains(l, "whenever it stops") {
					t.Error(l)
				}
			})
		})
	}
}

// A panic in Stopped does not make the parent wait for ever (facts P8).
func TestPanicInStopped(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			inWorld(t, func(w *world) {
				for _, started := range []func(actor.Context){nil, func(c actor.Context) { c.Spawn(w.props("grandkid", nil)) }} {
					parent, _ := w.family(slow(kind), on{"Started": started, "Stopped": func(actor.Context) { panic("clumsy") }}, "a", "b")
					w.system.Root.Stop(parent)
					if w.registered(parent) {
						t.Error("the parent waits", w.noted())
					}
				}
			})
		})
	}
}
