package methods_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// references are what testdata/baselines.py made.
func references(t *testing.T) (vectors map[string][]float64, objective float64) {
	t.Helper()
	b, err := os.ReadFile("testdata/baselines.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	vectors = map[string][]float64{}
	for k, v := range all {
		if list, ok := v.([]any); ok {
			for _, x := range list {
				vectors[k] = append(vectors[k], x.(float64))
			}
		}
	}
	return vectors, all["tv_objective"].(float64)
}

// restored is what a method makes of a grey measurement.
func restored(t *testing.T, name, operator string, set lab.Set, y []float64, h, w int) []float64 {
	t.Helper()
	m := posed(t, name, operator, set).(methods.Restorer)
	single := make([]float32, len(y))
	for i, v := range y {
		single[i] = float32(v)
	}
	out := model.MustCallOnce(xlatest.Backend(t), model.NewStore(), func(s *model.Scope, y *graph.Node) *graph.Node {
		return m.Restore(s, y, nil)
	}, tensor(single, 1, h, w, 1))
	x := make([]float64, 0, len(y))
	for _, v := range flat(out) {
		x = append(x, float64(v))
	}
	return x
}

// TestBaselines compares the classical methods with SciPy, PyWavelets and their formulas in float64, pixel by pixel.
func TestBaselines(t *testing.T) {
	const h, w = 24, 36
	want, _ := references(t)
	for _, c := range []struct {
		name, method, operator string
		set                    lab.Set
		border                 int // left out
		tolerance              float64
	}{
		{"median", "median", "denoise25", nil, 0, 1e-6},
		{"wiener", "wiener", "denoise25", nil, 2, 1e-5},
		{"wiener_blur", "wiener", "gaussian1.6+denoise2", nil, 0, 2e-4}, // high frequencies are enlarged a hundredfold
		{"nlm", "nlm", "denoise25", lab.Set{"patch": 3, "search": 7}, 0, 1e-5},
		{"wavelet_sym8_spun", "wavelet", "denoise25", lab.Set{"levels": 3}, 0, 1e-5},
		{"wavelet_db2_spun", "wavelet", "denoise25", lab.Set{"levels": 2, "wavelet": "db2"}, 0, 1e-5},
		{"wavelet_haar", "wavelet", "denoise25", lab.Set{"levels": 3, "wavelet": "haar", "spin": false}, 0, 1e-5},
	} {
		got := restored(t, c.method, c.operator, c.set, want["y"], h, w)
		worst, change := 0.0, 0.0
		for i, v := range got {
			if y, x := i/w, i%w; y >= c.border && y < h-c.border && x >= c.border && x < w-c.border {
				worst = math.Max(worst, math.Abs(v-want[c.name][i]))
				change = math.Max(change, math.Abs(v-want["y"][i]))
			}
		}
		if worst > c.tolerance || change < 0.05 {
			t.Errorf("%s: %g from the reference, %g from the measurement", c.name, worst, change)
		}
	}
}

// TestTVIsOptimal: the objective, in float64, is within 1e-4 of the least one, which an accelerated dual method found with a duality gap below
// 1e-7, and never below it. More steps come closer. The objective's convexity bounds the distance: ½‖x − x*‖² ≤ P(x) − P(x*).
func TestTVIsOptimal(t *testing.T) {
	const h, w, lambda = 24, 36, 0.9 * 25 / 255
	want, least := references(t)
	y := want["y"]
	last := math.Inf(1)
	for _, iterations := range []int{20, 200} {
		x := restored(t, "tv", "denoise25", lab.Set{"iterations": iterations}, y, h, w)
		objective, apart := 0.0, 0.0
		for i, v := range x {
			down, right := 0.0, 0.0
			if i+w < h*w {
				down = x[i+w] - v
			}
			if (i+1)%w > 0 {
				right = x[i+1] - v
			}
			objective += 0.5*(v-y[i])*(v-y[i]) + lambda*math.Hypot(down, right)
			apart += 0.5 * math.Pow(v-want["tv"][i], 2)
		}
		above := objective - least
		if above < -1e-6*least || above >= last || apart > above+1e-6 {
			t.Errorf("after %d steps the objective is %g, %g above the least; before, it was %g above; ½‖x − x*‖² = %g", iterations, objective, above, last, apart)
		}
		last = above
	}
	if last > 1e-4*least {
		t.Errorf("after 200 steps the objective is %g above the least, %g", last, least)
	}
}

// TestBicubicReproducesQuadratics, which Keys's kernel with a = −1/2 does (1981, section IV), where all its pixels lie in the picture.
func TestBicubicReproducesQuadratics(t *testing.T) {
	const h, w, factor = 9, 11, 3
	quadratic := func(y, x float64) float64 { return 0.1 + 0.02*y - 0.01*x + 0.003*y*y - 0.002*x*x + 0.001*x*y }
	small := make([]float64, h*w)
	for i := range small {
		small[i] = quadratic(float64(i/w), float64(i%w))
	}
	large := restored(t, "bicubic", "superres3", nil, small, h, w)
	if len(large) != h*w*factor*factor {
		t.Fatalf("%d pixels", len(large))
	}
	for i, v := range large {
		y, x := (float64(i/(factor*w))+0.5)/factor-0.5, (float64(i%(factor*w))+0.5)/factor-0.5
		if y < 1 || y > h-2 || x < 1 || x > w-2 {
			continue
		}
		if want := quadratic(y, x); math.Abs(v-want) > 1e-6 {
			t.Fatalf("at (%g, %g): %g, want %g", y, x, v, want)
		}
	}
}
