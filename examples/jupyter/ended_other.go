//go:build !linux

package main

// hasEnded cannot be told here: children of a kernel that ends by itself stay.
func hasEnded(int) bool { return false }
