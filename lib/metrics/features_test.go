package metrics

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// formula makes the features of testdata/make_features.py.
func formula(n, d, seed int, scale, shift float64) []float64 {
	u, s := make([]float64, n*d), uint32(seed)
	for i := range u {
		s = s*1664525 + 1013904223
		u[i] = float64(s>>8) / (1 << 24)
	}
	out := make([]float64, n*d)
	for i := range n {
		for k := range d {
			out[i*d+k] = (u[i*d+k]+u[i*d+(k+d-1)%d]/2)*scale*(1+float64(k)/float64(d)) + shift
		}
	}
	return out
}

func featuresOf(t *testing.T, of string, n, d int, values []float64) Features {
	t.Helper()
	f, err := NewFeatures("a formula", of, n, d, values)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// gaussian draws n vectors of independent N(mean, std²).
func gaussian(t *testing.T, of string, n, d int, mean, std float64, seed uint64) Features {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	values := make([]float64, n*d)
	for i := range values {
		values[i] = mean + std*random.NormFloat64()
	}
	return featuresOf(t, of, n, d, values)
}

func near(got, want, relative float64) bool { return math.Abs(got-want) <= relative*math.Abs(want) }

func TestAgreesWithTorchFidelityAndPRDC(t *testing.T) {
	b, err := os.ReadFile("testdata/features.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			N, M, D, K                           int
			Scale, Shift                         float64
			FID, KID, ISC                        float64
			Scipy                                float64 `json:"fid_scipy"`
			ISCStd                               float64 `json:"isc_std"`
			Precision, Recall, Density, Coverage float64
		}
	}
	if err := json.Unmarshal(b, &file); err != nil || len(file.Vectors) != 4 {
		t.Fatalf("%d vectors, %v", len(file.Vectors), err)
	}
	for _, v := range file.Vectors {
		name := fmt.Sprintf("%d and %d × %d", v.N, v.M, v.D)
		x := featuresOf(t, "reference", v.N, v.D, formula(v.N, v.D, 1, 1, 0))
		y := featuresOf(t, "samples", v.M, v.D, formula(v.M, v.D, 2, v.Scale, v.Shift))
		fid, err := FID(x, y)
		if err != nil || !near(fid.Value, v.FID, 1e-9) || !near(fid.Value, v.Scipy, 1e-9) {
			t.Errorf("%s: FID %v, %v; torch-fidelity has %v, scipy %v", name, fid.Value, err, v.FID, v.Scipy)
		}

		size := min(v.N, v.M) // one block of the first so many: what is in it does not hang on the seed
		first := make([]int, size)
		for i := range first {
			first[i] = i
		}
		kid, err := KID(x.take(first), y.take(first), KIDOptions{Block: size, Seed: 3})
		if err != nil || !near(kid.Value, v.KID, 1e-9) {
			t.Errorf("%s: KID %v, %v; torch-fidelity has %v", name, kid.Value, err, v.KID)
		}

		p := softmax(formula(v.M, v.D, 2, v.Scale, v.Shift), v.D)
		is, err := InceptionScore(featuresOf(t, "samples", v.M, v.D, p), 3)
		std := stat.PopStdDev(is.Parts, nil) // as numpy's
		if err != nil || !near(is.Value, v.ISC, 1e-9) || !near(std, v.ISCStd, 1e-6) {
			t.Errorf("%s: Inception score %v ± %v, %v; torch-fidelity has %v ± %v", name, is.Value, std, err, v.ISC, v.ISCStd)
		}

		m, err := PRDC(x, y, v.K)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []float64{v.Precision, v.Recall, v.Density, v.Coverage} {
			if got := m.Scores()[i]; !near(got.Value, want, 1e-12) {
				t.Errorf("%s: %s %v; prdc has %v", name, got.Name, got.Value, want)
			}
		}
	}
}

func softmax(logits []float64, classes int) []float64 {
	out := make([]float64, len(logits))
	for i := 0; i < len(out); i += classes {
		sum := 0.0
		for k := range classes {
			out[i+k] = math.Exp(logits[i+k])
			sum += out[i+k]
		}
		for k := range classes {
			out[i+k] /= sum
		}
	}
	return out
}

func TestFeaturesMustFit(t *testing.T) {
	for want, make := range map[string]func() (Features, error){
		"5 values are not 2 pictures × 3 features": func() (Features, error) { return NewFeatures("net", "test", 2, 3, make([]float32, 5)) },
		"0 values are not 0 pictures":              func() (Features, error) { return NewFeatures("net", "test", 0, 3, []float64{}) },
		"feature 1 of picture 1 is NaN": func() (Features, error) {
			return NewFeatures("net", "test", 2, 2, []float64{0, 0, 0, math.NaN()})
		},
		"feature 0 of picture 0 is +Inf": func() (Features, error) {
			return NewFeatures("net", "test", 1, 1, []float32{float32(math.Inf(1))})
		},
	} {
		if _, err := make(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestUnlikeFeaturesAreRefused(t *testing.T) {
	a, b := gaussian(t, "test", 50, 3, 0, 1, 1), gaussian(t, "samples", 50, 3, 0, 1, 2)
	other, wide := b, gaussian(t, "samples", 50, 4, 0, 1, 2)
	other.Network = "another formula"
	one := gaussian(t, "samples", 1, 3, 0, 1, 2)
	for name, of := range map[string]func(a, b Features) error{
		"FID":          func(a, b Features) error { _, err := FID(a, b); return err },
		"KID":          func(a, b Features) error { _, err := KID(a, b, KIDOptions{}); return err },
		"PRDC":         func(a, b Features) error { _, err := PRDC(a, b, 0); return err },
		"memorisation": func(a, b Features) error { _, err := Memorisation(a, a, b); return err },
	} {
		if err := of(a, b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, c := range []struct {
			b    Features
			want string
		}{
			{other, "test has features of a formula, but samples of another formula"},
			{wide, "test has 3 features a picture, but samples has 4"},
			{one, "samples has 1 pictures of the at least 2 needed"},
		} {
			if err := of(a, c.b); err == nil || !strings.HasPrefix(err.Error(), name+": ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %v does not say %q", name, err, c.want)
			}
		}
	}
}

func TestScores(t *testing.T) {
	a, b := gaussian(t, "test pictures", 50, 3, 0, 1, 1), gaussian(t, "samples", 60, 3, 0, 1, 2)
	fid, err := FID(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if want := "FID (Heusel 2017), 60 samples against 50 test pictures, features: a formula"; fid.Protocol != want {
		t.Errorf("protocol %q, want %q", fid.Protocol, want)
	}
	if m := fid.Metric(); m.Value != fid.Value || m.Protocol != fid.Protocol || m.Better != "lower" || m.Values != nil {
		t.Errorf("metric %+v", m)
	}
	if s := (Score{Name: "x", Value: 1.5, Low: 1, High: 2, Protocol: "p"}).Describe(); s != "x 1.5, 95 % interval 1 to 2 (p)" {
		t.Errorf("described as %q", s)
	}
	// Student's interval of 1, 2, 3: 2 ± 4.302653 / √3 (quantile from a table).
	if s := (Score{}).ofParts([]float64{1, 2, 3}); s.Value != 2 || !near(s.High-2, 4.302653/math.Sqrt(3), 1e-6) || !near(2-s.Low, s.High-2, 1e-12) {
		t.Errorf("interval %+v", s)
	}
}
