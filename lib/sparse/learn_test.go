package sparse

import (
	"math"
	"math/rand/v2"
	"testing"

	"darkroom/lib/engine/xlatest"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see lasso.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestKSVDStep: each update of the atoms lowers ‖m∘(y − aD)‖², keeps the supports and the atoms' length, and once it has settled each atom
// is the leading singular vector of what it stands for; an atom that is not used stays.
func TestKSVDStep(t *testing.T) { kernels(t, testKSVDStep) }

func testKSVDStep(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	plain := newProblem(r, 30, 8, 6, 0)
	for kind, p := range map[string]problem{"plain": plain, "masked": newProblem(r, 30, 8, 6, 0).masked(r)} {
		for i := range p.mask {
			p.mask[i][i%6] = 1
		}
		in := append(p.inputs(), random(r, 30, 8))
		codes := in[len(in)-1].([][]float32)
		for i := range codes {
			for k := range codes[i] {
				if r.IntN(3) > 0 || k == 5 {
					codes[i][k] = 0
				}
			}
		}
		const steps = 40
		exec := MustNewExec(xlatest.Backend(t), func(in []*Node) []*Node {
			l := p.lasso(in[:len(in)-1])
			a := in[len(in)-1]
			all := Iota(a.Graph(), shapes.Make(dtypes.Int32, a.Shape().Dimensions...), 1)
			d, c := KSVDStep(l.Y, l.Mask, l.D, Code{Support: all, Coefficients: a})
			return []*Node{d, c.Coefficients}
		})
		var out []*tensors.Tensor
		for range steps {
			next := exec.MustCall(in...)
			out = append(out, next...)
			in[1], in[len(in)-1] = next[0], next[1]
		}
		before := math.Inf(1)
		for k := range steps {
			d, a := rows(out[2*k]), rows(out[2*k+1])
			q := p
			q.d = out[2*k].Value().([][]float32)
			f := 0.0
			for i := range a {
				f += q.objective(i, a[i])
				for j, v := range a[i] {
					if codes[i][j] == 0 && v != 0 {
						t.Fatalf("%s: signal %d now uses atom %d", kind, i, j)
					}
				}
			}
			if f > before*(1+1e-5) {
				t.Errorf("%s: step %d: the error rose from %g to %g", kind, k, before, f)
			}
			before = f
			for j, atom := range d {
				if math.Abs(norm(atom)-1) > 1e-4 {
					t.Errorf("%s: atom %d has length %g", kind, j, norm(atom))
				}
			}
		}
		first, last, d := p.d[5], rows(out[2*steps-2])[5], rows(out[2*steps-2])
		for j := range first {
			if math.Abs(float64(first[j])-last[j]) > 1e-6 {
				t.Errorf("%s: the atom that is not used moved: %v to %v", kind, first, last)
				break
			}
		}
		if kind != "plain" {
			continue
		}
		a := rows(out[2*steps-1]) // settled: Eᵀ(E·d) = s·d for each atom's own E
		for j := range d {
			v := make([]float64, len(d[j]))
			for i := range p.y {
				if a[i][j] == 0 {
					continue
				}
				e := wide(p.y[i])
				for k := range d {
					for l := range e {
						if k != j {
							e[l] -= a[i][k] * d[k][l]
						}
					}
				}
				c := 0.0
				for l := range e {
					c += e[l] * d[j][l]
				}
				for l := range e {
					v[l] += c * e[l]
				}
			}
			n := norm(v)
			for l := range v {
				if n > 0 && math.Abs(v[l]/n-d[j][l]) > 0.02 {
					t.Errorf("atom %d is %v, the leading singular vector %v times %g", j, d[j], v, 1/n)
					break
				}
			}
		}
	}
}

// TestOnlineStep: repeated, the step reaches the least squares dictionary where that has atoms shorter than 1.
func TestOnlineStep(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	const atoms, size = 4, 5
	a, d := random(r, 60, atoms), random(r, atoms, size)
	for _, atom := range d {
		n := norm(wide(atom))
		for j := range atom {
			atom[j] *= float32(0.8 / n)
		}
	}
	got := rows(MustExecOnceN(xlatest.Backend(t), func(in []*Node) []*Node {
		a, d := in[0], in[1]
		gram, cross := MatMul(transpose(a), a), MatMul(transpose(a), MatMul(a, d))
		next := fill(d, 0.1, atoms, size)
		for range 30 {
			next = OnlineStep(gram, cross, next)
		}
		return []*Node{next}
	}, a, d)[0])
	for k := range d {
		for j := range d[k] {
			if math.Abs(got[k][j]-float64(d[k][j])) > 1e-3 {
				t.Errorf("atom %d, value %d: %g, want %g", k, j, got[k][j], d[k][j])
			}
		}
	}
}
