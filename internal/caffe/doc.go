// Package caffe reads the models of Caffe (.caffemodel, a binary NetParameter with weights)
// into a draft.Net: both forms of the layer list, layer (since 2015) and layers (bvlc_alexnet,
// bvlc_googlenet and all of their time). It makes of the net what Caffe runs in its TEST
// phase: layers for training alone, accuracies and losses are left out, and a
// SoftmaxWithLoss is a Softmax.
//
// It reads no text (.prototxt), and runs nothing.
package caffe
