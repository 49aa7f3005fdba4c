//go:build !linux && !darwin

package pull

import (
	"errors"
	"syscall"
)

// Windows: ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL, ERROR_WRITE_PROTECT.
func full(err error) bool {
	return errors.Is(err, syscall.Errno(39)) || errors.Is(err, syscall.Errno(112))
}

func readOnly(err error) bool { return errors.Is(err, syscall.Errno(19)) }

// free is not known here: a full disk shows when a write fails.
func free(string) (int64, bool) { return 0, false }
