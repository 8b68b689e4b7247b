package metrics

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// axes is a set of 2d vectors whose mean is given and whose covariance (divisor 2d−1) is diagonal with the given standard deviations.
func axes(t *testing.T, of string, mean, std []float64) Features {
	t.Helper()
	d := len(mean)
	var values []float64
	for k := range d {
		for _, sign := range []float64{-1, 1} {
			v := slices.Clone(mean)
			v[k] += sign * std[k] * math.Sqrt(float64(2*d-1)/2)
			values = append(values, v...)
		}
	}
	return featuresOf(t, of, 2*d, d, values)
}

func TestFIDOfKnownMoments(t *testing.T) {
	// Covariances that commute: |μ₁ − μ₂|² + Σ (σ₁ − σ₂)².
	a, b := axes(t, "a", []float64{0, 1, 2}, []float64{1, 2, 3}), axes(t, "b", []float64{1, 1, 0}, []float64{2, 2, 0.5})
	got, err := FID(a, b)
	if want := 5 + 1 + 0 + 6.25; err != nil || !near(got.Value, want, 1e-12) {
		t.Errorf("FID %v, %v, want %v", got.Value, err, want)
	}
	// Two by two, not commuting: tr (Σ₁Σ₂)^½ = √(tr Σ₁Σ₂ + 2 √(det Σ₁ det Σ₂)), as its eigenvalues λ, μ have (√λ + √μ)² = λ + μ + 2 √(λμ).
	c1, c2 := mat.NewSymDense(2, []float64{2, 0.5, 0.5, 1}), mat.NewSymDense(2, []float64{1, -0.3, -0.3, 4})
	trace := 2*1 + 2*0.5*-0.3 + 1*4
	want := 3 + 5 - 2*math.Sqrt(trace+2*math.Sqrt((2-0.25)*(4-0.09)))
	if got, err := frechet([]float64{0, 0}, []float64{0, 0}, c1, c2); err != nil || !near(got, want, 1e-12) {
		t.Errorf("Fréchet distance %v, %v, want %v", got, err, want)
	}
}

func TestFIDOfSingularCovariances(t *testing.T) {
	// The same with features that never change, or that repeat others, as the dead and doubled units of a network do: no NaN, and the closed form.
	a := axes(t, "a", []float64{0, 1, 2, 5}, []float64{1, 2, 0, 0})
	b := axes(t, "b", []float64{0, 1, 2, 5}, []float64{3, 0, 1, 0})
	got, err := FID(a, b)
	if want := 4.0 + 4 + 1; err != nil || !near(got.Value, want, 1e-12) {
		t.Errorf("FID %v, %v, want %v", got.Value, err, want)
	}
	doubled := func(f Features) Features {
		var values []float64
		for i := range f.N() {
			values = append(append(values, f.Row(i)...), f.Row(i)...)
		}
		return featuresOf(t, f.Of, f.N(), 2*f.Dim(), values)
	}
	a, b = axes(t, "a", []float64{0, 0, 1}, []float64{1, 2, 3}), axes(t, "b", []float64{0, 1, 0}, []float64{4, 1, 3})
	a, b = featuresOf(t, "a", 12, 3, slices.Repeat(a.m.Data, 2)), featuresOf(t, "b", 12, 3, slices.Repeat(b.m.Data, 2)) // enough pictures
	single, err1 := FID(a, b)
	double, err2 := FID(doubled(a), doubled(b))
	if err1 != nil || err2 != nil || !near(double.Value, 2*single.Value, 1e-9) {
		t.Errorf("FID %v of features, %v of the same twice; %v, %v", single.Value, double.Value, err1, err2)
	}
	constant := featuresOf(t, "constant", 5, 2, slices.Repeat([]float64{1, 2}, 5))
	other := featuresOf(t, "other", 5, 2, slices.Repeat([]float64{1, 5}, 5))
	if got, err := FID(constant, other); err != nil || !near(got.Value, 9, 1e-12) {
		t.Errorf("FID of two points at distance 3 is %v, %v", got.Value, err)
	}
}

func TestFIDOfASetWithItselfIsZero(t *testing.T) {
	for _, d := range []int{1, 5, 60} {
		f := gaussian(t, "a", 200, d, 3, 2, 1)
		got, err := FID(f, f)
		if err != nil || got.Value < 0 || got.Value > 1e-9*float64(d) {
			t.Errorf("%d features: FID %v, %v", d, got.Value, err)
		}
	}
}

func TestFIDNeedsMorePicturesThanFeatures(t *testing.T) {
	many, few := gaussian(t, "test", 100, 10, 0, 1, 1), gaussian(t, "samples", 10, 10, 0, 1, 2)
	for _, pair := range [][2]Features{{many, few}, {few, many}} {
		_, err := FID(pair[0], pair[1])
		if err == nil || !strings.Contains(err.Error(), "samples has 10 pictures for 10 features") || !strings.Contains(err.Error(), "KID") {
			t.Errorf("error is %v", err)
		}
	}
	if _, err := FID(many, gaussian(t, "samples", 11, 10, 0, 1, 2)); err != nil {
		t.Error(err)
	}
}
