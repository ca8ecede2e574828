// What a fragment of Go in a document may take as given: these imports, and these names. A name that no document
// uses is an error.
package given

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq4 "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors"
	"github.com/sockeye-mq/sockeye/actors/curve"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zap"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/cluster/embedded"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// What the first screen of the README makes.
var (
	ctx     context.Context
	system  *actor.ActorSystem
	thread  *zmqthread.Thread
	restart actor.PropsOption
)

// Actors, endpoints and functions of the reader's own.
var (
	desk, sink, auditor   *actor.PID
	bind, at, endpoints   []string
	addr, serverPublicKey string

	work, listen func(frames [][]byte)
	do           func(task [][]byte) [][]byte
)

// docs/security.md
var (
	handler *actor.PID
	next    zap.Policy
)

// docs/migrating.md
var (
	pull, sub, rep, mySocket *zmq4.Socket
	in                       <-chan *messages.Message
	out                      chan<- *messages.Message
)
