// Package pth turns a PyTorch checkpoint (.pth, .pt) into a safetensors file, without running a
// byte of it.
//
// A checkpoint is a zip archive with a pickle, data.pkl, and one member for each storage
// (torch/serialization.py, torch.save since 1.6). A pickle is a program: Python's own reader calls
// whatever it names. The unpickler here knows the opcodes that torch.save writes in protocols 2 to
// 5, and a short list of names, none of which it calls: it records what they would have made. What
// is not on the list is refused by name. Sizes are compared before memory is taken: declared storage
// with archive member, stride and offset with storage, members with one another.
//
// [Convert] is a job for package confine: a child process does it, so that a mistake in here, or in
// the standard library's zip reader, costs a child and not the server.
//
// Read: state dicts, bare or within a dict of a training script, of dense tensors. Not read: whole
// pickled modules, TorchScript, the formats before 1.6 (a tar, or a bare pickle), big-endian files,
// quantised and sparse tensors, complex numbers and 8-bit floats. Each has its own words, which say
// how to save the file again.
package pth
