package metrics

import (
	"slices"
	"strings"
	"testing"
)

func TestInceptionScoreClosedForms(t *testing.T) {
	sure := []float64{1, 0, 0, 0, 1, 0, 0, 0, 1} // each class once, certain: the number of classes
	for _, c := range []struct {
		name   string
		p      []float64
		splits int
		want   float64
	}{
		{"certain and diverse", slices.Repeat(sure, 4), 4, 3},
		{"all the same", slices.Repeat([]float64{0.2, 0.5, 0.3}, 12), 3, 1},
		{"certain in one class", slices.Repeat([]float64{0, 1, 0}, 12), 0, 1},
	} {
		got, err := InceptionScore(featuresOf(t, "samples", 12, 3, c.p), c.splits)
		if err != nil || !near(got.Value, c.want, 1e-12) {
			t.Errorf("%s: %v, %v, want %v", c.name, got.Value, err, c.want)
		}
	}
}

func TestInceptionScoreRefuses(t *testing.T) {
	p := []float64{0.5, 0.5, 1.5, -0.5}
	for want, f := range map[string]func() (Score, error){
		"class 1 with probability -0.5; give probabilities": func() (Score, error) { return InceptionScore(featuresOf(t, "samples", 2, 2, p), 1) },
		"picture 0 of samples sum to 0.8":                   func() (Score, error) { return InceptionScore(featuresOf(t, "samples", 1, 2, []float64{0.5, 0.3}), 1) },
		"3 splits of 2 samples; give from 1 to 2":           func() (Score, error) { return InceptionScore(featuresOf(t, "samples", 2, 2, p), 3) },
	} {
		if _, err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
