//go:build unix

package onnx

import (
	"io/fs"
	"os"
	"syscall"
)

// openFlags: a FIFO that took the file's place since it was looked at does not block the opening.
const openFlags = os.O_RDONLY | syscall.O_NONBLOCK

// links is the number of names that the file has.
func links(_ *os.File, info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink) //nolint:unconvert // 16 or 32 bits on other systems
	}
	return 1
}
