package sparse

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"darkroom/lib/engine/xlatest"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see lasso.go

	"gonum.org/v1/gonum/mat"
)

// pursue is OMP of signal i in float64, by solving the least squares anew for each atom tried.
func (p problem) pursue(i, k int, target float64, recursive bool) (support []int, a []float64, rest float64) {
	y, d := p.seen(i)
	fit := func(support []int) ([]float64, []float64) {
		m := mat.NewDense(len(y), len(support), nil)
		for c, j := range support {
			m.SetCol(c, d[j])
		}
		var x, r mat.VecDense
		if err := x.SolveVec(m, mat.NewVecDense(len(y), slices.Clone(y))); err != nil {
			return nil, nil
		}
		r.MulVec(m, &x)
		r.SubVec(mat.NewVecDense(len(y), slices.Clone(y)), &r)
		return x.RawVector().Data, r.RawVector().Data
	}
	r := slices.Clone(y)
	for norm(r)*norm(r) > target*float64(len(y)) && len(support) < k {
		best, at := math.Inf(-1), -1
		for j, atom := range d {
			if slices.Contains(support, j) || norm(atom) == 0 {
				continue
			}
			score := 0.0
			if recursive {
				_, left := fit(append(slices.Clone(support), j))
				score = -norm(left)
			} else {
				for l := range r {
					score += atom[l] * r[l]
				}
				score = math.Abs(score) / norm(atom)
			}
			if score > best {
				best, at = score, j
			}
		}
		support = append(support, at)
		a, r = fit(support)
	}
	return support, a, norm(r) * norm(r) / 2
}

// TestOMP: supports and coefficients are those of a plain pursuit in float64.
func TestOMP(t *testing.T) { kernels(t, testOMP) }

func testOMP(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	plain := newProblem(r, 12, 40, 16, 0)
	masked := newProblem(r, 12, 40, 16, 0).masked(r)
	for _, m := range masked.mask { // a quarter is hidden
		for j := range m {
			m[j] = max(m[j], float32(j%2))
		}
	}
	clear(plain.y[3])
	clear(masked.mask[4]) // all is hidden
	for kind, p := range map[string]problem{"plain": plain, "masked": masked} {
		for _, o := range []Pursuit{{Atoms: 4, Recursive: true}, {Atoms: 5, Target: 0.1}} {
			out := MustExecOnceN(xlatest.Backend(t), func(in []*Node) []*Node {
				l := p.lasso(in)
				c := OMP(l.Y, l.Mask, l.D, o)
				return []*Node{c.Support, c.Coefficients, c.Objective, c.KKT, c.Dense(len(p.d))}
			}, p.inputs()...)
			supports, coefficients, dense := out[0].Value().([][]int32), rows(out[1]), rows(out[4])
			for i := range p.y {
				support, a, rest := p.pursue(i, o.Atoms, max(o.Target, 1e-9), o.Recursive)
				sum := 0.0
				for j := range o.Atoms {
					want, value := int32(-1), 0.0
					if j < len(support) {
						want, value = int32(support[j]), a[j]
						sum += math.Abs(dense[i][support[j]] - value)
					}
					if supports[i][j] != want || math.Abs(coefficients[i][j]-value) > 1e-3 {
						t.Errorf("%s, %+v, signal %d: atom %d with %g, want %d with %g", kind, o, i, supports[i][j], coefficients[i][j], want, value)
					}
				}
				if sum > 1e-3 {
					t.Errorf("%s, %+v, signal %d: the dense code is %v", kind, o, i, dense[i])
				}
				if f := float64(out[2].Value().([]float32)[i]); math.Abs(f-rest) > 1e-4*(1+rest) {
					t.Errorf("%s, %+v, signal %d: objective %g, want %g", kind, o, i, f, rest)
				}
				if kkt := float64(out[3].Value().([]float32)[i]); kkt > 1e-3 {
					t.Errorf("%s, %+v, signal %d: KKT residual %g", kind, o, i, kkt)
				}
			}
		}
	}
}

// TestIHT: with an orthonormal dictionary the k largest coefficients are kept; from its own fixed point it does not move, and its
// objective is what it says.
func TestIHT(t *testing.T) {
	d := OvercompleteDCT(2, 2)
	r := rand.New(rand.NewPCG(4, 2))
	p := problem{y: random(r, 5, 4)}
	for k := range d.Count {
		p.d = append(p.d, d.Atoms[k*4:k*4+4])
	}
	general := newProblem(r, 5, 20, 10, 0).masked(r)
	for kind, p := range map[string]problem{"orthonormal": p, "general": general} {
		const k = 2
		got := MustExecOnceN(xlatest.Backend(t), func(in []*Node) []*Node {
			l := p.lasso(in)
			s := IHT(l, k, 1e-7, 3000)
			l.Start = s.A
			again := IHT(l, k, 1e-7, 3000)
			return []*Node{s.A, s.Objective, s.KKT, again.A, again.Objective}
		}, p.inputs()...)
		a, objective, again := rows(got[0]), wide(got[1].Value().([]float32)), wide(got[4].Value().([]float32))
		for i := range p.y {
			count := 0
			for _, v := range a[i] {
				if v != 0 {
					count++
				}
			}
			if count > k {
				t.Errorf("%s: signal %d has %d atoms, want at most %d", kind, i, count, k)
			}
			if f := p.objective(i, a[i]); math.Abs(f-objective[i]) > 1e-5*(1+f) || again[i] > f+1e-5*(1+f) {
				t.Errorf("%s: signal %d: objective %g, says %g, and %g from there", kind, i, f, objective[i], again[i])
			}
			if objective[i] >= p.energy(i) && p.energy(i) > 0 {
				t.Errorf("%s: signal %d: objective %g, no better than zero", kind, i, objective[i])
			}
			if kind != "orthonormal" {
				continue
			}
			support, want, _ := p.pursue(i, k, 0, false) // greedy is best here
			for j, at := range support {
				if math.Abs(a[i][at]-want[j]) > 1e-4 {
					t.Errorf("signal %d: atom %d has %g, want %g", i, at, a[i][at], want[j])
				}
			}
		}
	}
}
