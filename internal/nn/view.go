package nn

import (
	"fmt"
	"math"

	"vizserver/internal/fault"
)

// Region is a box of a value: one sample, channels C0…C1, rows Y0…Y1, columns
// X0…X1, ends excluded.
type Region struct{ N, C0, C1, Y0, Y1, X0, X1 int }

// Len returns the number of values in the region.
func (r Region) Len() int { return (r.C1 - r.C0) * (r.Y1 - r.Y0) * (r.X1 - r.X0) }

// Whole returns the region of one sample of a value.
func Whole(s Shape) Region { return Region{C1: s.C, Y1: s.H, X1: s.W} }

// View reads one value of a run as planar float32, whatever the layout that the
// plan stored it in. It is valid until the run is released.
type View struct {
	Value *Value
	run   *Run
	shape Shape
}

// Stats sums up the values of a region.
type Stats struct {
	Min, Max, Mean, Std float32
	Zeros               float32 // share of exact zeros, 0…1
}

// NameError says that a net has no value of this name.
type NameError struct{ Net, Name string }

func (e *NameError) Error() string { return fmt.Sprintf("%s has no value %q", e.Net, e.Name) }

// Kind says that the thing does not exist.
func (e *NameError) Kind() fault.Kind { return fault.NotFound }

// RegionError says that a region lies outside its value.
type RegionError struct {
	Region Region
	Shape  Shape
}

func (e *RegionError) Error() string {
	return fmt.Sprintf("region %+v lies outside a value of %v", e.Region, e.Shape)
}

// Kind marks the error as the caller's to mend.
func (e *RegionError) Kind() fault.Kind { return fault.Invalid }

// Value returns the view of a value by its name.
func (r *Run) Value(name string) (View, error) {
	v := r.plan.Model.Graph.Value(name)
	if v == nil {
		return View{}, &NameError{Net: r.plan.Model.Name, Name: name}
	}
	return r.ViewOf(v), nil
}

// ViewOf returns the view of a value of this run's graph.
func (r *Run) ViewOf(v *Value) View { return View{Value: v, run: r, shape: r.plan.shapes[v.Index]} }

// Shape returns the value's size, batch included.
func (v View) Shape() Shape { return v.shape }

// Check says whether a region lies inside the value.
func (v View) Check(r Region) error {
	s := v.shape
	in := func(a, b, n int) bool { return a >= 0 && a < b && b <= n }
	if r.N < 0 || r.N >= s.N || !in(r.C0, r.C1, s.C) || !in(r.Y0, r.Y1, s.H) || !in(r.X0, r.X1, s.W) {
		return &RegionError{Region: r, Shape: s}
	}
	return nil
}

// Read copies a region to dst, channel by channel, row by row. The caller owns dst;
// it has at least Len values.
func (v View) Read(dst []float32, r Region) error {
	if err := v.Check(r); err != nil {
		return err
	}
	v.run.state.Read(v.Value, dst, r)
	return nil
}

// At returns one value of the first sample; the place lies inside the value.
func (v View) At(c, y, x int) float32 {
	return v.run.state.Tensor(v.Value).At(0, c, y, x)
}

// Stats sums up a region in one pass.
func (v View) Stats(r Region) (Stats, error) {
	if err := v.Check(r); err != nil {
		return Stats{}, err
	}
	s := Stats{Min: float32(math.Inf(1)), Max: float32(math.Inf(-1))}
	var sum, sq float64
	zeros := 0
	t := v.run.state.Tensor(v.Value)
	for c := r.C0; c < r.C1; c++ {
		p := t.Plane(r.N, c)
		for y := r.Y0; y < r.Y1; y++ {
			for _, a := range p[y*v.shape.W+r.X0 : y*v.shape.W+r.X1] {
				s.Min, s.Max = min(s.Min, a), max(s.Max, a)
				sum += float64(a)
				sq += float64(a) * float64(a)
				if a == 0 {
					zeros++
				}
			}
		}
	}
	n := float64(r.Len())
	mean := sum / n
	s.Mean = float32(mean)
	s.Std = float32(math.Sqrt(max(0, sq/n-mean*mean)))
	s.Zeros = float32(float64(zeros) / n)
	return s, nil
}
