package lab

import (
	"fmt"
	"strings"
)

// Suggest returns ` (did you mean "x"?)` for the name nearest to what was typed, or "" if none is near.
func Suggest(typed string, known []string) string {
	best, at := "", len(typed)/2+2
	for _, k := range known {
		d := distance(typed, k)
		if len(typed) >= 3 && strings.HasPrefix(k, typed) { // the beginning of a name is near it, however long the rest
			d = 1
		}
		if d < at {
			best, at = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// distance is the number of bytes to insert, delete, replace or swap with their neighbour that make b of a (optimal string
// alignment: Levenshtein's distance with swaps).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
