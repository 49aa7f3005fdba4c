// Package nn is the inference engine: a graph of named operators over N×C×H×W
// float32 tensors, the model that binds weights to it, the plan that says how it
// is computed, the run that holds every activation of one input, and the views
// through which all others read them.
//
//	Graph ──bind──► Model ──Compile──► Plan ──Execute──► Run ──Value──► View
//
// The package knows nothing of HTTP, logs, files or pages. Operators live in
// nn/op, inner loops in nn/kernel.
package nn
