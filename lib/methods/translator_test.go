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

// TestGeneratorsWithoutNorm: what a new generator without norm adds to a picture grows as the picture's contrast does, since nothing in it is but
// linear and rectifiers; a norm by instance takes the contrast away.
func TestGeneratorsWithoutNorm(t *testing.T) {
	const sides, contrast = 16, 3
	for _, c := range []struct {
		method string
		set    lab.Set
	}{
		{"cyclegan", lab.Set{"blocks": 2}}, {"cyclegan", lab.Set{"generator": "unet"}}, {"pix2pix", lab.Set{}},
	} {
		for _, norm := range []string{"none", "instance"} {
			c.set["width"], c.set["skip"], c.set["resize"], c.set["norm"] = 4, true, true, norm
			m := made(t, c.method, c.set)
			if err := m.Pose(methods.Problem{Kind: lab.Translate, Height: sides, Width: sides, Channels: 3}); err != nil {
				t.Fatal(err)
			}
			exec, err := model.NewExec(xlatest.Backend(t), seeded(t, 1), func(s *model.Scope, x *graph.Node) *graph.Node { // x has grey at 0
				grey := func(x *graph.Node) *graph.Node { return graph.AddScalar(x, 0.5) }
				return graph.Sub(m.(methods.Translator).Translate(s, grey(x)), grey(x))
			})
			if err != nil {
				t.Fatal(err)
			}
			faint := uniform(1, sides*sides*3)
			strong := make([]float32, len(faint))
			for i, v := range faint {
				faint[i] = (v - 0.5) / 10
				strong[i] = contrast * faint[i]
			}
			var added [2][]float32
			for i, x := range [][]float32{faint, strong} {
				out, err := exec.Call(tensor(x, 1, sides, sides, 3))
				if err != nil {
					t.Fatal(err)
				}
				added[i] = flat(out[0])
			}
			exec.Finalize()
			most, off := 0.0, 0.0
			for i, v := range added[0] {
				most = max(most, math.Abs(contrast*float64(v)))
				off = max(off, math.Abs(float64(added[1][i]-contrast*v)))
			}
			if linear := off < 1e-3*most; most == 0 || linear != (norm == "none") {
				t.Errorf("%s %v: adds up to %g, and %g of it does not grow with the contrast", c.method, c.set, most, off)
			}
		}
	}
}

// TestFine: a logit depends on the 5×5 pixels around it and on no other, and with enlarge on those to the right and below of these.
func TestFine(t *testing.T) {
	for _, enlarge := range []bool{false, true} {
		dependsAround(t, enlarge)
	}
}

func dependsAround(t *testing.T, enlarge bool) {
	t.Helper()
	const sides, at = 11, 5
	last := at + 2
	if enlarge {
		last++
	}
	faint := uniform(1, sides*sides*3) // so that no tanh is at its end
	for i := range faint {
		faint[i] /= 20
	}
	out := model.MustCallOnce(xlatest.Backend(t), model.NewStore(), func(s *model.Scope, x *graph.Node) *graph.Node {
		logits := methods.Fine(s, x, enlarge)
		middle := graph.Slice(logits, graph.AxisElem(0), graph.AxisElem(at), graph.AxisElem(at), graph.AxisElem(0))
		return graph.Gradient(graph.ReduceAllSum(middle), x)[0]
	}, tensor(faint, 1, sides, sides, 3))
	for i, v := range flat(out) {
		row, column := i/3/sides, i/3%sides
		inside := min(row, column) >= at-2 && max(row, column) <= last && (row < last || column < last || !enlarge)
		if inside != (v != 0) {
			t.Errorf("enlarge %v: the logit at %d, %d depends on %d, %d by %g", enlarge, at, at, row, column, v)
		}
	}
}

// TestEnlarged: beside each pixel stand its Fourier features, and tanh 20Δ of the two differences.
func TestEnlarged(t *testing.T) {
	const height, width, channels = 2, 3, 9
	x := []float32{0, 0.004, -1, 0.5, 0.52, 1} // rows
	out := model.MustCallOnce(xlatest.Backend(t), model.NewStore(), func(_ *model.Scope, x *graph.Node) *graph.Node {
		return methods.Enlarged(x)
	}, tensor(x, 1, height, width, 1))
	got := flat(out)
	if shape := out.Shape().Dimensions; len(got) != 2*channels || shape[1] != height-1 || shape[2] != width-1 || shape[3] != channels {
		t.Fatalf("shape %v", shape)
	}
	for i := range width - 1 {
		v, right, below := float64(x[i]), float64(x[i+1]), float64(x[i+width])
		want := []float64{v}
		for _, k := range []float64{2, 4, 8} {
			want = append(want, math.Sin(k*math.Pi*v), math.Cos(k*math.Pi*v))
		}
		want = append(want, math.Tanh(20*(right-v)), math.Tanh(20*(below-v)))
		for j, w := range want {
			if v := float64(got[i*channels+j]); math.Abs(v-w) > 1e-5 {
				t.Errorf("pixel %d, channel %d: %g, want %g", i, j, v, w)
			}
		}
	}
}

// TestRamp: it begins at 0, rises by equal steps, ends at 1, and its count is kept in the store.
func TestRamp(t *testing.T) {
	store := model.NewStore()
	for i, want := range []float32{0, 0.25, 0.5, 0.75, 1, 1} {
		out, err := model.CallOnce(xlatest.Backend(t), store, func(s *model.Scope, g *graph.Graph) *graph.Node {
			return methods.Ramp(s, "rise", 4, g)
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := flat(out)[0]; got != want {
			t.Errorf("step %d: %g, want %g", i, got, want)
		}
	}
}
