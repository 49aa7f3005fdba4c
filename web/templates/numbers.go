package templates

import "strconv"

// Count writes a whole number with commas between thousands, as the page's
// Intl.NumberFormat does in English and in Chinese: 62902 → "62,902".
func Count(n int) string {
	s := strconv.Itoa(n)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Percent writes a share 0…1 with two decimals and a no-break space: "99.21 %".
func Percent(share float64) string {
	return strconv.FormatFloat(share*100, 'f', 2, 64) + "\u00a0%"
}
