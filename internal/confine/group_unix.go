//go:build unix

package confine

import (
	"os/exec"
	"syscall"
)

// ownGroup puts the child in a process group of its own, so that Ctrl-C in the terminal reaches it
// only through its parent, and kills that group.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
