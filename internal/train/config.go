// Package train teaches a network of the zoo on MNIST: stochastic gradient descent
// with momentum or Adam, augmentation, a learning-rate schedule, checkpoints. The
// result depends on the configuration and the seed alone, not on the number of
// workers, on interruptions or on the machine's speed.
package train

import (
	"fmt"
	"slices"

	"vizserver/internal/fault"
)

// Config says how a network is trained. The zero value of a field takes the network's recipe.
type Config struct {
	Model       string  `json:"model"`
	Epochs      int     `json:"epochs"`
	Batch       int     `json:"batch"`
	Optimizer   string  `json:"optimizer"` // "sgd", "adam"
	LR          float64 `json:"lr"`
	Momentum    float64 `json:"momentum"` // SGD; Adam's β₁
	WeightDecay float64 `json:"weight_decay"`
	Schedule    string  `json:"schedule"` // "constant", "step", "cosine"
	Warmup      float64 `json:"warmup"`   // epochs of linear warm-up
	Loss        string  `json:"loss"`     // "cross-entropy", "mse", "map"
	Average     float64 `json:"average"`  // decay of the moving average of the weights; 0: none
	Augment     Augment `json:"augment"`
	Seed        uint64  `json:"seed"`
	Limit       int     `json:"limit,omitempty"` // train on the first Limit digits only; 0: all
}

// ConfigError says which setting is out of range.
type ConfigError struct{ Text string }

func (e *ConfigError) Error() string { return e.Text }

// Kind marks the error as the caller's to mend.
func (e *ConfigError) Kind() fault.Kind { return fault.Invalid }

// Recipe returns the settings that the committed weights of a network were trained with.
func Recipe(model string) (Config, error) {
	c := Config{
		Model: model, Epochs: 40, Batch: 64, Optimizer: "adam", LR: 2e-3, Momentum: 0.9,
		Schedule: "cosine", Warmup: 0.5, Average: 0.999, Augment: DefaultAugment(), Seed: 1998,
	}
	switch model {
	case "lenet5-1998":
		c.Loss = "map"
	case "lenet5-harley", "mlp-harley":
		c.Loss, c.Epochs = "mse", 14
	case "lenet5-modern":
		c.Loss, c.WeightDecay, c.Epochs = "cross-entropy", 1e-4, 50
	default:
		return Config{}, &ConfigError{Text: fmt.Sprintf("no training recipe for %q", model)}
	}
	return c, nil
}

// Command writes the command line that repeats the training: the settings that are
// not the recipe's.
func (c *Config) Command() string {
	r, err := Recipe(c.Model)
	if err != nil {
		return ""
	}
	b := []byte("vizserver train " + c.Model)
	add := func(flag string, got, recipe any) {
		if got != recipe {
			b = fmt.Appendf(b, " --%s %v", flag, got)
		}
	}
	add("epochs", c.Epochs, r.Epochs)
	add("batch", c.Batch, r.Batch)
	add("optimizer", c.Optimizer, r.Optimizer)
	add("lr", c.LR, r.LR)
	add("momentum", c.Momentum, r.Momentum)
	add("weight-decay", c.WeightDecay, r.WeightDecay)
	add("schedule", c.Schedule, r.Schedule)
	add("warmup", c.Warmup, r.Warmup)
	add("loss", c.Loss, r.Loss)
	add("average", c.Average, r.Average)
	add("seed", c.Seed, r.Seed)
	add("limit", c.Limit, r.Limit)
	add("shift", c.Augment.Shift, r.Augment.Shift)
	add("rotate", c.Augment.Rotate, r.Augment.Rotate)
	add("scale", c.Augment.Scale, r.Augment.Scale)
	add("skew", c.Augment.Skew, r.Augment.Skew)
	add("elastic", c.Augment.Elastic, r.Augment.Elastic)
	add("pen", c.Augment.Pen, r.Augment.Pen)
	return string(b)
}

// Validate says which setting is out of range.
func (c *Config) Validate() error {
	bad := func(ok bool, format string, args ...any) error {
		if ok {
			return nil
		}
		return &ConfigError{Text: fmt.Sprintf(format, args...)}
	}
	for _, err := range []error{
		bad(c.Epochs >= 1 && c.Epochs <= 10000, "epochs is %d, want 1 to 10,000", c.Epochs),
		bad(c.Batch >= shards && c.Batch <= 8192 && c.Batch%shards == 0,
			"batch is %d, want a multiple of %d from %d to 8,192", c.Batch, shards, shards),
		bad(c.LR > 0 && c.LR < 100, "learning rate is %g, want above 0", c.LR),
		bad(c.Momentum >= 0 && c.Momentum < 1, "momentum is %g, want 0 to below 1", c.Momentum),
		bad(c.WeightDecay >= 0 && c.WeightDecay < 1, "weight decay is %g, want 0 to below 1", c.WeightDecay),
		bad(c.Average >= 0 && c.Average < 1, "average is %g, want 0 to below 1", c.Average),
		bad(c.Warmup >= 0, "warm-up is %g epochs, want 0 or more", c.Warmup),
		bad(c.Limit >= 0, "limit is %d, want 0 or more", c.Limit),
		bad(oneOf(c.Optimizer, "sgd", "adam"), "optimizer is %q, want sgd or adam", c.Optimizer),
		bad(oneOf(c.Schedule, "constant", "step", "cosine"), "schedule is %q, want constant, step or cosine", c.Schedule),
		bad(oneOf(c.Loss, "cross-entropy", "mse", "map"), "loss is %q, want cross-entropy, mse or map", c.Loss),
		c.Augment.validate(),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func oneOf(s string, list ...string) bool { return slices.Contains(list, s) }
