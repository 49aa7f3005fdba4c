package zoo

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

var inceptionV4Nets = []Entry{
	{
		Name: "inception-v4", Title: "Inception-v4", Year: 2016, Build: inceptionV4,
		Paper: "Szegedy et al., AAAI 2017 (arXiv:1602.07261)",
		Task:  ImageNet, Head: nn.Head{Kind: "softmax"}, GAP: true,
		Image: nn.ImagePre{
			Size: 299, Resize: 341, Resample: "bicubic", Range: 1, // 299/0.875, rounded down
			Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5},
			Source: "timm, default_cfgs of inception_v4.tf_in1k",
		},
	},
}

// inceptionV4 builds Szegedy et al. 2017, Fig. 9, in timm's names: the stem (Fig. 3), four
// Inception-A (Fig. 4), Reduction-A (Fig. 7), seven Inception-B (Fig. 5), Reduction-B (Fig. 8)
// and three Inception-C (Fig. 6). Input N×3×299×299, output
// N×1000. 42,679,816 parameters.
func inceptionV4(g *nn.Graph) {
	x := v4Stem(g, photo(g, 299))
	one, three, half := square(0, 1, 1, 0), square(0, 3, 1, 1), square(0, 3, 2, 0)
	row, column := line(1, 7), line(7, 1)
	at := 6 // the place in timm's list "features"
	path := func() string {
		at++
		return fmt.Sprintf("features.%d", at-1)
	}
	x = block(g, "stage1", "stage", func() *nn.Value {
		x := x
		for range 4 {
			x = v4Module(g, path(), "inception-a", 96, x,
				chain{{96, one}}, chain{{64, one}, {96, three}}, chain{{64, one}, {96, three}, {96, three}})
		}
		return x
	})
	x = block(g, "stage2", "stage", func() *nn.Value {
		x := reduction(g, path(), "reduction-a", x, chain{{384, half}}, chain{{192, one}, {224, three}, {256, half}})
		for range 7 {
			x = v4Module(g, path(), "inception-b", 128, x,
				chain{{384, one}}, chain{{192, one}, {224, row}, {256, column}},
				chain{{192, one}, {192, column}, {224, row}, {224, column}, {256, row}})
		}
		return x
	})
	x = block(g, "stage3", "stage", func() *nn.Value {
		x := reduction(g, path(), "reduction-b", x,
			chain{{192, one}, {192, half}}, chain{{256, one}, {256, row}, {320, column}, {320, half}})
		for range 3 {
			x = v4ModuleC(g, path(), x)
		}
		return x
	})
	gapHead(g, "global_pool.pool", "global_pool.flatten", "last_linear", 1000, x)
}

// v4Stem is Fig. 3: three convolutions, then three times two branches, of which one may be
// max pooling. Output: 384×35×35.
func v4Stem(g *nn.Graph, x *nn.Value) *nn.Value {
	return block(g, "stem", "stem", func() *nn.Value {
		x := timmConv(g, "features.0", square(32, 3, 2, 0), x)
		x = timmConv(g, "features.1", square(32, 3, 1, 0), x)
		x = timmConv(g, "features.2", square(64, 3, 1, 1), x)
		x = concat(g, "features.3.cat", maxPool(g, "features.3.maxpool", 3, 2, 0, false, x), timmConv(g, "features.3.conv", square(96, 3, 2, 0), x))
		one, last := square(0, 1, 1, 0), square(0, 3, 1, 0)
		x = concat(g, "features.4.cat", timmBranches(g, "features.4", x,
			chain{{64, one}, {96, last}}, chain{{64, one}, {64, line(1, 7)}, {64, line(7, 1)}, {96, last}})...)
		return concat(g, "features.5.cat", timmConv(g, "features.5.conv", square(192, 3, 2, 0), x), maxPool(g, "features.5.maxpool", 3, 2, 0, false, x))
	})
}

// v4Module is Fig. 4 or 5: branches of convolutions, and average pooling with a 1×1
// convolution.
func v4Module(g *nn.Graph, path, kind string, pool int, x *nn.Value, list ...chain) *nn.Value {
	return block(g, path, kind, func() *nn.Value {
		maps := timmBranches(g, path, x, list...)
		return concat(g, path+".cat", append(maps, timmPooled(g, path, pool, x))...)
	})
}

// timmPooled adds branch3: average pooling that leaves the padding out, and a 1×1 convolution.
func timmPooled(g *nn.Graph, path string, out int, x *nn.Value) *nn.Value {
	path += ".branch3"
	return block(g, path, "branch", func() *nn.Value {
		x := avgPool(g, path+".0", op.AvgPool{Kernel: op.Square(3), Stride: op.Square(1), Pad: op.Square(1)}, x)
		return timmConv(g, path+".1", square(out, 1, 1, 0), x)
	})
}

// v4ModuleC is Fig. 6: two of its branches end with a 1×3 and a 3×1 convolution side by side.
// Output: 1,536 maps.
func v4ModuleC(g *nn.Graph, path string, x *nn.Value) *nn.Value {
	step := func(name string, out int, c op.Conv, x *nn.Value) *nn.Value {
		c.Out = out
		return timmConv(g, path+"."+name, c, x)
	}
	fan := func(cat, row, column string, x *nn.Value) *nn.Value {
		return concat(g, path+cat, step(row, 256, line(1, 3), x), step(column, 256, line(3, 1), x))
	}
	one := square(0, 1, 1, 0)
	return block(g, path, "inception-c", func() *nn.Value {
		first := timmBranches(g, path, x, chain{{256, one}})[0]
		second := block(g, path+".branch1", "branch", func() *nn.Value {
			return fan(".cat", "branch1_1a", "branch1_1b", step("branch1_0", 384, one, x))
		})
		third := block(g, path+".branch2", "branch", func() *nn.Value {
			x := step("branch2_1", 448, line(3, 1), step("branch2_0", 384, one, x))
			return fan(".cat#2", "branch2_3a", "branch2_3b", step("branch2_2", 512, line(1, 3), x))
		})
		return concat(g, path+".cat#3", first, second, third, timmPooled(g, path, 256, x))
	})
}
