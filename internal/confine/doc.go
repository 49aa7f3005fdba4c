// Package confine runs a reader of a dangerous format in a child process that may use little
// memory, little time and no file but the one it is given, and hands back what it wrote.
//
// Parsers of pickles and HDF5 die of hostile files in ways that no recover catches: the Go runtime
// ends a process that asks for 16 TiB. The border of a process is the one thing that holds them.
// The child is this program again: [Run] starts os.Executable with the job's name in the
// environment, and [Main], the first line of main and of every TestMain whose package uses Run,
// takes over there. A child reads its file from standard input, writes its result to standard
// output, and says why it refuses in one line of JSON on standard error; whatever else it writes
// there (a stack, a fatal error of the runtime) is for the log alone.
//
// On Linux the child limits itself by setrlimit before it reads a byte. On other systems a
// watchman inside the child ends it above its memory. The time limit holds everywhere, twice: the
// parent kills the child, and a child without a parent ends itself.
//
// The package knows no format, and it does not keep an attacker who already runs code of his own
// in the child from the system: it confines parsers, not programs.
package confine
