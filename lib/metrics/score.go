package metrics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"darkroom/lib/lab"
)

// Score is one number about a whole set of pictures.
type Score struct {
	Name      string  // "fid": the key in lab.Result.Metrics
	Value     float64 //
	Low, High float64 // ends of the 95 % interval; both are Value where the measure has none
	Better    string  // "higher", "lower", or empty where neither is better
	Protocol  string  // everything that another laboratory must know to get the same number
	// Parts are the numbers whose mean Value is, where the measure cuts the set into blocks or splits; else nil.
	Parts []float64
}

// Metric returns the score as a run records it.
func (s Score) Metric() lab.Metric {
	m := lab.Metric{Value: s.Value, Protocol: s.Protocol, Better: s.Better}
	if s.Low < s.High {
		m.Low, m.High = &s.Low, &s.High
	}
	return m
}

// Describe writes the score for people: "fid 12.34 (FID, …)", with its interval if it has one.
func (s Score) Describe() string {
	value := fmt.Sprintf("%s %.4g", s.Name, s.Value)
	if s.Low < s.High {
		value += fmt.Sprintf(", 95 %% interval %.4g to %.4g", s.Low, s.High)
	}
	return value + " (" + s.Protocol + ")"
}

// ofParts is the score whose value is the mean of independent parts, with Student's 95 % interval.
func (s Score) ofParts(parts []float64) Score {
	s.Parts = parts
	mean, std := stat.MeanStdDev(parts, nil)
	s.Value, s.Low, s.High = mean, mean, mean
	if n := float64(len(parts)); n > 1 {
		half := distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile(0.975) * std / math.Sqrt(n)
		s.Low, s.High = mean-half, mean+half
	}
	return s
}
