package metrics

import (
	"fmt"
	"math"
)

// LabelHistogram counts how often each class occurs; the index is the class.
type LabelHistogram []int

// CountLabels returns the histogram of labels in 0 to classes-1; another label is an error.
func CountLabels(labels []int, classes int) (LabelHistogram, error) {
	if classes < 1 {
		return nil, fmt.Errorf("a label histogram needs at least 1 class, not %d", classes)
	}
	h := make(LabelHistogram, classes)
	for i, l := range labels {
		if l < 0 || l >= classes {
			return nil, fmt.Errorf("label %d at index %d is none of the %d classes 0 to %d", l, i, classes, classes-1)
		}
		h[l]++
	}
	return h, nil
}

// Total is the number of things counted.
func (h LabelHistogram) Total() int {
	n := 0
	for _, c := range h {
		n += c
	}
	return n
}

// Coverage is the number of classes that occur at least once.
func (h LabelHistogram) Coverage() int {
	n := 0
	for _, c := range h {
		if c > 0 {
			n++
		}
	}
	return n
}

// TotalVariation returns the total-variation distance ½ Σ |p − q| between the proportions of two histograms, from 0
// (equal) to 1 (no class in common). Different numbers of classes, an empty histogram and a negative count are
// errors.
func TotalVariation(p, q LabelHistogram) (float64, error) {
	if len(p) != len(q) {
		return 0, fmt.Errorf("the histograms have %d and %d classes; total variation needs the same classes in both",
			len(p), len(q))
	}
	for _, h := range []LabelHistogram{p, q} {
		for class, c := range h {
			if c < 0 {
				return 0, fmt.Errorf("the histogram counts class %d %d times; counts start at 0", class, c)
			}
		}
		if h.Total() == 0 {
			return 0, fmt.Errorf("a histogram of %d classes counts nothing; total variation needs at least one label in each",
				len(h))
		}
	}
	np, nq := float64(p.Total()), float64(q.Total())
	sum := 0.0
	for i := range p {
		sum += math.Abs(float64(p[i])/np - float64(q[i])/nq)
	}
	return sum / 2, nil
}
