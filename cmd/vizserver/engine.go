package main

import (
	"fmt"
	"runtime"
	"strings"

	"vizserver/internal/bench"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/fast"
	"vizserver/internal/nn/kernel"
	"vizserver/internal/zoo"
)

// engineFlags choose how a network is computed.
type engineFlags struct {
	Kernels string `default:"auto" placeholder:"SET" env:"VIZ_KERNELS" help:"Inner loops: auto, avx512, avx2, go, or reference (plain loops in a fixed order, which the arithmetic on the pages repeats bit for bit; auto takes it for the nets of digits)."`
	Threads int    `default:"0" env:"VIZ_THREADS" help:"Threads that compute; 0: one for each core."`
}

const referenceKernels = "reference"

// Validate implements kong's Validatable.
func (f *engineFlags) Validate() error {
	if f.Threads < 0 {
		return fmt.Errorf("--threads %d: 0 or more", f.Threads)
	}
	return nil
}

// compiler returns what compiles the model, and what ends its threads.
func (f *engineFlags) compiler(m *nn.Model) (nn.Compiler, func(), error) {
	name := f.Kernels
	if e, err := zoo.Find(m.Name); err == nil && e.Task == zoo.Digits && (name == "" || name == kernel.Auto) {
		name = referenceKernels
	}
	if name == referenceKernels {
		return nn.Reference, func() {}, nil
	}
	set := kernel.Find(name)
	if set == nil {
		return nil, nil, fault.New(fault.Unsupported, "this processor does not run the kernels %q", name).
			WithHint("it has: %s, %s", kernel.Auto, strings.Join(bench.KernelNames(), ", "))
	}
	threads := f.Threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	pool := nn.NewPool(threads)
	return fast.Options{Set: set, Pool: pool}.Compile, pool.Close, nil
}
