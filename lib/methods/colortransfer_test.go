package methods_test

import (
	"math"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// labOf is l, α and β as the paper's equations 4, 5 and 6 have them.
func labOf(r, g, b float64) [3]float64 {
	l := math.Log10(0.3811*r + 0.5783*g + 0.0402*b)
	m := math.Log10(0.1967*r + 0.7244*g + 0.0782*b)
	s := math.Log10(0.0241*r + 0.1288*g + 0.8444*b)
	return [3]float64{(l + m + s) / math.Sqrt(3), (l + m - 2*s) / math.Sqrt(6), (l - m) / math.Sqrt2}
}

// moments are the mean and the deviation of a channel of lαβ.
func moments(pix []float64, channel int) (mean, deviation float64) {
	n := float64(len(pix) / 3)
	for i := 0; i < len(pix); i += 3 {
		v := labOf(pix[i], pix[i+1], pix[i+2])[channel]
		mean, deviation = mean+v/n, deviation+v*v/n
	}
	return mean, math.Sqrt(deviation - mean*mean)
}

// bytesBetween are pixels whose channels lie between low and high.
func bytesBetween(seed uint64, count int, low, high [3]float64) []uint8 {
	out := make([]uint8, count)
	for i, v := range uniform(seed, count) {
		out[i] = uint8(255 * (low[i%3] + float64(v)*(high[i%3]-low[i%3])))
	}
	return out
}

// TestColorTransfer: all pictures of A, once translated, have the mean and deviation of B in each channel of lαβ; and the way back is the inverse.
func TestColorTransfer(t *testing.T) {
	const n, side = 4, 8
	size := side * side * 3
	a := bytesBetween(1, n*size, [3]float64{0.3, 0.4, 0.35}, [3]float64{0.6, 0.6, 0.5})
	b := bytesBetween(2, n*size, [3]float64{0.45, 0.4, 0.3}, [3]float64{0.6, 0.6, 0.5})
	images := func(v []uint8) methods.Images {
		return methods.Images{N: n, Height: side, Width: side, Channels: 3, At: func(i int) []uint8 { return v[i*size:][:size] }}
	}
	floats := func(v []uint8) []float64 {
		out := make([]float64, len(v))
		for i := range v {
			out[i] = float64(v[i]) / 255
		}
		return out
	}
	m := new(methods.ColorTransfer)
	if err := m.Pose(methods.Problem{Kind: lab.Translate, Height: side, Width: side, Channels: 3}); err != nil {
		t.Fatal(err)
	}
	vars, err := m.FitDomains(images(a), images(b))
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	for path, v := range vars {
		if _, err := store.CreateVariable(path, tensor(v.Data, v.Shape...)); err != nil {
			t.Fatal(err)
		}
	}
	x := make([]float32, len(a))
	for i, v := range a {
		x[i] = float32(v) / 255
	}
	out := model.MustCallOnceN(xlatest.Backend(t), store, func(s *model.Scope, x *graph.Node) []*graph.Node {
		y := m.Translate(s, x)
		return []*graph.Node{y, m.TranslateBack(s, y)}
	}, tensor(x, n, side, side, 3))
	translated := make([]float64, len(x))
	for i, v := range flat(out[0]) {
		translated[i] = float64(v)
		if v <= 0 || v >= 1 {
			t.Fatalf("value %d is clipped: %v", i, v)
		}
	}
	for c, name := range []string{"l", "α", "β"} {
		was, _ := moments(floats(a), c)
		mean, deviation := moments(translated, c)
		wantMean, wantDeviation := moments(floats(b), c)
		if math.Abs(mean-wantMean) > 1e-5 || math.Abs(deviation-wantDeviation) > 1e-4*wantDeviation || math.Abs(was-wantMean) < 1e-3 {
			t.Errorf("%s has mean %v and deviation %v, but domain B %v and %v; before it was %v", name, mean, deviation, wantMean, wantDeviation, was)
		}
	}
	for i, v := range flat(out[1]) {
		if math.Abs(float64(v-x[i])) > 1e-5 {
			t.Fatalf("value %d is %v on its way back, and was %v", i, v, x[i])
		}
	}
}
