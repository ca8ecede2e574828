package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"go.etcd.io/etcd/server/v3/embed"
	"google.golang.org/grpc"
)

// Server is a running etcd. Its methods may be called from any goroutine.
type Server struct {
	etcd *embed.Etcd
	lock *os.File
	end  func() // ends what clients have open
	at   []string

	closing sync.Once
	ended   chan struct{} // closed when it does not serve any more
	ending  sync.Once
}

// ErrClosed is a server that has ended before it served.
var ErrClosed = errors.New("etcd has ended")

// Start starts a server and returns when it serves: as one of a group that is when more than half of it are up.
// With a Dir that has been used before it goes on with what is there. It fails with an *AddressError, an
// *InUseError, ctx's error when that was over first, or what etcd says; then nothing is left running.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	s, err := start(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("start etcd: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, cfg Config) (*Server, error) {
	c, err := cfg.etcd()
	if err != nil {
		return nil, err
	}
	lock, err := own(cfg.Dir)
	if err != nil {
		return nil, err
	}
	s := &Server{lock: lock, ended: make(chan struct{})}
	var fatal string // written before s.ended is closed by it
	c.ZapLoggerBuilder = embed.NewZapLoggerBuilder(logger(cfg.Logger, func(why string) {
		s.ending.Do(func() { fatal = why; close(s.ended) })
	}))
	var open context.Context
	open, s.end = context.WithCancel(context.Background())
	c.GRPCAdditionalServerOptions = []grpc.ServerOption{grpc.ChainStreamInterceptor(ending(open))}

	started := make(chan error, 1)
	go func() { started <- s.run(c) }()
	select {
	case err := <-started:
		if err != nil {
			s.end()
			lock.Close()
			return nil, err
		}
	case <-ctx.Done():
		go func() { // etcd cannot be interrupted here
			if <-started == nil {
				s.Close()
			} else {
				lock.Close()
			}
		}()
		return nil, ctx.Err()
	}
	select {
	case <-s.etcd.Server.ReadyNotify():
	case err = <-s.etcd.Err():
	case <-s.etcd.Server.StopNotify():
		err = ErrClosed
	case <-s.ended:
		err = fmt.Errorf("%w: %s", ErrClosed, fatal)
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	scheme := c.ListenClientUrls[0].Scheme
	for _, l := range s.etcd.Clients {
		s.at = append(s.at, scheme+"://"+l.Addr().String())
	}
	go s.attend(cfg)
	return s, nil
}

// run starts etcd. What etcd would end the process for ends its goroutine.
func (s *Server) run(c *embed.Config) (err error) {
	ok := make(chan struct{})
	go func() {
		defer close(ok)
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%w: %v", ErrClosed, p)
			}
		}()
		err = ErrClosed
		s.etcd, err = embed.StartEtcd(c)
	}()
	<-ok
	return err
}

// attend waits for the server's end.
func (s *Server) attend(cfg Config) {
	var err error
	select {
	case err = <-s.etcd.Err():
	case <-s.etcd.Server.StopNotify():
	case <-s.ended:
	}
	if err != nil && cfg.Logger != nil {
		cfg.Logger.Error("etcd has failed", "error", err)
	}
	s.ending.Do(func() { close(s.ended) })
}

// Endpoints are where clients reach the server.
func (s *Server) Endpoints() []string { return append([]string(nil), s.at...) }

// Done is closed when the server does not serve any more: it was closed, or it has failed.
func (s *Server) Done() <-chan struct{} { return s.ended }

// Close ends what clients have open, has another of its group lead if it does, and returns when everything is on
// the disk and nothing runs any more. More than one call does no harm.
func (s *Server) Close() error {
	s.closing.Do(func() {
		s.end()
		select {
		case <-s.etcd.Server.ReadyNotify():
		default: // its Close would wait until it serves
			s.etcd.Server.HardStop()
		}
		s.etcd.Close()
		s.ending.Do(func() { close(s.ended) })
		s.lock.Close()
	})
	return nil
}

// ending has streams end with ctx: a watch would otherwise hold up a graceful end for seven seconds.
func ending(ctx context.Context) grpc.StreamServerInterceptor {
	return func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		own, cancel := context.WithCancel(s.Context())
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		return handler(srv, &stream{s, own})
	}
}

// stream is one with another context.
type stream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *stream) Context() context.Context { return s.ctx }

// own takes a folder for this server alone. etcd would wait for its end without end if another had it.
func own(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "sockeye.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, &InUseError{dir}
	}
	// An etcd that is not ours locks its database, as bbolt does.
	db, err := os.Open(filepath.Join(dir, "member", "snap", "db"))
	if err != nil {
		return lock, nil // there is none yet
	}
	defer db.Close()
	if syscall.Flock(int(db.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		lock.Close()
		return nil, &InUseError{dir}
	}
	return lock, nil
}
