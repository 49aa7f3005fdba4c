package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/natefinch/atomic"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/weights"
)

// traceCmd writes every activation of one run.
type traceCmd struct {
	Model string `arg:"" help:"Network: see 'vizserver models'."`
	Input string `required:"" placeholder:"FILE" help:"Picture, or .npy array; - is standard input."`
	Out   string `required:"" placeholder:"FILE.safetensors" help:"File to write; it appears whole or not at all."`
	Raw   bool   `help:"Do not size and centre the digit as MNIST does."`
}

// Help implements kong's HelpProvider.
func (traceCmd) Help() string {
	return `The file holds one float32 tensor for each value of the network, by its name, 1×C×H×W; the first is the input.

A .npy array of uint8 holds greys, 0 paper to 255 ink, 28×28. One of float32 of the size of the network's input (32×32 for the LeNets, 28×28 for the MLP) is the input itself and is not changed.`
}

// Run implements the command.
func (c *traceCmd) Run(e *env) error {
	m, err := loadModel(c.Model)
	if err != nil {
		return err
	}
	plan, err := nn.Compile(m, nn.Options{})
	if err != nil {
		return err
	}
	run := plan.NewRun()
	input := make([]float32, len(run.Input()))
	if err := newSource(e, c.Raw).read(e.ctx, m, c.Input, input); err != nil {
		return err
	}
	if err := run.Execute(e.ctx, input); err != nil {
		return err
	}
	tensors, err := activations(m, run)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := weights.Write(&file, tensors, map[string]string{"model": m.Name, "made_by": versionLine()}); err != nil {
		return err
	}
	if dir := filepath.Dir(c.Out); !isDir(dir) {
		return fault.New(fault.NotFound, "there is no directory %s for the output", dir)
	}
	if err := atomic.WriteFile(c.Out, &file); err != nil {
		return fault.New(fault.Forbidden, "%s cannot be written", c.Out).WithCause(err)
	}
	_, err = fmt.Fprintf(e.stdout, "%d values of %s are in %s\n", len(tensors), m.Name, c.Out)
	return err
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// activations copies every value of a finished run.
func activations(m *nn.Model, run *nn.Run) ([]weights.Tensor, error) {
	var tensors []weights.Tensor
	for _, v := range m.Graph.Values {
		view := run.ViewOf(v)
		shape := view.Shape()
		values := make([]float32, shape.Len())
		if err := view.Read(values, nn.Whole(shape)); err != nil {
			return nil, fmt.Errorf("read %s: %w", v.Name, err)
		}
		data := make([]byte, 0, 4*len(values))
		for _, x := range values {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
		}
		tensors = append(tensors, weights.Tensor{
			Name: v.Name, Dtype: weights.F32, Shape: []int{shape.N, shape.C, shape.H, shape.W}, Data: data,
		})
	}
	return tensors, nil
}
