// Package inspect shows what runs: every ZeroMQ thread and every socket of an actor system, with their
// states, queues, peers, counters and last errors.
//
// Take is one look. New makes of many a page for the browser and JSON for programs, to be mounted wherever
// an http.Handler can be:
//
//	page := inspect.New(system, inspect.Config{})
//	defer page.Close()
//	log.Fatal(http.ListenAndServe("127.0.0.1:6780", page))
//
// Metrics gives the same numbers to OpenTelemetry.
//
// Nothing here runs on a ZeroMQ thread or stops one: a socket is locked for as long as it takes to copy its
// numbers, 0.6 µs in the median. A program that does not import the package has none of it, and one that does pays when
// somebody looks; see docs/inspect.md for what.
package inspect
