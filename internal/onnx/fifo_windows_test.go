package onnx

import "testing"

func fifo(*testing.T, string) {}
