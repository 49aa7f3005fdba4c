package bench

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"
)

// quiet waits until the machine has been idle for a moment, at most so long, and says whether it is.
// Where the system does not tell (there is no /proc/stat), it is not.
func quiet(ctx context.Context, limit time.Duration) bool {
	end := time.Now().Add(limit)
	for {
		idle, all, ok := processorTime()
		if !ok || !sleep(ctx, idleWindow) {
			return false
		}
		idleThen, allThen, _ := processorTime()
		if allThen > all && float64(idleThen-idle) >= idleShare*float64(allThen-all) {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// processorTime returns the ticks that all processors were idle, and all their ticks, since the
// system started.
func processorTime() (idle, all int64, ok bool) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, false
	}
	return parseStat(string(b))
}

// parseStat reads the first line of /proc/stat: user nice system idle iowait irq …; proc(5).
func parseStat(text string) (idle, all int64, ok bool) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < 6 || fields[0] != "cpu" {
		return 0, 0, false
	}
	for i, f := range fields[1:min(len(fields), 9)] { // guest time stands in user time already
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, 0, false
		}
		all += n
		if i == 3 || i == 4 {
			idle += n
		}
	}
	return idle, all, true
}
