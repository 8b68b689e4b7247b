package lab

import (
	"slices"
	"strings"
)

// Series is one named line of points, in the order of X.
type Series struct {
	Name string    `json:"name"`
	X    []float64 `json:"x"` // training steps
	Y    []float64 `json:"y"`
}

// Curves is what a run's events say over its steps, one series a scalar.
type Curves []Series

// CurvesOf collects the scalars of events into series, sorted by name with those called "loss" first.
func CurvesOf(events []Event) Curves {
	at := map[string]int{}
	var out Curves
	for _, e := range events {
		for name, v := range e.Values {
			i, ok := at[name]
			if !ok {
				i = len(out)
				at[name] = i
				out = append(out, Series{Name: name})
			}
			out[i].X = append(out[i].X, float64(e.Step))
			out[i].Y = append(out[i].Y, v)
		}
	}
	slices.SortFunc(out, func(a, b Series) int {
		la, lb := a.Name == "loss", b.Name == "loss"
		if la != lb {
			if la {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

// Select returns the series with the given names, in that order; names that are not there are left out.
func (c Curves) Select(names ...string) Curves {
	var out Curves
	for _, n := range names {
		for _, s := range c {
			if s.Name == n {
				out = append(out, s)
			}
		}
	}
	return out
}
