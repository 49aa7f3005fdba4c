package kernel

import (
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// fenced returns a copy of x behind which memory ends: who reads on, in assembly too, dies.
func fenced(t *testing.T, x []float32) []float32 {
	t.Helper()
	page := os.Getpagesize()
	size := (len(x)*4 + page - 1) / page * page
	m, err := syscall.Mmap(-1, 0, size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(m); err != nil {
			t.Error(err)
		}
	})
	if err := syscall.Mprotect(m[size:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	// size is at least the bytes of x, so that the floats begin inside the memory and end with it.
	y := unsafe.Slice((*float32)(unsafe.Pointer(&m[size-len(x)*4])), len(x))
	copy(y, x)
	return y
}
