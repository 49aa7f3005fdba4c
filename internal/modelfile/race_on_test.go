//go:build race

package modelfile_test

const raceDetector = true
