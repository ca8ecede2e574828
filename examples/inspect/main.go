// Inspect opens the inspector's page on a system in which things go wrong.
//
//	go run ./examples/inspect
//	go run ./examples/inspect -sockets 5000
//
// What to look at: the tree of four families. In shop clients ask a server; in market subscribers come and go; in
// mill a press stops now and then, and its feeder's queue fills until messages are lost; in lab a fuse trips its
// breaker, and shots stop for good. Every few seconds something fails, and comes back. Choose a socket: pause it, and
// see who feels it; restart it; drain it.
//
// Read run.go first: the page and what stands behind it. Then families.go: the sockets. Then trouble.go: what happens
// to them.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"time"
)

// config is what the flags say.
type config struct {
	addr    string
	open    func(url string) // nil: nobody's browser
	crowd   int              // sockets more, that do nothing
	span    time.Duration    // 0: until it is interrupted
	trouble time.Duration    // between two things that go wrong
}

func main() {
	cfg := config{}
	flag.StringVar(&cfg.addr, "addr", "127.0.0.1:0", "where the page is; a port of 0 is a free one. It lets nobody in but this machine")
	browse := flag.Bool("open", display(), "open it in the browser; the default is whether there is a display")
	flag.IntVar(&cfg.crowd, "sockets", 0, "so many sockets more, that do nothing")
	flag.DurationVar(&cfg.span, "for", 0, "stop by itself after so long; 0 is never")
	flag.DurationVar(&cfg.trouble, "trouble", 2*time.Second, "how long between two things that go wrong")
	flag.Parse()
	if *browse {
		cfg.open = browser
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, cfg, os.Stdout)
	cancel()
	if err != nil {
		log.Fatal(err)
	}
}

// display reports whether a browser would be seen.
func display() bool {
	return runtime.GOOS == "darwin" || runtime.GOOS == "windows" || os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// browser opens a page with what the desktop has for that. Where that fails the address is printed all the same.
func browser(url string) {
	command := []string{"xdg-open", url}
	switch runtime.GOOS {
	case "darwin":
		command[0] = "open"
	case "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler", url}
	}
	if err := exec.Command(command[0], command[1:]...).Run(); err != nil {
		log.Printf("%s: %v", command[0], err)
	}
}
