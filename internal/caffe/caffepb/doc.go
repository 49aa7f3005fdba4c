// Package caffepb holds the protocol buffers of Caffe's models, as far as they say what a
// net computes. The code is generated from caffe.proto.
package caffepb

//go:generate go run vizserver/scripts/protogen caffe.proto
