//go:build !amd64 || noasm

package kernel

// machineSets is empty: only the portable loops are there.
func machineSets() []*Set { return nil }
