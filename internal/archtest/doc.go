// Package archtest holds the rules of the source tree as tests: which package
// may import which, what the engine must not know, how long a file may be, and
// which names a package may not have. It has no code but tests. The tests read
// the files themselves: a test that asks `go list` is answered from the test
// cache and misses the change.
package archtest
