package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// spec is a kernelspec, as in kernel.json: how a kernel is started, and how it is interrupted.
type spec struct {
	Argv []string          `json:"argv"` // "{connection_file}" stands for the name of that
	Env  map[string]string `json:"env"`
	// InterruptMode is "message", an interrupt_request on the control channel, or "signal", SIGINT, which
	// is the default.
	InterruptMode string `json:"interrupt_mode"`
}

const byMessage = "message"

// maxSpec bounds a kernel.json, in bytes.
const maxSpec = 1 << 20

// readSpec reads a kernel.json.
func readSpec(name string) (s spec, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return s, fmt.Errorf("read the kernelspec: %w", err)
	}
	if info.Size() > maxSpec {
		return s, fmt.Errorf("read the kernelspec %s: %d bytes are too many", name, info.Size())
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return s, fmt.Errorf("read the kernelspec: %w", err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("read the kernelspec %s: %w", name, err)
	}
	return s, s.check()
}

func (s *spec) check() error {
	if len(s.Argv) == 0 {
		return errors.New("kernelspec: argv is empty")
	}
	if m := s.InterruptMode; m != "" && m != "signal" && m != byMessage {
		return fmt.Errorf("kernelspec: interrupt_mode %q is neither signal nor message", m)
	}
	return nil
}

// ipykernel is the spec of Python's kernel.
func ipykernel(python string) spec {
	return spec{Argv: []string{python, "-m", "ipykernel_launcher", "-f", "{connection_file}"},
		Env: map[string]string{"PYDEVD_DISABLE_FILE_VALIDATION": "1"}} // or its debugger warns on stderr
}

// findPython finds an interpreter that has ipykernel.
func findPython(ctx context.Context) (string, error) {
	tried := []string{"/usr/bin/python3", "python3"}
	if own := os.Getenv("SOCKEYE_PYTHON"); own != "" {
		tried = []string{own}
	}
	for _, p := range tried {
		if exec.CommandContext(ctx, p, "-c", "import ipykernel").Run() == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("none of %s has ipykernel: install python3-ipykernel", strings.Join(tried, ", "))
}

// command is how the kernel is started.
func (s *spec) command(conn *connection) *exec.Cmd {
	argv := make([]string, len(s.Argv))
	for i, a := range s.Argv {
		argv[i] = strings.ReplaceAll(a, "{connection_file}", conn.file)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(),
		fmt.Sprintf("JPY_PARENT_PID=%d", os.Getpid()), // ipykernel ends when its parent has
		"IPYTHONDIR="+conn.dir)                        // neither the user's settings nor the user's history
	for name, value := range s.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}
