// Package migrating has what docs/migrating.md shows of modules that only bench/ requires, so that it is compiled:
//
//	go vet -tags czmq ./migrating
package migrating
