package methods_test

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/gomlx/ml/model"
)

// gmmVectors are scikit-learn's numbers: see testdata/gmm.py.
type gmmVectors struct {
	Density struct {
		Mean, Variances, Weights []float32
		Noise                    float32
		Axes, Means, X           [][]float32
		Factors, Inverses        [][][]float32
		LogDensity               []float64 `json:"log_density"`
	}
	EM struct {
		Data, Start, Means [][]float64
		History, Weights   []float64
		Covariances        [][][]float64
	}
}

func readGMM(t *testing.T) (v gmmVectors) {
	t.Helper()
	b, err := os.ReadFile("testdata/gmm.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// joined writes rows one after the other.
func joined[T any](rows [][]T) (out []T) {
	for _, r := range rows {
		out = append(out, r...)
	}
	return out
}

func TestGMMDensity(t *testing.T) {
	v := readGMM(t).Density
	m := posedFor(t, "gmm", lab.Set{"latent": 2, "components": 3, "pixels": "grey"}, 2, 1).(*methods.GMM)
	store := model.NewStore()
	logs := make([]float32, 3)
	for i, w := range v.Weights {
		logs[i] = float32(math.Log(float64(w)))
	}
	for path, a := range map[string]methods.Array{
		"pca/mean": {[]int{4}, v.Mean}, "pca/axes": {[]int{2, 4}, joined(v.Axes)}, "pca/variances": {[]int{2}, v.Variances}, "pca/noise": {[]int{1}, []float32{v.Noise}},
		"gmm/log-weights": {[]int{3}, logs}, "gmm/means": {[]int{3, 2}, joined(v.Means)},
		"gmm/factors": {[]int{3, 2, 2}, joined(joined(v.Factors))}, "gmm/inverses": {[]int{3, 2, 2}, joined(joined(v.Inverses))},
	} {
		if _, err := store.CreateVariable(path, tensor(a.Data, a.Shape...)); err != nil {
			t.Fatal(err)
		}
	}
	got := flat(model.MustCallOnce(xlatest.Backend(t), store, m.LogDensity, tensor(joined(v.X), len(v.X), 2, 2, 1)))
	for i, want := range v.LogDensity {
		if math.Abs(float64(got[i])-want) > 1e-4*(1+math.Abs(want)) {
			t.Errorf("image %d: log-density %g, want %g", i, got[i], want)
		}
	}
}

func TestGMMMaximise(t *testing.T) {
	v := readGMM(t).EM
	var data []float32
	for _, x := range joined(v.Data) {
		data = append(data, float32(x))
	}
	history, weights, means, covariances, err := methods.Maximise(runner{xlatest.Backend(t)}, data, v.Start, len(v.History), 1e-6)
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) < 1e-4*(1+math.Abs(want))) {
			t.Errorf("%s is %g, want %g", what, got, want)
		}
	}
	if len(history) != len(v.History) {
		t.Fatalf("%d iterations, want %d", len(history), len(v.History))
	}
	for i, want := range v.History {
		near("the likelihood", history[i], want)
		if i > 0 && history[i] < history[i-1] {
			t.Errorf("iteration %d: the likelihood fell from %g to %g", i, history[i-1], history[i])
		}
	}
	for k := range weights {
		near("a weight", weights[k], v.Weights[k])
		for i := range 2 {
			near("a mean", means[k][i], v.Means[k][i])
			for j := range 2 {
				near("a covariance", covariances[k].At(i, j), v.Covariances[k][i][j])
			}
		}
	}
}

// TestGMMFit fits two kinds of images, black and white with some noise: the samples are of both kinds, as often as the data's.
func TestGMMFit(t *testing.T) {
	const images, side = 400, 2
	m := posedFor(t, "gmm", lab.Set{"latent": 2, "components": 2, "pixels": "grey", "tolerance": 1e-4}, side, 1).(*methods.GMM)
	noise := uniform(3, images*side*side)
	x := methods.Images{N: images, Height: side, Width: side, Channels: 1, At: func(i int) []uint8 {
		out := make([]uint8, side*side)
		for j := range out {
			out[j] = uint8(40 * noise[i*side*side+j])
			if i%4 == 0 {
				out[j] += 200
			}
		}
		return out
	}}
	vars, err := m.Fit(runner{xlatest.Backend(t)}, x)
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	for path, a := range vars {
		if _, err := store.CreateVariable(path, tensor(a.Data, a.Shape...)); err != nil {
			t.Fatal(err)
		}
	}
	const samples = 1000
	got := flat(model.MustCallOnce(xlatest.Backend(t), store, m.Sample, tensor(normal(4, samples*3), samples, 3)))
	white := 0
	for i := range samples {
		switch v := got[i*side*side]; {
		case v > 0.6:
			white++
		case v > 0.35:
			t.Fatalf("sample %d is %v, neither black nor white", i, v)
		}
	}
	if share := float64(white) / samples; math.Abs(share-0.25) > 0.05 {
		t.Errorf("%g of the samples are white, 0.25 of the data", share)
	}
	x.N = 1
	if _, err := m.Fit(runner{xlatest.Backend(t)}, x); err == nil || !strings.Contains(err.Error(), "gmm: components = 2, but there are only 1 training images; use at most 1") {
		t.Errorf("error %v", err)
	}
}
