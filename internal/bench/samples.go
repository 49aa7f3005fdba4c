package bench

import (
	"math"
	"slices"
)

// samples are the runs of one engine, milliseconds.
type samples struct{ wall, cpu []float64 }

func (s *samples) add(wall, cpu float64) {
	s.wall = append(s.wall, wall)
	s.cpu = append(s.cpu, cpu)
}

func (s *samples) times() Times {
	return Times{
		Runs: len(s.wall), P10: percentile(s.wall, 0.1), P50: percentile(s.wall, 0.5),
		P95: percentile(s.wall, 0.95), CPU: percentile(s.cpu, 0.5),
	}
}

// percentile returns the number below which the share p of the list lies: the nearest of it.
func percentile(list []float64, p float64) float64 {
	if len(list) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[int(math.Round(p*float64(len(sorted)-1)))]
}
