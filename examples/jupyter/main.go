// Jupyter drives a Jupyter kernel: it starts one, runs cells in it, streams what they print, answers what
// they ask, interrupts them, and has a supervisor bring up another kernel when it is gone.
//
//	go run ./examples/jupyter    # a demonstration that ends by itself
//	go run ./examples/jupyter -i # a small prompt: each line is a cell, ^C interrupts, ^D ends
//
// It needs python3 with ipykernel (Debian: python3-ipykernel), or with -spec any other kernel.
//
// What to look at: five sockets of four types are one thing, that fails and begins anew as a whole.
//
//	kernel     the queue of cells, and the supervisor of
//	└ life     one life of the kernel, with a folder, a key and a connection file of its own
//	  ├ process    the kernel's process
//	  ├ session    matches replies with requests, by their parent header
//	  ├ pulse      asks whether the kernel is there
//	  └ shell, control, stdin: DEALER; iopub: SUB; heartbeat: REQ
//
// What it survives: a kernel that is killed with kill -9, that stops answering its heartbeat, or that does
// not come up. The cell that runs gets a typed error, those that wait run in the next kernel. An iopub that is
// flooded until the kernel drops what it publishes: a cell ends nevertheless, and its outcome says so.
// A sender that does not know the key: it is counted.
//
// Read wire.go first: what travels. life.go: who begins and ends with whom. session.go and cell.go: one cell.
// kernel.go: what users know. demo.go: what is done to it.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
)

func main() {
	interactive := flag.Bool("i", false, "a prompt instead of the demonstration")
	file := flag.String("spec", "", "the kernel.json of another kernel than Python's")
	flag.Parse()
	if err := start(*interactive, *file); err != nil {
		log.Fatal(err)
	}
}

func start(interactive bool, file string) error {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := choose(ctx, file)
	if err != nil {
		return err
	}
	if interactive {
		return prompt(ctx, standard(s), os.Stdin, os.Stdout, interrupted)
	}
	go func() {
		<-interrupted
		cancel()
	}()
	return demonstrate(ctx, standard(s), os.Stdout)
}

func choose(ctx context.Context, file string) (spec, error) {
	if file != "" {
		return readSpec(file)
	}
	python, err := findPython(ctx)
	return ipykernel(python), err
}
