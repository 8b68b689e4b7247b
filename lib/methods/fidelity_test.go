package methods

import (
	"math"
	"math/rand/v2"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"
)

// TestFidelity: each way of the step solves its normal equations, set up as a matrix in float64, and its gradients by z and ρ are those of the
// solution, x = M⁻¹r with M = AᵀA + ρ: for L = Σ wx they are ρM⁻¹w and (z − x)·M⁻¹w.
func TestFidelity(t *testing.T) {
	const h, w, size, rho = 4, 6, 24, 0.3
	random := rand.New(rand.NewPCG(1, 2))
	draw := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = random.Float32()
		}
		return v
	}
	for _, name := range []string{"denoise25", "inpaint50", "gaussian0.5+denoise2", "superres2", "gaussian0.3-valid"} {
		op, err := physics.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		backend := xlatest.Backend(t)
		aux := op.Aux(random, h, w, 1)
		mask := func(g *Graph, n int) *Node {
			if aux == nil {
				return nil
			}
			return BroadcastToDims(ConstTensor(g, tensors.FromFlatDataAndDimensions(aux, 1, h, w, 1)), n, h, w, 1)
		}
		z, weights := draw(size), draw(size)
		basis := make([]float32, size*size) // A's columns, one picture each
		for i := range size {
			basis[i*size+i] = 1
		}
		columns := MustExecOnce(backend, func(x *Node) *Node {
			return Reshape(op.Forward(x, mask(x.Graph(), size)), size, -1)
		}, tensors.FromFlatDataAndDimensions(basis, size, h, w, 1))
		m := columns.Shape().Dim(1)
		a := mat.NewDense(size, m, nil) // Aᵀ
		for i, v := range tensors.MustCopyFlatData[float32](columns) {
			a.Set(i/m, i%m, float64(v))
		}
		truth := draw(size)
		got := MustExecOnceN(backend, func(truth, z, weights, rho *Node) []*Node {
			aux := mask(z.Graph(), 1)
			y := op.Forward(truth, aux)
			x := fidelity(op, y, aux, z, rho, 12)
			grads := Gradient(ReduceAllSum(Mul(x, weights)), z, rho)
			return []*Node{x, grads[0], grads[1]}
		}, tensors.FromFlatDataAndDimensions(truth, 1, h, w, 1), tensors.FromFlatDataAndDimensions(z, 1, h, w, 1),
			tensors.FromFlatDataAndDimensions(weights, 1, h, w, 1), float32(rho))

		vector := func(v []float32) *mat.VecDense {
			out := mat.NewVecDense(len(v), nil)
			for i, x := range v {
				out.SetVec(i, float64(x))
			}
			return out
		}
		var normal mat.Dense
		normal.Mul(a, a.T())
		var right, x, back mat.VecDense
		right.MulVec(&normal, vector(truth))
		right.AddScaledVec(&right, rho, vector(z))
		for i := range size {
			normal.Set(i, i, normal.At(i, i)+rho)
		}
		if err := x.SolveVec(&normal, &right); err != nil {
			t.Fatal(err)
		}
		if err := back.SolveVec(&normal, vector(weights)); err != nil {
			t.Fatal(err)
		}
		byRho := 0.0
		for i := range size {
			byRho += (float64(z[i]) - x.AtVec(i)) * back.AtVec(i)
		}
		check := func(what string, got []float32, want func(i int) float64) {
			for i, v := range got {
				if math.Abs(float64(v)-want(i)) > 2e-5*(1+math.Abs(want(i))) {
					t.Errorf("%s: %s[%d] is %v, want %v", name, what, i, v, want(i))
				}
			}
		}
		check("x", tensors.MustCopyFlatData[float32](got[0]), x.AtVec)
		check("gradient by z", tensors.MustCopyFlatData[float32](got[1]), func(i int) float64 { return rho * back.AtVec(i) })
		check("gradient by ρ", tensors.MustCopyFlatData[float32](got[2]), func(int) float64 { return byRho })
	}
}
