package cam

import (
	"time"

	"vizserver/internal/fault"
)

// Target is what a map explains: the score of a class, or by how much it beats others,
//
//	s = y_Class − mean of y over Against
//
// where y are the logits, in front of the softmax (for a net whose answer is a distance, less it).
// The second form answers "why husky and not malamute" (FinerCAM, Zhang et al., CVPR 2025, with α = 1).
type Target struct {
	Class   int
	Against []int
}

// Options are what a method needs besides the target. The zero value works; each method reads what
// concerns it.
type Options struct {
	// Sample is the sample of the batch that is explained.
	Sample int
	// Layers are the names of the values that the map is made of; empty: Layer's choice. Of several
	// layers the maps, each over its largest absolute value, are averaged in the finest grid.
	Layers []string
	// Samples are the noisy inputs, steps or masks of methods that repeat; 0: the method's own number.
	Samples int
	// Noise is the standard deviation of noise over the range of the input; 0: the method's own.
	Noise float64
	// Seed starts the random numbers: the same seed gives the same map, bit for bit.
	Seed uint64
	// Window and Stride are the occluder's size and step in pixels; 0: an eighth and a sixteenth of the side.
	Window, Stride int
	// Baseline is what "nothing" is, as an input of one sample C×H×W; nil: zeros, which is the mean
	// colour of nets that normalise their photos.
	Baseline []float32
	// Time bounds the work; 0: no bound but ctx.
	Time time.Duration
	// Bytes bounds the memory that a method takes beside the run; 0: 2 GiB.
	Bytes int
	// Progress, where set, is told from time to time how much is done. It is called by the goroutine
	// of Explain.
	Progress func(done, total int)
}

// defaultBytes bounds a method's memory: the gradients of the largest nets of the zoo take 1.1 GiB.
const defaultBytes = 2 << 30

func (o *Options) bytes() int {
	if o.Bytes > 0 {
		return o.Bytes
	}
	return defaultBytes
}

func (o *Options) samples(own int) int {
	if o.Samples > 0 {
		return o.Samples
	}
	return own
}

func (o *Options) noise(own float64) float64 {
	if o.Noise > 0 {
		return o.Noise
	}
	return own
}

func invalid(format string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, format, args...)
}
