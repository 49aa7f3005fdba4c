// Package wire looks over a message in the binary format of protocol buffers before it is
// decoded: that it is whole, that its fields have the types of their description, and that
// decoding it cannot take much more memory than the bytes themselves. A decoder alone does not
// say so: of 2 bytes for an empty message it makes a hundred, and one byte of a packed list
// becomes eight.
//
// Format: protobuf.dev/programming-guides/encoding.
package wire
