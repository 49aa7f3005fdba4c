// Package keras reads nets that Keras saved: .keras (a zip of config.json and HDF5 weights)
// and the older .h5 (HDF5 with the config as an attribute), of Keras 2 and 3.
//
// It goes in two steps, for HDF5 is a dangerous format. [Convert] runs in a confined child
// process: it takes the container apart and writes safetensors, the weights under their
// paths, the config as metadata. [Read] runs in the parent on that: it follows the config,
// Sequential or Functional, and makes draft nodes, with the weights turned from Keras's
// order (rows, columns, channels) to the engine's. Nothing in the file is ever evaluated:
// what is not in the table of layers is refused by its name.
package keras
