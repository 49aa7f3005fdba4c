package op_test

import (
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// The products of a block of ViT-S/16 at 224×224: the first layer of its MLP, the scores of its heads.
func BenchmarkMatMul(b *testing.B) {
	for _, c := range []struct {
		name string
		op   op.MatMul
	}{
		{"mlp", op.MatMul{A: []int{197, 384}, B: []int{384, 1536}}},
		{"scores", op.MatMul{A: []int{6, 197, 64}, B: []int{6, 64, 197}}},
		{"vector", op.MatMul{A: []int{1536}, B: []int{1536, 1000}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			shapes := []nn.Shape{op.Project(c.op.A), op.Project(c.op.B)}
			out, err := c.op.Infer(shapes)
			if err != nil {
				b.Fatal(err)
			}
			in := []*nn.Tensor{nn.NewTensor(shapes[0]), nn.NewTensor(shapes[1])}
			for _, t := range in {
				for i := range t.Data {
					t.Data[i] = float32(i%7) - 3
				}
			}
			y := nn.NewTensor(out)
			b.ReportAllocs()
			for b.Loop() {
				c.op.Forward(in, nil, y)
			}
			b.ReportMetric(float64(c.op.MACs(shapes))*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
		})
	}
}
