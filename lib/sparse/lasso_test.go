package sparse

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see lasso.go
)

// rounding is what float32 leaves of a gap, relative to ½‖y‖².
const rounding = 2e-6

// variants are one small problem of each kind.
func variants() map[string]problem {
	r := rand.New(rand.NewPCG(3, 2))
	make1 := func() problem { return newProblem(r, 4, 12, 6, 0.4) }
	weigh := func(n, k int) [][]float32 {
		w := random(r, n, k)
		for _, row := range w {
			for j := range row {
				row[j] = 0.5 + r.Float32()
			}
		}
		return w
	}
	plain, masked, positive, groups := make1(), make1().masked(r), make1(), make1().masked(r)
	clear(plain.y[1])
	positive.nonNegative, positive.weights = true, weigh(1, 12)
	groups.group, groups.weights = 3, weigh(4, 4)
	return map[string]problem{"plain": plain, "masked": masked, "weighted, non-negative": positive, "masked, weighted groups": groups}
}

// TestSolvers: each solver reaches the gap that it is asked for on each kind of problem, its objective is the best there is, and its
// certificate holds.
func TestSolvers(t *testing.T) {
	const tolerance = 1e-5
	names := slices.Sorted(maps.Keys(Solvers()))
	for kind, p := range variants() {
		best := p.descend()
		got := p.run(t, func(l Lasso) (out []Solution) {
			for _, name := range names {
				out = append(out, Solvers()[name](l, tolerance, 20000))
				if kind == "plain" {
					out = append(out, Solvers()[name](l, 0, 20))
				}
			}
			return out
		})
		for k, s := range got {
			name, full := names[k%len(names)], true
			if kind == "plain" {
				name, full = names[k/2], k%2 == 0
			}
			if full && s.iterations >= 20000 || !full && s.iterations != 20 && name != "feature-sign" || !full && s.iterations > 20 {
				t.Errorf("%s, %s: %d iterations", name, kind, s.iterations)
			}
			gap, energy, short := 0.0, 0.0, 0.0
			for i := range p.y {
				f, least := p.objective(i, s.a[i]), p.objective(i, best[i])
				e := p.energy(i) + 1e-9
				if math.Abs(f-s.objective[i]) > rounding*e {
					t.Errorf("%s, %s: signal %d has the objective %.9g, and says %.9g", name, kind, i, f, s.objective[i])
				}
				if s.gap[i] < f-least-rounding*e {
					t.Errorf("%s, %s: signal %d: gap %g is below the suboptimality %g", name, kind, i, s.gap[i], f-least)
				}
				if full && s.kkt[i] > 0.02 {
					t.Errorf("%s, %s: signal %d: KKT residual %g at the minimum", name, kind, i, s.kkt[i])
				}
				gap, energy, short = gap+s.gap[i], energy+e, short+f-least
				for _, v := range s.a[i] {
					if p.nonNegative && v < 0 {
						t.Errorf("%s, %s: coefficient %g", name, kind, v)
					}
				}
			}
			if full && (gap > tolerance*energy*(1+1e-3) || short > (tolerance+rounding)*energy) {
				t.Errorf("%s, %s: gap %g and suboptimality %g of ½‖y‖², want %g", name, kind, gap/energy, short/energy, tolerance)
			}
			if !full && name == "ista" && short < 10*rounding*energy {
				t.Errorf("%s, %s: twenty iterations are as good as the best: the test shows nothing", name, kind)
			}
		}
	}
}

// TestCertificate: at points ever further from the minimum gap and KKT residual rise from zero, and the gap is at least the true
// suboptimality.
func TestCertificate(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	sizes := []float64{0, 0.001, 0.01, 0.1, 1}
	for kind, p := range variants() {
		best := p.descend()
		var args []any
		points := make([][][]float64, len(sizes))
		move := random(r, len(best), len(best[0]))
		for k, size := range sizes {
			single := make([][]float32, len(best))
			for i := range best {
				for j, v := range best[i] {
					v += size * float64(move[i][j])
					if p.nonNegative {
						v = math.Max(v, 0)
					}
					single[i] = append(single[i], float32(v))
				}
				points[k] = append(points[k], wide(single[i]))
			}
			args = append(args, single)
		}
		out := MustExecOnceN(xlatest.Backend(t), func(in []*Node) (nodes []*Node) {
			l := p.lasso(in[len(sizes):]).columns()
			for _, a := range in[:len(sizes)] {
				_, gap, kkt := l.certify(transpose(a))
				nodes = append(nodes, gap, kkt)
			}
			return nodes
		}, append(args, p.inputs()...)...)
		for i := range p.y {
			e := p.energy(i)
			if e == 0 {
				continue
			}
			before := [2]float64{}
			for k, size := range sizes {
				now := [2]float64{rows(out[2*k])[0][i], rows(out[2*k+1])[0][i]}
				if short := p.objective(i, points[k][i]) - p.objective(i, best[i]); now[0] < short-rounding*e {
					t.Errorf("%s: signal %d moved by %g: gap %g is below the suboptimality %g", kind, i, size, now[0], short)
				}
				if size == 0 && (now[0] > rounding*e || now[1] > 1e-5) {
					t.Errorf("%s: signal %d: gap %g, KKT residual %g at the minimum", kind, i, now[0], now[1])
				}
				if size > 0 && (now[0] <= before[0] || now[1] <= before[1]) {
					t.Errorf("%s: signal %d moved by %g: gap %g and KKT residual %g, not above %g", kind, i, size, now[0], now[1], before)
				}
				before = now
			}
		}
	}
}

