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

// TestFine: a logit depends on the 5×5 pixels around it and on no other.
func TestFine(t *testing.T) {
	const sides, at = 11, 5
	out := model.MustCallOnce(xlatest.Backend(t), model.NewStore(), func(s *model.Scope, x *graph.Node) *graph.Node {
		logits := methods.Fine(s, x)
		middle := graph.Slice(logits, graph.AxisElem(0), graph.AxisElem(at), graph.AxisElem(at), graph.AxisElem(0))
		return graph.Gradient(graph.ReduceAllSum(middle), x)[0]
	}, tensor(uniform(1, sides*sides*3), 1, sides, sides, 3))
	for i, v := range flat(out) {
		row, column := i/3/sides, i/3%sides
		inside := max(row, 2*at-row, column, 2*at-column) <= at+2
		if inside != (v != 0) {
			t.Errorf("the logit at %d, %d depends on %d, %d by %g", at, at, row, column, v)
		}
	}
}
