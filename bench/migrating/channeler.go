//go:build czmq

package migrating

import (
	"log"

	"github.com/go-zeromq/goczmq/v4"
)

// Channeler works on tasks from one socket and sends the results to another, with goczmq's Channeler.
func Channeler(do func([][]byte) [][]byte) {
	work := goczmq.NewPullChanneler("tcp://*:5555")
	results := goczmq.NewPushChanneler("tcp://10.0.0.7:5556")
	defer work.Destroy()
	defer results.Destroy()
	for {
		select {
		case task := <-work.RecvChan:
			results.SendChan <- do(task)
		case err := <-work.ErrChan:
			log.Print(err)
		case err := <-results.ErrChan:
			log.Print(err)
		}
	}
}
