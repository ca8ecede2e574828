package inspect

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// ErrRestart is the failure of a socket that somebody has restarted on the page. Its supervisor decides, as
// over any other failure.
var ErrRestart = errors.New("restarted by the inspector")

// actions are what may be done to a socket, where Config.Actions allows it.
var actions = map[string]any{
	"pause":   &socket.Pause{},
	"resume":  &socket.Resume{},
	"restart": &socket.Fail{Err: ErrRestart},
	"drain":   nil, // a Poison: it sends what it has, and closes
}

// act answers POST api/pause?id=, and so on.
func (i *Inspector) act(w http.ResponseWriter, r *http.Request) {
	action, id := r.PathValue("action"), r.URL.Query().Get("id")
	command, ok := actions[action]
	switch {
	case !ok:
		http.Error(w, "no such action", http.StatusNotFound)
		return
	case !i.cfg.Actions:
		http.Error(w, "actions are off (inspect.Config.Actions)", http.StatusForbidden)
		return
	}
	pid := i.find(id)
	if pid == nil {
		http.Error(w, "no socket has this id", http.StatusNotFound)
		return
	}
	i.system.Logger().Info("sockeye: a socket is told what to do on the inspector's page", "socket", pid, "action", action, "by", r.RemoteAddr)
	if command == nil {
		i.system.Root.Poison(pid)
		w.WriteHeader(http.StatusAccepted)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if _, err := messages.Call(ctx, i.system.Root, pid, command); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// find is the PID of a socket that lives. Anything else must not be poisoned from here.
func (i *Inspector) find(id string) *actor.PID {
	for s := range socket.All(i.system) {
		if s.PID.Id == id {
			return s.PID
		}
	}
	return nil
}
