package zoo

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

var fractalNets = []Entry{
	{
		Name: "fractalnet", Title: "FractalNet", Year: 2016, Build: fractalNet,
		Paper: "Larsson, Maire and Shakhnarovich, ICLR 2017 (arXiv:1605.07648)",
		Task:  CIFAR10, Head: nn.Head{Kind: "softmax"},
		Image: nn.ImagePre{
			Size: 32, Resize: 32, Resample: "bilinear", Range: 1,
			Mean: [3]float32{0.4914, 0.4822, 0.4465}, Std: [3]float32{0.2470, 0.2435, 0.2616},
			Source: "mean and standard deviation of the CIFAR-10 training set; the paper names no preprocessing for its 32×32 nets",
		},
	},
}

// fractalNet builds the CIFAR net of Larsson et al., §4.1, with B = 5 blocks of C = 4
// columns: 64, 128, 256, 512 and 512 maps of 3×3 convolutions with batch normalisation and
// ReLU, 2×2 max pooling after each block; the longest path has 5·2³ = 40 convolutions.
// After five poolings a map is a single value. Input N×3×32×32, output N×10. 76,106,634
// parameters; the paper's own counts do not follow from its rule.
func fractalNet(g *nn.Graph) {
	x := photo(g, 32)
	for b, maps := range []int{64, 128, 256, 512, 512} {
		f := fractal{g: g, path: fmt.Sprintf("block%d", b+1), maps: maps, made: map[int]int{}}
		x = block(g, fmt.Sprintf("stage%d", b+1), "stage", func() *nn.Value {
			x := block(g, f.path, "fractal", func() *nn.Value { return f.join(f.expand(4, x)) })
			return maxPool(g, fmt.Sprintf("pool%d", b+1), 2, 2, 0, false, x)
		})
	}
	g.In("head", "head", func() { softmax(g, fc(g, "fc", "flatten", 10, x)) })
}

// fractal builds one block. Column k of the four has 2ᵏ⁻¹ convolutions; made counts those
// that stand, so that column 4 tells how far down the block has come.
type fractal struct {
	g    *nn.Graph
	path string
	maps int
	made map[int]int
}

// expand is the paper's rule, eq. 1: f₁(z) = conv(z) and f₍c₊₁₎(z) = (f_c ∘ f_c)(z) ⊕ conv(z).
// It returns what the last ⊕ joins: joins that meet are one join of all columns, as the
// paper's Fig. 1 draws them.
func (f *fractal) expand(columns int, z *nn.Value) []*nn.Value {
	if columns == 1 {
		return []*nn.Value{f.conv(4, z)}
	}
	deep := f.expand(columns-1, f.join(f.expand(columns-1, z)))
	return append(deep, f.conv(5-columns, z))
}

// join is the mean of its inputs; one alone goes through. Its name tells its row.
func (f *fractal) join(in []*nn.Value) *nn.Value {
	if len(in) == 1 {
		return in[0]
	}
	return leaf(f.g, fmt.Sprintf("%s.join%d", f.path, f.made[4]), "add", op.Mean{}, in...)
}

func (f *fractal) conv(column int, x *nn.Value) *nn.Value {
	f.made[column]++
	path := fmt.Sprintf("%s.column%d.%d", f.path, column, f.made[column])
	return block(f.g, path, "branch", func() *nn.Value {
		return convBNReLU(f.g, path+".conv", path+".bn", path+".relu", square(f.maps, 3, 1, 1), 0, x)
	})
}
