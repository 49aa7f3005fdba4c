// Package fast compiles a model into fused steps on blocked memory (kernel.Blocked), for the
// kernels of the processor at hand. It computes what the reference does, up to rounding, and hides
// nothing: a convolution with the batch normalisation, the addition and the activation behind it is
// one step that stores one tensor, and the values between them are made again from it, or from the
// step's inputs, when somebody reads them. An operator without a fast kernel runs as the reference
// does, on planar copies.
package fast
