//go:build amd64 && !noasm

package kernel

import "golang.org/x/sys/cpu"

// machineSets looks at what processor and operating system offer.
func machineSets() []*Set {
	var list []*Set
	x := &cpu.X86
	if x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL {
		list = append(list, &Set{Name: "avx512", isa: avx512})
	}
	if x.HasAVX2 && x.HasFMA {
		list = append(list, &Set{Name: "avx2", isa: avx2})
	}
	return list
}
