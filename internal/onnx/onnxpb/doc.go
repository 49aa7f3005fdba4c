// Package onnxpb holds the messages of the ONNX format that package onnx reads, with the field
// numbers of github.com/onnx/onnx, onnx/onnx.proto. What is not in onnx.proto here is skipped on
// reading.
package onnxpb

//go:generate go run vizserver/scripts/protogen onnx.proto
