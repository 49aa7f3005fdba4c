//go:build !race

package main

// raceDetector says that memory is watched by the race detector, which doubles it.
const raceDetector = false
