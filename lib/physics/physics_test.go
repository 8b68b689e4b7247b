package physics_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

func ExampleParse() {
	op, err := physics.Parse("denoise25")
	fmt.Println(op.Describe(), err)
	_, err = physics.Parse("denoise500")
	fmt.Println(err)
	// Output:
	// Gaussian noise σ = 25/255 <nil>
	// degradation "denoise500": σ must be 1 to 255
}

// TestOperators is the contract of every operator of the catalogue: the adjoint, linearity, and masks that are equal in all channels.
func TestOperators(t *testing.T) {
	const b, h, w, c = 2, 5, 7, 3
	r := rand.New(rand.NewPCG(4, 1))
	random := func() *tensors.Tensor {
		v := make([]float32, b*h*w*c)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		return tensors.FromFlatDataAndDimensions(v, b, h, w, c)
	}
	for _, name := range physics.Catalogue() {
		op, err := physics.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		if op.Describe() == "" || !(op.Sigma() >= 0) {
			t.Errorf("%s: described as %q, σ = %g", name, op.Describe(), op.Sigma())
		}
		args := []any{random(), random(), random()}
		if a := op.Aux(r, h, w, c); a != nil {
			args = append(args, tensors.FromFlatDataAndDimensions(a, 1, h, w, c))
		}
		got := MustExecOnceN(xlatest.Backend(t), func(in []*Node) []*Node {
			x, y, z := in[0], in[1], in[2]
			var aux *Node
			if len(in) > 3 {
				aux = in[3]
			}
			ax, aty := op.Forward(x, aux), op.Adjoint(y, aux)
			inner := func(a, b *Node) *Node { return ReduceAllSum(Mul(a, b)) }
			apart := Sub(op.Forward(Add(MulScalar(x, 2), z), aux), Add(MulScalar(ax, 2), op.Forward(z, aux)))
			return []*Node{inner(ax, y), inner(x, aty), Sqrt(Mul(inner(ax, ax), inner(y, y))), ReduceAllMax(Abs(apart))}
		}, args...)
		v := make([]float64, len(got))
		for i, g := range got {
			v[i] = float64(g.Value().(float32))
		}
		if math.Abs(v[0]-v[1]) > 1e-5*v[2] {
			t.Errorf("%s: ⟨Ax, y⟩ = %g but ⟨x, Aᵀy⟩ = %g", name, v[0], v[1])
		}
		if v[3] > 1e-5 {
			t.Errorf("%s: A(2x + z) and 2Ax + Az are %g apart", name, v[3])
		}
	}
}

// TestMask: the share that is missing, on the host and in a graph, and each pixel is seen in all channels or in none.
func TestMask(t *testing.T) {
	const b, h, w, c = 4, 50, 40, 3
	for _, missing := range []float64{0.05, 0.5, 0.9} {
		op := physics.Mask{Missing: missing}
		drawn := model.MustCallOnce(xlatest.Backend(t), seeded(t), func(s *model.Scope, g *Graph) *Node {
			return op.DrawAux(s, g, shapes.Make(dtypes.Float32, b, h, w, c))
		})
		if d := drawn.Shape().Dimensions; fmt.Sprint(d) != fmt.Sprint([]int{b, h, w, c}) {
			t.Errorf("DrawAux has shape %v", d)
		}
		for name, mask := range map[string][]float32{
			"Aux": op.Aux(rand.New(rand.NewPCG(4, 2)), b*h, w, c), "DrawAux": tensors.MustCopyFlatData[float32](drawn),
		} {
			if len(mask) != b*h*w*c {
				t.Fatalf("%s has %d values", name, len(mask))
			}
			hidden := 0
			for i := 0; i < len(mask); i += c {
				p := mask[i : i+c]
				if p[0] != 0 && p[0] != 1 || p[1] != p[0] || p[2] != p[0] {
					t.Fatalf("%s: pixel %d is seen as %v", name, i/c, p)
				}
				if p[0] == 0 {
					hidden++
				}
			}
			n := float64(b * h * w)
			if share := float64(hidden) / n; math.Abs(share-missing) > 5*math.Sqrt(missing*(1-missing)/n) {
				t.Errorf("%s: %.4f of the pixels are missing, want %g", name, share, missing)
			}
		}
	}
}

// TestMasksDiffer: two pictures of a batch do not have the same mask, nor do two pictures on the host.
func TestMasksDiffer(t *testing.T) {
	op, r := physics.Mask{Missing: 0.5}, rand.New(rand.NewPCG(4, 3))
	if first, second := fmt.Sprint(op.Aux(r, 8, 8, 1)), fmt.Sprint(op.Aux(r, 8, 8, 1)); first == second {
		t.Error("two draws of Aux are the same")
	}
	v := tensors.MustCopyFlatData[float32](model.MustCallOnce(xlatest.Backend(t), seeded(t), func(s *model.Scope, g *Graph) *Node {
		return op.DrawAux(s, g, shapes.Make(dtypes.Float32, 2, 8, 8, 1))
	}))
	if fmt.Sprint(v[:64]) == fmt.Sprint(v[64:]) {
		t.Error("two pictures of a batch have the same mask")
	}
}

func seeded(t *testing.T) *model.Store {
	s := model.NewStore()
	if err := s.SetRNGStateFromSeed(1); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParse(t *testing.T) {
	for name, want := range map[string]physics.Operator{
		"denoise1": physics.Noise{Deviation: 1.0 / 255}, "denoise255": physics.Noise{Deviation: 1},
		"inpaint1": physics.Mask{Missing: 0.01}, "inpaint99": physics.Mask{Missing: 0.99},
	} {
		if got, err := physics.Parse(name); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
	if s := (physics.Noise{Deviation: 25.0 / 255}).Sigma(); math.Abs(s-0.0980392) > 1e-7 {
		t.Errorf("σ of 25/255 is %g", s)
	}
	for name, want := range map[string]string{
		"":                            `unknown degradation "": use denoiseN`,
		"denoise":                     `(did you mean "denoise25"?)`,
		"inpant50":                    `(did you mean "inpaint50"?)`,
		"blur3":                       `unknown degradation "blur3": use denoiseN (Gaussian noise, σ = N/255) or inpaintN`,
		"denoise-5":                   `unknown degradation`,
		"denoise2.5":                  `unknown degradation`,
		"Denoise25":                   `(did you mean "denoise25"?)`,
		"denoise0":                    `degradation "denoise0": σ must be 1 to 255`,
		"denoise256":                  `σ must be 1 to 255`,
		"inpaint0":                    `the share of missing pixels must be 1 to 99 %`,
		"inpaint100":                  `the share of missing pixels must be 1 to 99 %`,
		"denoise99999999999999999999": `σ must be 1 to 255`,
	} {
		if _, err := physics.Parse(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", name, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range append(physics.Catalogue(), "", "denoise0", "inpaint100", "denoise025", "denoise\n25", "σ25") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		op, err := physics.Parse(s)
		if (op == nil) == (err == nil) {
			t.Fatalf("%q: operator %v and error %v", s, op, err)
		}
		if err != nil {
			if !strings.Contains(err.Error(), fmt.Sprintf("%q", s)) {
				t.Errorf("the error does not name %q: %v", s, err)
			}
			return
		}
		switch o := op.(type) {
		case physics.Noise:
			if !(o.Deviation >= 1.0/255 && o.Deviation <= 1) {
				t.Errorf("%q: deviation %g", s, o.Deviation)
			}
		case physics.Mask:
			if !(o.Missing >= 0.01 && o.Missing <= 0.99) {
				t.Errorf("%q: share %g", s, o.Missing)
			}
		}
	})
}
