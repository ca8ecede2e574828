package embedded

import (
	"context"
	"log/slog"
	"runtime"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logger is etcd's way to log: to l, or nowhere. What etcd would end the process for ends the goroutine instead,
// after fatal was told.
func logger(l *slog.Logger, fatal func(string)) *zap.Logger {
	var core zapcore.Core = zapcore.NewNopCore()
	if l != nil {
		core = &slogCore{l: l}
	}
	return zap.New(core, zap.WithFatalHook(hook(fatal)))
}

type hook func(string)

// OnWrite is called after a fatal entry was written.
func (h hook) OnWrite(e *zapcore.CheckedEntry, _ []zapcore.Field) {
	h(e.Message)
	runtime.Goexit()
}

// slogCore writes zap's entries to a slog.Logger. Immutable.
type slogCore struct {
	l      *slog.Logger
	fields []zapcore.Field
}

func level(l zapcore.Level) slog.Level {
	switch {
	case l >= zapcore.ErrorLevel:
		return slog.LevelError
	case l == zapcore.WarnLevel:
		return slog.LevelWarn
	case l == zapcore.InfoLevel:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

func (c *slogCore) Enabled(l zapcore.Level) bool {
	return l >= zapcore.InfoLevel && c.l.Enabled(context.Background(), level(l))
}

func (c *slogCore) With(fields []zapcore.Field) zapcore.Core {
	return &slogCore{c.l, append(c.fields[:len(c.fields):len(c.fields)], fields...)}
}

func (c *slogCore) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return ce.AddCore(e, c)
	}
	return ce
}

func (c *slogCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range append(c.fields[:len(c.fields):len(c.fields)], fields...) {
		f.AddTo(enc)
	}
	r := slog.NewRecord(time.Now(), level(e.Level), e.Message, 0)
	r.AddAttrs(slog.String("by", "etcd"))
	for name, value := range enc.Fields {
		r.AddAttrs(slog.Any(name, value))
	}
	return c.l.Handler().Handle(context.Background(), r)
}

func (c *slogCore) Sync() error { return nil }
