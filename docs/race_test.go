//go:build race

package docs

const underRace = true
