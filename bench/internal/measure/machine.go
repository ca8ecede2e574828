package measure

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	zmq "github.com/pebbe/zmq4"
)

// Resident is VmRSS, the memory of this process that is in RAM, in bytes; 0 where the system does
// not say.
func Resident() int64 { return field("/proc/self/status", "VmRSS:") }

// Available is the machine's memory that is free for the taking, in bytes; 0 where the system does
// not say.
func Available() int64 { return field("/proc/meminfo", "MemAvailable:") }

// Threads is how many threads of the operating system this process has; 0 where the system does not
// say.
func Threads() int { return int(number("/proc/self/status", "Threads:")) }

// field reads a line such as "VmRSS:   1234 kB", in bytes.
func field(file, name string) int64 { return number(file, name) << 10 }

// number reads the number of a line that begins with name.
func number(file, name string) (n int64) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			fmt.Sscan(rest, &n)
			return n
		}
	}
	return 0
}

// Machine says what the figures come from, without its name.
func Machine() string {
	major, minor, patch := zmq.Version()
	return fmt.Sprintf("%s, libzmq %d.%d.%d, %d cores, %d MiB available, load %s",
		runtime.Version(), major, minor, patch, runtime.NumCPU(), Available()>>20, Load())
}

// Load is the machine's load average of the last minute, this program's included.
func Load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(text))[0]
}
