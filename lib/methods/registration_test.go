package methods_test

import (
	"math"
	"slices"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// TestRegistration has domains of smooth blobs, B's as a camera sees them that is nearer and looks elsewhere: by a formula, not by interpolation. CycleGAN's
// own registration is the same.
func TestRegistration(t *testing.T) {
	const n, height, width = 3, 24, 32
	blob := func(k int, v, u float64) float64 { // in [0, 1]
		v, u = v-0.1*float64(k-1), u+0.15*float64(k-1)
		return 0.9 - 0.7*math.Exp(-4*v*v-6*u*u)*(1+0.2*math.Sin(3*u+2*v))
	}
	picture := func(k int, scaleV, shiftV, scaleU, shiftU float64) []uint8 {
		out := make([]uint8, 0, height*width)
		for i := range height {
			for j := range width {
				v, u := (float64(i)+0.5)*2/height-1, (float64(j)+0.5)*2/width-1
				out = append(out, uint8(math.Round(255*blob(k, (v-shiftV)/scaleV, (u-shiftU)/scaleU))))
			}
		}
		return out
	}
	images := func(p ...float64) methods.Images {
		return methods.Images{N: n, Height: height, Width: width, Channels: 1, At: func(k int) []uint8 { return picture(k, p[0], p[1], p[2], p[3]) }}
	}
	a, b := images(1, 0, 1, 0), images(1.15, 0.06, 0.92, -0.1)
	distance := func(x, y []float32, margin int) float64 { // at most, a margin left out
		worst := 0.0
		for i := range x {
			if row, column := i/width%height, i%width; min(row, column, height-1-row, width-1-column) >= margin {
				worst = max(worst, math.Abs(float64(x[i]-y[i])))
			}
		}
		return worst
	}
	all := func(x methods.Images) []float32 {
		var out []float32
		for k := range n {
			for _, v := range x.At(k) {
				out = append(out, float32(v)/255)
			}
		}
		return out
	}
	if d := distance(all(a), all(b), 0); d < 0.1 {
		t.Fatalf("the domains are only %g apart", d)
	}
	var first map[string]methods.Array
	cyclegan, pix2pix := new(methods.CycleGAN), new(methods.Pix2Pix)
	cyclegan.Register, pix2pix.Register = true, true
	for _, m := range []methods.DomainFitter{new(methods.Registration), cyclegan, pix2pix} {
		vars, err := m.FitDomains(a, b)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = vars
		}
		for path, v := range vars {
			if !slices.Equal(v.Data, first[path].Data) {
				t.Errorf("%T has another %s", m, path)
			}
		}
	}
	m := new(methods.Registration)
	if err := m.Pose(methods.Problem{Kind: lab.Translate, Height: height, Width: width, Channels: 1}); err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	for path, v := range first {
		if _, err := store.CreateVariable(path, tensor(v.Data, v.Shape...)); err != nil {
			t.Fatal(err)
		}
	}
	out := model.MustCallOnceN(xlatest.Backend(t), store, func(s *model.Scope, x *graph.Node) []*graph.Node {
		y := m.Translate(s, x)
		return []*graph.Node{y, m.TranslateBack(s, y)}
	}, tensor(all(a), n, height, width, 1))
	if d := distance(flat(out[0]), all(b), 1); d > 0.02 {
		t.Errorf("A's pictures, registered, are up to %g from B's", d)
	}
	if d := distance(flat(out[1]), all(a), 3); d > 0.03 {
		t.Errorf("there and back a pixel changes by %g", d)
	}
}
