// Package modelfile reads a model from a file of any format that the field uses. What a
// file is, its first bytes say. A file that holds a graph (ONNX, Keras, Caffe, our own
// bundle) gives that graph; one that holds weights alone (safetensors, PyTorch) is matched
// with the nets of the zoo by the names and sizes of its tensors. Pickles and HDF5 are read
// in a limited child process.
package modelfile
