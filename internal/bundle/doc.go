// Package bundle reads and writes a whole model as one safetensors file: the weights as
// tensors, and everything else in __metadata__ under "vizserver", as JSON: the graph with its
// operators and its tree of blocks, labels, preprocessing, head, source and licence. Any
// reader of safetensors can open the weights; this package makes of it the same model again.
//
// The JSON writes operators as nn/op names and spells them: {"name":"conv1","op":"Conv",
// "attrs":{"Out":96,"Kernel":{"H":11,"W":11}},"inputs":["input"],"block":3}; what is zero is
// left out. Nodes stand in the order of execution; blocks stand in the order of the tree,
// each with the number of its parent (0: the net itself); layers are the numbers of the
// blocks that a viewer shows. Parameters are named by their node and specification:
// "conv1.weight".
package bundle
