package plots

import (
	"math"
	"strings"
)

// Spark draws values as a line of text of at most width letters, from ▁ (smallest) to █ (largest). More values than letters
// are averaged; a letter without a finite value is a space.
func Spark(values []float64, width int) string {
	const levels = "▁▂▃▄▅▆▇█"
	letters := []rune(levels)
	n := min(len(values), width)
	if n < 1 {
		return ""
	}
	means := make([]float64, n)
	low, high := math.Inf(1), math.Inf(-1)
	for i := range means {
		sum, k := 0.0, 0
		for _, v := range values[i*len(values)/n : (i+1)*len(values)/n] {
			if finite(v) {
				sum += v
				k++
			}
		}
		means[i] = sum / float64(k) // NaN where there is none
		if k > 0 {
			low, high = math.Min(low, means[i]), math.Max(high, means[i])
		}
	}
	var b strings.Builder
	for _, m := range means {
		switch {
		case !finite(m):
			b.WriteByte(' ')
		case high == low:
			b.WriteRune(letters[len(letters)/2-1])
		default:
			b.WriteRune(letters[int(math.Round((m-low)/(high-low)*float64(len(letters)-1)))])
		}
	}
	return b.String()
}