// TestOrthonormal: for an orthonormal dictionary the solution is the threshold of the coefficients, in closed form.
func TestOrthonormal(t *testing.T) {
	d := OvercompleteDCT(2, 2)
	p := problem{y: [][]float32{{3, 1, -2, 0.5}, {-1, -1, 4, 0}, {0.1, 0, 0, 0}}, lambda: 0.75}
	for k := range d.Count {
		p.d = append(p.d, d.Atoms[k*4:k*4+4])
	}
	positive, groups := p, p
	positive.nonNegative, positive.weights = true, [][]float32{{1, 0.2, 2, 0.5}}
	groups.group, groups.weights = 2, [][]float32{{1, 0.3}}
	for kind, p := range map[string]problem{"plain": p, "weighted, non-negative": positive, "weighted groups": groups} {
		names := slices.Sorted(maps.Keys(Solvers()))
		got := p.run(t, func(l Lasso) (out []Solution) {
			for _, name := range names {
				out = append(out, Solvers()[name](l, 1e-7, 1000))
			}
			return out
		})
		for k, s := range got {
			for i, y := range p.y {
				want := make([]float64, len(p.d))
				for j, atom := range p.d {
					for l := range y {
						want[j] += float64(y[l]) * float64(atom[l])
					}
				}
				step := max(p.group, 1)
				for j := 0; j < len(want); j += step {
					p.prox(want[j:j+step], p.lambda*p.weight(i, j/step))
				}
				for j := range want {
					if math.Abs(s.a[i][j]-want[j]) > 1e-3 || names[k] != "admm" && math.Abs(s.a[i][j]-want[j]) > 1e-5 {
						t.Errorf("%s, %s: signal %d, atom %d: %g, want %g", names[k], kind, i, j, s.a[i][j], want[j])
					}
				}
			}
		}
	}
}

// TestLambdaMax: from LambdaMax on the solution is exactly zero, and below it is not, for each signal with its own λ.
func TestLambdaMax(t *testing.T) {
	p := newProblem(rand.New(rand.NewPCG(3, 4)), 7, 12, 6, 1)
	clear(p.y[6])
	names := slices.Sorted(maps.Keys(Solvers()))
	got := p.run(t, func(l Lasso) (out []Solution) {
		most := l.LambdaMax()
		for _, name := range names {
			share := 1.0
			if name == "admm" { // whose zeros come in the end
				share = 1.05
			}
			for _, share := range []float64{share, 0.999} {
				l.Weights = MaxScalar(MulScalar(most, share), 1e-9)
				out = append(out, Solvers()[name](l, 0, 400))
			}
		}
		return out
	})
	for k, s := range got {
		for i, a := range s.a {
			zero := !slices.ContainsFunc(a, func(v float64) bool { return v != 0 })
			if want := k%2 == 0 || i == 6; zero != want {
				t.Errorf("%s: signal %d: the code is zero: %v, want %v", names[k/2], i, zero, want)
			}
			if zero && s.gap[i] > rounding*p.energy(i) {
				t.Errorf("%s: signal %d: gap %g", names[k/2], i, s.gap[i])
			}
		}
	}
}

// TestPath: each solution of a path is the one for its λ, reached in fewer iterations than from zero.
func TestPath(t *testing.T) {
	p := newProblem(rand.New(rand.NewPCG(3, 6)), 4, 20, 10, 0)
	lambdas := []float64{1, 0.9, 0.8}
	got := p.run(t, func(l Lasso) []Solution {
		out := Path(l, lambdas, FISTA, 1e-6, 5000)
		out = append(out, Path(l, lambdas, FeatureSign, 1e-6, 5000)...)
		l.Lambda = lambdas[2]
		return append(out, FISTA(l, 1e-6, 5000), FeatureSign(l, 1e-6, 5000))
	})
	for k := range 2 * len(lambdas) {
		p.lambda = lambdas[k%3]
		best := p.descend()
		for i := range p.y {
			if f, least := p.objective(i, got[k].a[i]), p.objective(i, best[i]); f > least+1e-5*p.energy(i) {
				t.Errorf("solution %d, λ = %g: signal %d: objective %g, want %g", k, p.lambda, i, f, least)
			}
		}
	}
	for k := range 2 {
		if warm, cold := got[3*k+2].iterations, got[6+k].iterations; warm >= cold {
			t.Errorf("%d iterations from the solution before, %d from zero", warm, cold)
		}
	}
}

