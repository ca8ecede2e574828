package main

import "github.com/sockeye-mq/sockeye/actors/socket"

// canCoalesce says whether the library has socket.Config.Coalesce.
const canCoalesce = false

// coalesce turns it on.
func coalesce(*socket.Config) {}
