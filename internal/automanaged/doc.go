// Package automanaged is tests only: cluster.Kind on Proto.Actor's automanaged provider. It is a module of its own, because that
// provider wants modules that nobody else here has a use for.
package automanaged
