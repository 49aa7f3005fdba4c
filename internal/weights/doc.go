// Package weights reads and writes safetensors files, the one format in which this program keeps
// weights, goldens and traces. It checks every rule of the format before it hands out a number,
// and reads other formats nowhere.
//
// Format: github.com/huggingface/safetensors, README.md "Format": 8 bytes N (little-endian), a
// JSON header of N bytes, then the tensors' bytes, little-endian, row-major, without a hole.
package weights
