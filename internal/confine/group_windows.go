package confine

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps Ctrl-C in the terminal from the child, which ends only through its parent.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
