package caffe

import "testing"

// FuzzRead reads anything as a Caffe model: the result is a net that builds, or an error
// that is not our own fault.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"layers", "old", "pools"} {
		f.Add(golden(f, name+".caffemodel"))
	}
	f.Add(encode(f, net(conv(nil), make1("r", "ReLU", "conv", "conv"))))
	f.Fuzz(func(t *testing.T, b []byte) { survives(t, "input", b) })
}
