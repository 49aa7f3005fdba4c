package confine

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// setLimits bounds this process for good: the hard limits go down with the soft ones. memory and
// file are bytes, cpu is seconds.
func setLimits(memory, file, cpu int64) error {
	limits := []struct {
		name     string
		resource int
		max      int64
	}{
		{"CPU", unix.RLIMIT_CPU, cpu}, // the hard limit kills; Go ignores the signal of the soft one
		{"NOFILE", unix.RLIMIT_NOFILE, 32},
		{"FSIZE", unix.RLIMIT_FSIZE, file},
		{"CORE", unix.RLIMIT_CORE, 0},
		{"AS", unix.RLIMIT_AS, memory},
	}
	for _, l := range limits {
		if l.resource == unix.RLIMIT_AS && raceDetector {
			continue // its shadow memory alone is terabytes
		}
		var old unix.Rlimit
		if err := unix.Getrlimit(l.resource, &old); err != nil {
			return fmt.Errorf("read RLIMIT_%s: %w", l.name, err)
		}
		limit := min(uint64(l.max), old.Max)
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			return fmt.Errorf("set RLIMIT_%s to %d: %w", l.name, limit, err)
		}
	}
	return nil
}
