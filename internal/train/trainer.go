package train

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"vizserver/internal/mnist"
	"vizserver/internal/nn"
	"vizserver/internal/nn/fast"
	"vizserver/internal/zoo"
)

// shards is how many parts a batch is cut into, whatever the number of workers: the
// parts' gradients are added in order, so that the sum is the same bits on 1 and on 16.
const shards = 4

// Progress tells where a training stands.
type Progress struct {
	Epoch, Epochs int // Epoch counts from 0
	Batch, Batchs int // of the epoch
	Loss          float64
	LR            float64
	Elapsed       time.Duration
	Left          time.Duration
}

// Trainer trains one network. It serves one goroutine.
type Trainer struct {
	// OnBatch, where set, is told the progress after every batch.
	OnBatch func(Progress)
	// OnEpoch, where set, is told the accuracy on the test digits after every epoch.
	OnEpoch func(epoch int, loss float64, test *Result)
	// Workers is the number of goroutines; 0: one for each core.
	Workers int

	c       Config
	entry   *zoo.Entry
	model   *nn.Model
	data    *mnist.Dataset
	n       int // digits trained on
	parts   [shards]*part
	names   []string
	params  [][]float32
	grads   [][]float32 // sums over the shards
	decay   []bool
	average [][]float32
	opt     *optimizer

	epoch, batch int
	lossSum      float64
}

// part is the memory of one shard.
type part struct {
	run    *nn.Run
	back   *nn.Backprop
	aug    *augmenter
	input  []float32
	labels []byte
	grad   []float32
	loss   float64
}

// New prepares a training from the start.
func New(c Config, data *mnist.Dataset) (*Trainer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	e, err := zoo.Find(c.Model)
	if err != nil {
		return nil, err
	}
	g, err := e.Graph()
	if err != nil {
		return nil, err
	}
	m, err := e.Bind(initWeights(g, c.Seed))
	if err != nil {
		return nil, err
	}
	t := &Trainer{c: c, entry: e, model: m, data: data, n: data.Len()}
	if c.Limit > 0 {
		t.n = min(t.n, c.Limit)
	}
	if t.n < c.Batch {
		return nil, &ConfigError{Text: "there are fewer digits than one batch holds"}
	}
	for _, n := range m.Graph.Nodes {
		for _, p := range n.Params {
			if p.Fixed {
				continue
			}
			w := m.Weights[p.Name].Data
			t.names = append(t.names, p.Name)
			t.params = append(t.params, w)
			t.grads = append(t.grads, make([]float32, len(w)))
			t.decay = append(t.decay, strings.HasSuffix(p.Name, ".weight"))
			t.average = append(t.average, append([]float32(nil), w...))
		}
	}
	t.opt = newOptimizer(&t.c, t.params)
	return t, t.makeParts()
}

func (t *Trainer) makeParts() error {
	size := t.c.Batch / shards
	plan, err := nn.Compile(t.model, nn.Options{Batch: size, Compiler: fast.Options{}.CompilePlanar})
	if err != nil {
		return err
	}
	for i := range t.parts {
		t.parts[i] = &part{
			run: plan.NewRun(), back: plan.NewBackprop(), aug: newAugmenter(t.c.Augment),
			input:  make([]float32, size*t.model.Graph.InputValue().Shape.Sample()),
			labels: make([]byte, size), grad: make([]float32, size*classes),
		}
	}
	return nil
}

// Epoch returns the number of finished epochs.
func (t *Trainer) Epoch() int { return t.epoch }

// Config returns the settings of the training.
func (t *Trainer) Config() Config { return t.c }

func (t *Trainer) perEpoch() int { return t.n / t.c.Batch }

// Run trains until the end or until ctx is done; it then stands between two batches,
// and Save keeps where it is.
func (t *Trainer) Run(ctx context.Context) error {
	start := time.Now()
	first := t.opt.step
	total := t.perEpoch() * t.c.Epochs
	for t.epoch < t.c.Epochs {
		order := rand.New(rand.NewPCG(t.c.Seed, uint64(t.epoch)+1)).Perm(t.n)
		for t.batch < t.perEpoch() {
			if err := ctx.Err(); err != nil {
				return err
			}
			lr := t.c.rate(t.opt.step, total, t.perEpoch())
			loss, err := t.step(ctx, order[t.batch*t.c.Batch:(t.batch+1)*t.c.Batch], lr)
			if err != nil {
				return err
			}
			t.lossSum += loss
			t.batch++
			t.report(lr, time.Since(start), first, total)
		}
		mean := t.lossSum / float64(t.perEpoch())
		t.epoch, t.batch, t.lossSum = t.epoch+1, 0, 0
		if t.OnEpoch != nil {
			m, err := t.Model()
			if err != nil {
				return err
			}
			r, err := Evaluate(ctx, m, mnist.Test())
			if err != nil {
				return err
			}
			t.OnEpoch(t.epoch, mean, r)
		}
	}
	return nil
}

