// Package onnx reads a net from an ONNX file. The container part (parse, tensor, external, attr,
// fold) turns the protobuf into a checked list of nodes and constants, within limits; the
// importer turns those into the nodes of internal/draft. It never runs anything that a file asks
// for, and opens no other file than external data inside the model's own folder.
//
// Format: github.com/onnx/onnx, onnx/onnx.proto (IR version 3 and later) and docs/IR.md;
// operators: docs/Operators.md and docs/Changelog.md.
package onnx
