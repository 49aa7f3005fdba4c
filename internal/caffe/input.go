package caffe

import (
	"math"

	"vizserver/internal/caffe/caffepb"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// findInput says which blob a run starts from: the net's own first input, else the first top
// of a data layer, one of the TEST phase before others.
func (w *wiring) findInput(net *caffepb.NetParameter) error {
	if len(net.GetInput()) > 0 {
		w.input = net.GetInput()[0]
		return nil
	}
	for i := range w.layers {
		l := &w.layers[i]
		if others[l.GetType()] != data || len(l.GetTop()) == 0 {
			continue
		}
		if w.maker < 0 || !inTest(w.layers[w.maker].LayerParameter) && inTest(l.LayerParameter) {
			w.maker, w.input = i, l.GetTop()[0]
		}
	}
	if w.maker < 0 {
		return fault.New(fault.Unprocessable, "the Caffe model has no input: neither a field input nor a layer of data")
	}
	return nil
}

// inputShape returns the size of the input for a batch of one, and the number of its axes
// in Caffe.
func (w *wiring) inputShape(net *caffepb.NetParameter, o Options) (nn.Shape, int, error) {
	if o.Input != [4]int{} {
		return w.checkInput([]int64{1, int64(o.Input[1]), int64(o.Input[2]), int64(o.Input[3])})
	}
	dims := w.statedInput(net)
	if dims == nil {
		return nn.Shape{}, 0, fault.New(fault.Unprocessable, "the Caffe model does not say the size of its input %s", shown(w.input)).
			WithHint("give it: --input-shape 1,3,227,227 (batch, channels, height, width)")
	}
	return w.checkInput(dims)
}

func (w *wiring) checkInput(dims []int64) (nn.Shape, int, error) {
	s := nn.Shape{N: 1, C: 1, H: 1, W: 1}
	for i, at := range map[int][]*int{2: {nil, &s.C}, 3: {nil, &s.C, &s.W}, 4: {nil, &s.C, &s.H, &s.W}}[len(dims)] {
		if at != nil {
			if dims[i] < 1 || dims[i] > math.MaxInt32 {
				return s, 0, fault.New(fault.Unprocessable, "the input %s has the size %v", shown(w.input), dims)
			}
			*at = int(dims[i])
		}
	}
	if n := len(dims); n < 2 || n > 4 {
		return s, 0, fault.New(fault.Unsupported, "the input %s has %d axes; nets of 2 to 4 axes are run", shown(w.input), n)
	}
	if op.Project([]int{s.C, s.H, s.W}) == (nn.Shape{}) {
		return s, 0, fault.New(fault.TooLarge, "the input %s has the size %v: more numbers than a value can hold", shown(w.input), dims)
	}
	return s, len(dims), nil
}

// statedInput returns what the file says of the input's size, or nil.
func (w *wiring) statedInput(net *caffepb.NetParameter) []int64 {
	if w.maker < 0 {
		if s := net.GetInputShape(); len(s) > 0 {
			return s[0].GetDim()
		}
		if d := net.GetInputDim(); len(d) >= 4 {
			return []int64{int64(d[0]), int64(d[1]), int64(d[2]), int64(d[3])}
		}
		return nil
	}
	l := &w.layers[w.maker]
	if s := l.GetInputParam().GetShape(); len(s) > 0 {
		return s[0].GetDim()
	}
	if m := l.GetMemoryDataParam(); m != nil {
		return []int64{1, int64(m.GetChannels()), int64(m.GetHeight()), int64(m.GetWidth())}
	}
	if d := l.GetDummyDataParam(); len(d.GetShape()) > 0 {
		return d.GetShape()[0].GetDim()
	} else if len(d.GetChannels()) > 0 && len(d.GetHeight()) > 0 && len(d.GetWidth()) > 0 {
		return []int64{1, int64(d.GetChannels()[0]), int64(d.GetHeight()[0]), int64(d.GetWidth()[0])}
	}
	side := max(l.GetTransformParam().GetCropSize(), l.GetDataParam().GetCropSize(), l.GetImageDataParam().GetCropSize())
	channels := w.inputChannels()
	if side == 0 || channels == 0 {
		return nil
	}
	return []int64{1, channels, int64(side), int64(side)}
}

// inputChannels are those that the first convolution of the input has weights for; 0 where
// there is none.
func (w *wiring) inputChannels() int64 {
	for i := range w.layers {
		l := &w.layers[i]
		if l.GetType() != "Convolution" || len(l.from) == 0 || l.from[0].layer >= 0 || len(l.GetBlobs()) == 0 {
			continue
		}
		if _, dims, err := l.numbers(0); err == nil && len(dims) == 4 {
			return int64(dims[1]) * int64(l.GetConvolutionParam().GetGroup())
		}
	}
	return 0
}
