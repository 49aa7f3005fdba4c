package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"

	"vizserver/internal/fault"
	"vizserver/internal/onnx"
)

// exportCmd writes a network for other programs.
type exportCmd struct {
	Model      string `arg:"" help:"Network (see 'vizserver models'), imported model, or FILE."`
	Out        string `required:"" placeholder:"FILE.onnx" help:"File to write; it appears whole or not at all."`
	Batch      int    `default:"0" placeholder:"N" help:"Samples of the input; 0 leaves their number open."`
	AllOutputs bool   `help:"Every value is an output, not the answer alone."`
	modelFlags `embed:""`
}

// Help implements kong's HelpProvider.
func (exportCmd) Help() string {
	return `The file is ONNX, opset 17, with the weights in it; its values have the names that 'vizserver show MODEL' lists. Preparation of pictures and names of classes are not part of the format. Networks of the table, and others of the same operators, can be written.

Examples:

  vizserver export efficientnet-lite0 --out lite0.onnx

  vizserver export resnet18 --weights mine.safetensors --out r18.onnx --batch 1

Exit codes: 0 done, 1 our own fault or no permission, 2 wrong input, 3 above a limit (a full disk too), 4 not found, 5 an operator that cannot be written, 80 wrong usage.`
}

// Validate implements kong's Validatable.
func (c *exportCmd) Validate() error {
	if c.Batch < 0 || c.Batch > 1<<16 {
		return fmt.Errorf("--batch %d: a number of samples from 0 to %d", c.Batch, 1<<16)
	}
	return nil
}

// Run implements the command.
func (c *exportCmd) Run(e *env) error {
	m, err := c.open(e.ctx, c.Model, false)
	if err != nil {
		return err
	}
	m.tell(e)
	if dir := filepath.Dir(c.Out); !isDir(dir) {
		return fault.New(fault.NotFound, "there is no directory %s for the output", dir)
	}
	o := onnx.WriteOptions{Batch: c.Batch, AllOutputs: c.AllOutputs}
	if err := writeWhole(c.Out, func(w io.Writer) error { return onnx.Write(w, m.Model, o) }); err != nil {
		return err
	}
	info, err := os.Stat(c.Out)
	if err != nil {
		return outputError(c.Out, err)
	}
	_, err = fmt.Fprintf(e.stdout, "%s is in %s, %s\n", m.Model.Name, c.Out, humanize.Bytes(uint64(info.Size())))
	return err
}
