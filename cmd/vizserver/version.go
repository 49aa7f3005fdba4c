package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker in a release: -ldflags "-X main.version=1.2.3".
var version = ""

// versionCmd prints what this binary is.
type versionCmd struct{}

// Run implements the command.
func (versionCmd) Run(e *env) error {
	_, err := fmt.Fprintln(e.stdout, versionLine())
	return err
}

// versionLine is "vizserver 1.2.3 (commit abc1234, go1.26.8 linux/amd64)".
func versionLine() string {
	name, commit := version, "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		if name == "" {
			name = info.Main.Version
		}
		dirty := ""
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value[:min(len(s.Value), 12)]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = "+changes"
			}
		}
		commit += dirty
	}
	if name == "" || name == "(devel)" {
		name = "development"
	}
	return fmt.Sprintf("vizserver %s (commit %s, %s %s/%s)", name, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
