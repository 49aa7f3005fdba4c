// Command gen writes the amd64 assembly of package kernel, and its Go declarations, by avo:
//
//	go run ./gen -group conv -out conv_amd64.s -stubs conv_stubs_amd64.go -pkg kernel
//
// Each group of kernels is a file of this package and a line of the table below; the lines
// //go:generate that run it stand in kernel/set_amd64.go. The functions take their vectors from the
// width that they are generated for, so that AVX-512 and AVX2 share one source.
package main

import (
	"flag"
	"fmt"

	"github.com/mmcloughlin/avo/build"
)

// groups are the files that can be written.
var groups = map[string]func(){
	"gemm":   gemm,
	"conv":   convolutions,
	"dense":  dense,
	"lrn":    lrn,
	"maps":   maps,
	"planar": planars,
	"window": windows,
}

func main() {
	name := flag.String("group", "", "which kernels to write")
	flag.Parse()
	write := groups[*name]
	if write == nil {
		panic(fmt.Sprintf("gen: no group %q", *name))
	}
	build.ConstraintExpr("amd64")
	build.ConstraintExpr("!noasm")
	write()
	build.Generate()
}