func (t *Trainer) report(lr float64, spent time.Duration, first, total int) {
	if t.OnBatch == nil {
		return
	}
	done := t.opt.step - first
	left := time.Duration(float64(spent) / float64(done) * float64(total-t.opt.step))
	t.OnBatch(Progress{
		Epoch: t.epoch, Epochs: t.c.Epochs, Batch: t.batch, Batchs: t.perEpoch(),
		Loss: t.lossSum / float64(t.batch), LR: lr, Elapsed: spent, Left: left,
	})
}

// step takes one step of the optimizer on these digits. It is not cut short by ctx: a
// step is milliseconds, and half a step would leave the weights between two states.
func (t *Trainer) step(ctx context.Context, digits []int, lr float64) (float64, error) {
	ctx = context.WithoutCancel(ctx)
	var group errgroup.Group
	workers := t.Workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	group.SetLimit(min(workers, shards))
	size := t.c.Batch / shards
	for i, p := range t.parts {
		group.Go(func() error { return t.shard(ctx, p, digits[i*size:(i+1)*size]) })
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	var loss float64
	for _, p := range t.parts {
		loss += p.loss
	}
	t.sumGrads()
	t.opt.update(t.params, t.grads, t.decay, lr)
	t.averageWeights()
	return loss, nil
}

// shard computes loss and gradients of one part of the batch.
func (t *Trainer) shard(ctx context.Context, p *part, digits []int) error {
	per := len(p.input) / len(digits)
	var seed [32]byte
	for i, d := range digits {
		binary.LittleEndian.PutUint64(seed[:], t.c.Seed)
		binary.LittleEndian.PutUint64(seed[8:], uint64(t.epoch))
		binary.LittleEndian.PutUint64(seed[16:], uint64(d))
		r := rand.New(rand.NewChaCha8(seed)) // its own numbers for each digit and epoch, whoever draws it
		t.entry.Pre.Apply(p.input[i*per:(i+1)*per], p.aug.apply(t.data.Image(d), r))
		p.labels[i] = t.data.Labels[d]
	}
	if err := p.run.Execute(ctx, p.input); err != nil {
		return err
	}
	l := losses[t.c.Loss]
	v := l.value(t.model.Graph)
	y := make([]float32, len(p.grad))
	if err := readBatch(p.run.ViewOf(v), y); err != nil {
		return err
	}
	p.loss = l.f(y, p.labels, p.grad, 1/float64(t.c.Batch))
	p.back.Zero()
	return p.back.Run(p.run, nn.Seed{Value: v, Grad: p.grad})
}

func readBatch(v nn.View, dst []float32) error {
	s := v.Shape()
	for n := range s.N {
		r := nn.Whole(s)
		r.N = n
		if err := v.Read(dst[n*s.Sample():(n+1)*s.Sample()], r); err != nil {
			return err
		}
	}
	return nil
}

func (t *Trainer) sumGrads() {
	for s, p := range t.parts {
		k := 0
		for _, node := range p.back.ParamGrads {
			for _, g := range node {
				if g == nil {
					continue
				}
				if s == 0 {
					copy(t.grads[k], g)
				} else {
					for j, v := range g {
						t.grads[k][j] += v
					}
				}
				k++
			}
		}
	}
}

// averageWeights follows the weights by a moving average (Polyak and Juditsky 1992);
// early on it forgets faster, so that the first random weights leave it soon.
func (t *Trainer) averageWeights() {
	step := float64(t.opt.step)
	d := float32(min(t.c.Average, (1+step)/(10+step)))
	for i, p := range t.params {
		a := t.average[i]
		for j, v := range p {
			a[j] += (1 - d) * (v - a[j])
		}
	}
}

// Model returns a model with a copy of the trained weights: of their moving average,
// where the configuration asks for one.
func (t *Trainer) Model() (*nn.Model, error) {
	w := nn.Weights{}
	for name, p := range t.model.Weights {
		w[name] = nn.Param{Dims: p.Dims, Data: append([]float32(nil), p.Data...)}
	}
	if t.c.Average > 0 {
		for i, name := range t.names {
			copy(w[name].Data, t.average[i])
		}
	}
	return t.entry.Bind(w)
}
