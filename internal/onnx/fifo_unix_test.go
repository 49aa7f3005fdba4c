//go:build unix

package onnx

import (
	"syscall"
	"testing"
)

// fifo makes a named pipe: opening it would wait for a writer for ever.
func fifo(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}
