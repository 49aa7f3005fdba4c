package fault

import "strings"

// Nearest returns the candidate that is closest to what the user wrote, by edit
// distance without regard to case; the first of equals. It is for the hint of
// an error: "did you mean …?". No candidates give "".
func Nearest(word string, candidates []string) string {
	const longest = 64 // nobody means a longer one, and the work grows with its square
	word = strings.ToLower(word[:min(len(word), longest)])
	best, least := "", 0
	for i, c := range candidates {
		if d := distance(word, strings.ToLower(c)); i == 0 || d < least {
			best, least = c, d
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
