//go:build !amd64 || noasm

package kernel

func (l *winoLoop) input()  { l.inputPortable() }
func (l *winoLoop) output() { l.outputPortable() }
