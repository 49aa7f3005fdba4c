package main

import (
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/zoo"
)

// TestKernels: every set of kernels gives the same answer, and one that is not there is refused.
func TestKernels(t *testing.T) {
	m, err := zoo.Load("efficientnet-lite0")
	if err != nil {
		t.Fatal(err)
	}
	answers := map[int][]string{}
	for _, name := range []string{"auto", "avx512", "avx2", "go", "reference"} {
		compiler, end, err := (&engineFlags{Kernels: name, Threads: 2}).compiler(m)
		if err != nil {
			if fault.KindOf(err) != fault.Unsupported {
				t.Errorf("%s: %v", name, err)
			}
			continue // not of this processor
		}
		defer end()
		plan, err := nn.Compile(m, nn.Options{Compiler: compiler})
		if err != nil {
			t.Fatal(err)
		}
		run := plan.NewRun()
		if err := run.Execute(t.Context(), make([]float32, len(run.Input()))); err != nil {
			t.Fatal(err)
		}
		k := m.Answer(run)
		answers[k] = append(answers[k], name)
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
	if _, _, err := (&engineFlags{Kernels: "sse"}).compiler(m); fault.KindOf(err) != fault.Unsupported {
		t.Errorf("unknown kernels give %v", err)
	}
}
