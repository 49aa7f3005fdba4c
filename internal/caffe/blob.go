package caffe

import (
	"slices"

	"vizserver/internal/caffe/caffepb"
	"vizserver/internal/nn"
)

// maxAxes is Caffe's kMaxBlobAxes; its 32 axes do not occur.
const maxAxes = 8

// numbers returns the values and the sizes of a layer's blob. The values are the message's
// own where it stores float; double is rounded.
func (l *layer) numbers(i int) ([]float32, []int, error) {
	if i >= len(l.GetBlobs()) {
		return nil, nil, l.bad("it has no weights number %d; is the file a .caffemodel without training?", i+1)
	}
	b := l.GetBlobs()[i]
	values, doubles := b.GetData(), b.GetDoubleData()
	if len(values) > 0 && len(doubles) > 0 {
		return nil, nil, l.bad("its weights number %d are stored as float and as double", i+1)
	}
	if len(doubles) > 0 {
		values = make([]float32, len(doubles))
		for k, v := range doubles {
			values[k] = float32(v)
		}
	}
	dims, ok := sizes(b, len(values))
	if !ok {
		return nil, nil, l.bad("its weights number %d have the size %v and %d values", i+1, dims, len(values))
	}
	return values, dims, nil
}

// sizes returns the sizes of a blob; false where their product is not n.
func sizes(b *caffepb.BlobProto, n int) ([]int, bool) {
	wide := b.GetShape().GetDim()
	if b.GetShape() == nil {
		if b.Num == nil && b.Channels == nil && b.Height == nil && b.Width == nil {
			return []int{n}, n > 0
		}
		wide = []int64{int64(b.GetNum()), int64(b.GetChannels()), int64(b.GetHeight()), int64(b.GetWidth())}
	}
	dims, product := make([]int, 0, min(len(wide), maxAxes)), int64(1)
	for _, d := range wide[:min(len(wide), maxAxes)] {
		dims = append(dims, int(d))
	}
	for _, d := range wide {
		if d < 1 || d > int64(n) || len(wide) > maxAxes {
			return dims, false
		}
		product *= d // below n·n before the next line, and n below 2³¹
		if product > int64(n) {
			return dims, false
		}
	}
	return dims, product == int64(n)
}

// params takes the blobs of a layer from number first on as these parameters. Sizes of 1 may
// stand anywhere: the older form writes a bias of 96 as 1×1×1×96.
func (l *layer) params(specs []nn.ParamSpec) ([]nn.Param, error) {
	if len(l.GetBlobs()) != len(specs) {
		return nil, l.bad("it has %d blobs of weights and needs %d", len(l.GetBlobs()), len(specs))
	}
	list := make([]nn.Param, len(specs))
	for i, spec := range specs {
		values, dims, err := l.numbers(i)
		if err != nil {
			return nil, err
		}
		if !slices.Equal(withoutOnes(dims), withoutOnes(spec.Dims)) {
			return nil, l.bad("its %s is %v and must be %v", spec.Name, dims, spec.Dims)
		}
		list[i] = nn.Param{Dims: spec.Dims, Data: values}
	}
	return list, nil
}

func withoutOnes(dims []int) []int {
	return slices.DeleteFunc(slices.Clone(dims), func(d int) bool { return d == 1 })
}

// vectorOf returns a blob of c values.
func (l *layer) vectorOf(i, c int) ([]float32, error) {
	values, dims, err := l.numbers(i)
	if err == nil && len(values) != c {
		err = l.bad("its weights number %d have the size %v and must be %d values", i+1, dims, c)
	}
	return values, err
}
