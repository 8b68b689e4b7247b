package physics_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/nn"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/mat"
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

// TestOperators is the contract of every operator of the catalogue: the adjoint, linearity, a norm of at most 1, the gradient, a first
// estimate of the picture's size, and finite noise.
func TestOperators(t *testing.T) {
	const b, c = 2, 3
	r := rand.New(rand.NewPCG(4, 1))
	random := func(h, w int) *tensors.Tensor {
		v := make([]float32, b*h*w*c)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		return tensors.FromFlatDataAndDimensions(v, b, h, w, c)
	}
	for _, name := range append(physics.Catalogue(), "superres3", "superres4", "disc3", "motion9-valid", "blocks20x16", "fourier99", "sensing8x12") {
		op, err := physics.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		if op.Describe() == "" || !(op.Sigma() >= 0) {
			t.Errorf("%s: described as %q, σ = %g", name, op.Describe(), op.Sigma())
		}
		h, w := physics.Crop(op, 24, 36)
		if m := physics.Multiple(op); h == 0 || 24%m != 0 || 36%m != 0 {
			t.Fatalf("%s needs multiples of %d", name, m)
		}
		args := []any{random(h, w), random(24, 60), random(h, w)}
		if a := op.Aux(r, h, w, c); a != nil {
			args = append(args, tensors.FromFlatDataAndDimensions(a, 1, h, w, c))
		}
		got := model.MustCallOnceN(xlatest.Backend(t), seeded(t), func(s *model.Scope, in []*Node) []*Node {
			x, z := in[0], in[2]
			var aux *Node
			if len(in) > 3 {
				aux = in[3]
			}
			ax := op.Forward(x, aux)
			d := ax.Shape().Dimensions
			y := Slice(in[1], AxisRange(), AxisRange(0, d[1]), AxisRange(0, d[2]), AxisRange(0, d[3]))
			aty := op.Adjoint(y, aux)
			inner := func(a, b *Node) *Node { return ReduceAllSum(Mul(a, b)) }
			largest := func(v *Node) *Node { return ReduceAllMax(Abs(v)) }
			apart := Sub(op.Forward(Add(MulScalar(x, 2), z), aux), Add(MulScalar(ax, 2), op.Forward(z, aux)))
			slope := Gradient(MulScalar(inner(ax, ax), 0.5), x)[0]
			start := physics.Start(op, y, aux)
			if !start.Shape().Equal(x.Shape()) || !aty.Shape().Equal(x.Shape()) {
				t.Errorf("%s: Start has shape %s, Aᵀy %s, x %s", name, start.Shape(), aty.Shape(), x.Shape())
			}
			noisy := physics.DrawNoise(op, s, Sigmoid(y))
			level := physics.Level(op, Sigmoid(y))
			if !level.Shape().Equal(shapes.Make(dtypes.Float32, b, 1, 1, 1)) {
				t.Errorf("%s: Level has shape %s", name, level.Shape())
			}
			return []*Node{
				inner(ax, y), inner(x, aty), Sqrt(Mul(inner(ax, ax), inner(y, y))), largest(apart),
				physics.Norm(op, x, aux, 10), largest(Sub(slope, op.Adjoint(ax, aux))), largest(start), largest(noisy), largest(level),
			}
		}, args...)
		v := make([]float64, len(got))
		for i, g := range got {
			v[i] = float64(g.Value().(float32))
			if math.IsNaN(v[i]) || math.IsInf(v[i], 0) {
				t.Errorf("%s: value %d is %g", name, i, v[i])
			}
		}
		if math.Abs(v[0]-v[1]) > 1e-5*v[2] {
			t.Errorf("%s: ⟨Ax, y⟩ = %g but ⟨x, Aᵀy⟩ = %g", name, v[0], v[1])
		}
		if v[3] > 1e-5 {
			t.Errorf("%s: A(2x + z) and 2Ax + Az are %g apart", name, v[3])
		}
		want := 1.0
		if d, ok := physics.As[physics.Downsample](op); ok {
			want = norm(h, h/d.Factor) * norm(w, w/d.Factor)
		}
		if _, ok := op.(physics.Grey); ok {
			want = math.Sqrt(0.299*0.299 + 0.587*0.587 + 0.114*0.114)
		}
		least := 0.97 * want // the power method has not quite arrived
		if _, ok := op.(physics.Radon); ok {
			least = 0.9 // ‖A‖ is at most 1 by a bound
		}
		if blur, ok := physics.As[physics.Blur](op); ok && blur.Valid {
			least = 0.9 // the edges are seen less
		}
		if v[4] > want+1e-5 || v[4] < least {
			t.Errorf("%s: the power method says ‖A‖ = %g, want %g", name, v[4], want)
		}
		if v[5] > 1e-5 {
			t.Errorf("%s: the gradient of ½‖Ax‖² is %g from AᵀAx", name, v[5])
		}
	}
}

// norm is the largest singular value of a resampling.
func norm(from, to int) float64 {
	var svd mat.SVD
	svd.Factorize(mat.NewDense(to, from, nn.ResizeMatrix(from, to, nn.Bicubic, true)), mat.SVDNone)
	return svd.Values(nil)[0]
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
