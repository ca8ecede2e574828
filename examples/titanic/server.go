package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/examples/majordomo/client"
	"github.com/sockeye-mq/sockeye/examples/majordomo/worker"
	"github.com/sockeye-mq/sockeye/examples/titanic/tsp"
	"github.com/sockeye-mq/sockeye/supervision"
)

// serverConfig is what a titanic is started with.
type serverConfig struct {
	broker    string // endpoint
	dir       string // where requests and replies are
	heartbeat time.Duration
	timeout   time.Duration // of a request that is carried out
	ready     func()        // called when it is about to serve
	step      func(string)  // see folder
}

// server is the three services of RFC 9, each of which is a Majordomo worker, over one store.
type server struct {
	store      *store
	root       *actor.RootContext
	dispatcher *actor.PID
	log        *slog.Logger
}

// serve runs a titanic until ctx is over.
func serve(ctx context.Context, cfg serverConfig) (err error) {
	folder, err := openFolder(cfg.dir, cfg.step)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.close()) }()
	store, err := openStore(folder)
	if err != nil {
		return err
	}
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	s := &server{store: store, root: system.Root, log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	again := &supervision.Backoff{Min: cfg.heartbeat, Max: 8 * cfg.heartbeat}
	s.dispatcher = s.root.Spawn(actor.PropsFromProducer(func() actor.Actor {
		return &dispatcher{ctx: ctx, store: store, log: s.log, every: cfg.heartbeat,
			client: client.Config{System: system, Thread: thread, Broker: cfg.broker, Timeout: cfg.timeout, Retries: -1}}
	}, actor.WithGuardian(again)))
	all := []*actor.PID{s.dispatcher}
	for service, work := range map[string]func([][]byte) [][]byte{
		tsp.RequestService: s.request, tsp.ReplyService: s.reply, tsp.CloseService: s.close,
	} {
		all = append(all, s.root.Spawn(worker.Props(worker.Config{Thread: thread, Broker: cfg.broker, Service: service,
			Heartbeat: cfg.heartbeat, Work: func(body [][]byte, _ func(...[]byte)) [][]byte { return work(body) }})))
	}
	cfg.ready()
	<-ctx.Done()
	for _, pid := range all {
		err = errors.Join(err, s.root.StopFuture(pid).Wait())
	}
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(err, thread.Shutdown(last))
}

// request is titanic.request. The UUID goes out when the request is on the disk.
func (s *server) request(body [][]byte) [][]byte {
	service, rest, err := tsp.DecodeRequest(body)
	if err != nil || strings.HasPrefix(service, "titanic.") || strings.HasPrefix(service, "mmi.") {
		return tsp.Unknown.Reply() // nothing that a worker could be there for
	}
	id, err := s.store.save(service, rest)
	if err != nil {
		s.log.Error("titanic.request", "error", err)
		return tsp.Error.Reply()
	}
	s.root.Send(s.dispatcher, id)
	return tsp.OK.Reply([]byte(id.String()))
}

// reply is titanic.reply.
func (s *server) reply(body [][]byte) [][]byte {
	id, err := tsp.DecodeID(body)
	if err != nil {
		return tsp.Unknown.Reply()
	}
	status, reply, err := s.store.reply(id)
	if err != nil {
		s.log.Error("titanic.reply", "error", err)
	}
	return status.Reply(reply...)
}

// close is titanic.close, to which what it does not know is closed already.
func (s *server) close(body [][]byte) [][]byte {
	id, err := tsp.DecodeID(body)
	if err != nil {
		return tsp.Unknown.Reply()
	}
	if err := s.store.close(id); err != nil {
		s.log.Error("titanic.close", "error", err)
		return tsp.Error.Reply()
	}
	return tsp.OK.Reply()
}