// TestZeroAtom: an atom of zeros, which Dictionary.Norm2 refuses, has no part in any solution, which is as good as without it.
func TestZeroAtom(t *testing.T) {
	p := newProblem(rand.New(rand.NewPCG(3, 8)), 3, 6, 5, 0.2)
	clear(p.d[4])
	names := slices.Sorted(maps.Keys(Solvers()))
	got := p.run(t, func(l Lasso) (out []Solution) {
		for _, name := range names {
			out = append(out, Solvers()[name](l, 1e-6, 2000))
		}
		return out
	})
	best := p.descend()
	for k, s := range got {
		for i, a := range s.a {
			if f, least := p.objective(i, a), p.objective(i, best[i]); a[4] != 0 || !(f <= least+1e-5*p.energy(i)) {
				t.Errorf("%s: signal %d: %g of the atom of zeros, objective %g, want %g", names[k], i, a[4], f, least)
			}
		}
	}
}

// TestMisuse: what does not fit is named.
func TestMisuse(t *testing.T) {
	p := newProblem(rand.New(rand.NewPCG(3, 7)), 2, 10, 5, 0.1)
	for want, build := range map[string]func(l Lasso){
		"λ = -1; it must be at least 0":                                      func(l Lasso) { l.Lambda = -1; FISTA(l, 0, 10) },
		"10 atoms are not made of groups of 3":                               func(l Lasso) { l.Group = 3; ISTA(l, 0, 10) },
		"groups of 2 atoms that are not negative are not solved here":        func(l Lasso) { l.Group, l.NonNegative = 2, true; Descent(l, 0, 10) },
		"signals of 5 values and atoms of 10 do not fit":                     func(l Lasso) { l.D = transpose(l.D); ADMM(l, 0, 10) },
		"omp with at most 6 atoms, but there are 10 of 5 values; use 1 to 5": func(l Lasso) { OMP(l.Y, nil, l.D, Pursuit{Atoms: 6}) },
		"iht with 11 atoms out of 10; use 1 to 10":                           func(l Lasso) { IHT(l, 11, 0, 10) },
	} {
		_, err := ExecOnceN(xlatest.Backend(t), func(in []*Node) []*Node { build(p.lasso(in)); return in }, p.inputs()...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestColumns: the reductions and matrices that loops do without GoMLX's own.
func TestColumns(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for height := 1; height <= 9; height++ {
		v := random(r, height, 3)
		got := MustExecOnceN(xlatest.Backend(t), func(v *Node) []*Node { return []*Node{colSum(v), colMax(v)} }, v)
		for i := range 3 {
			sum, largest := 0.0, math.Inf(-1)
			for _, row := range v {
				sum += float64(row[i])
				largest = math.Max(largest, float64(row[i]))
			}
			if s := rows(got[0])[0][i]; math.Abs(s-sum) > 1e-6 {
				t.Errorf("height %d: sum %g, want %g", height, s, sum)
			}
			if m := rows(got[1])[0][i]; m != largest {
				t.Errorf("height %d: largest %g, want %g", height, m, largest)
			}
		}
	}
	for _, p := range []problem{newProblem(r, 1, 20, 10, 0), newProblem(r, 1, 5, 10, 0)} {
		norm2, err := p.dictionary().Norm2()
		if err != nil {
			t.Fatal(err)
		}
		got := MustExecOnceN(xlatest.Backend(t), func(d *Node) []*Node {
			gram := Add(MatMul(transpose(d), d), identity(d, 10))
			return []*Node{bound(d), MatMul(gram, inverse(gram))}
		}, p.d)
		if l := float64(got[0].Value().(float32)); l < norm2 || l > 1.006*norm2 {
			t.Errorf("bound %g, the largest eigenvalue is %g", l, norm2)
		}
		for i, row := range rows(got[1]) {
			for j, v := range row {
				if want := map[bool]float64{true: 1}[i == j]; math.Abs(v-want) > 1e-4 {
					t.Errorf("inverse: entry %d, %d of the product is %g", i, j, v)
				}
			}
		}
	}
}
