package main

import (
	"runtime"
	"sync"
	"time"
)

// spinProbe keeps every core busy for a moment and returns how many cores' worth of time
// the machine gave: far fewer than it has if others work on it. Figures of speed mean
// little then; the ratio to the null server breaks when the real server's share of CPU is
// not to be had. 0 where the system does not tell.
func spinProbe() float64 {
	const long = 300 * time.Millisecond
	start, cpu := time.Now(), cpuTime()
	var spinning sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		spinning.Go(func() {
			for time.Since(start) < long {
			}
		})
	}
	spinning.Wait()
	return (cpuTime() - cpu).Seconds() / time.Since(start).Seconds()
}
