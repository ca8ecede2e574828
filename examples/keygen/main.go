// Keygen makes a pair of CURVE keys and writes it to two files, which package curve, CZMQ and pyzmq read.
//
//	go run ./examples/keygen -out alice -name "Alice, warehouse 3"
//
// The public key, which is printed too, goes to those who are to know the pair; alice_secret stays.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/sockeye-mq/sockeye/actors/curve"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "keygen:", err)
		os.Exit(1)
	}
}

func run(arguments []string, out io.Writer) error {
	flags := flag.NewFlagSet("keygen", flag.ContinueOnError)
	flags.SetOutput(out)
	path := flags.String("out", "", "the files: `path` for the public key, path_secret for both; neither may exist")
	name := flags.String("name", "", "whose keys they are, kept in both files as metadata")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *path == "" || flags.NArg() > 0 {
		return fmt.Errorf("usage: keygen -out path [-name name]")
	}
	keys, err := curve.New()
	if err != nil {
		return err
	}
	if *name != "" {
		keys.Metadata = map[string]string{"name": *name}
	}
	if err := keys.Save(*path); err != nil {
		return err
	}
	fmt.Fprintf(out, "public key  %s\nin          %s\nboth keys   %s_secret, for nobody else\n", keys.Public, *path, *path)
	return nil
}
