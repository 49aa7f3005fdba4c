package zoo

import "strings"

// Nearest returns the name of the table that is closest to what the user
// wrote, by edit distance without regard to case.
func Nearest(name string) string {
	const longest = 64 // nobody means a longer one
	name = strings.ToLower(name[:min(len(name), longest)])
	best, least := "", longest*2
	for _, candidate := range Names() {
		if d := distance(name, candidate); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance is Levenshtein's: the least number of bytes put in, taken out or changed.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
