package measure

import (
	"log/slog"
	"os"

	"github.com/asynkron/protoactor-go/actor"
)

// System is an actor system that says nothing but warnings and errors.
func System() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}))
}
