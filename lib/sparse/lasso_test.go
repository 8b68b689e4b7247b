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

	"github.com/gomlx/gomlx/core/tensors"
)

// problem is a small LASSO problem on the host: y and mask [n][size], d [atoms][size].
type problem struct {
	y, mask, d  [][]float32
	lambda      float64
	weights     [][]float32 // [1 or n][atoms or groups]
	nonNegative bool
	group       int
}

func random(r *rand.Rand, n, size int) [][]float32 {
	out := make([][]float32, n)
	for i := range out {
		out[i] = make([]float32, size)
		for j := range out[i] {
			out[i][j] = float32(r.NormFloat64())
		}
	}
	return out
}

// newProblem has unit atoms that are correlated, and signals of a few of them with noise.
func newProblem(r *rand.Rand, n, atoms, size int, lambda float64) problem {
	p := problem{d: random(r, atoms, size), y: random(r, n, size), lambda: lambda}
	for _, atom := range p.d {
		norm := 0.0
		for j := range atom {
			atom[j] += 0.5
			norm += float64(atom[j]) * float64(atom[j])
		}
		for j := range atom {
			atom[j] /= float32(math.Sqrt(norm))
		}
	}
	for _, y := range p.y {
		for range 3 {
			atom, c := p.d[r.IntN(atoms)], float32(3*r.NormFloat64())
			for j := range y {
				y[j] = 0.3*y[j] + c*atom[j]
			}
		}
	}
	return p
}

func (p problem) masked(r *rand.Rand) problem {
	p.mask = random(r, len(p.y), len(p.y[0]))
	for _, m := range p.mask {
		for j := range m {
			m[j] = float32(r.IntN(2))
		}
	}
	return p
}

// seen is row i of y and of the dictionary, in float64, without what the mask hides.
func (p problem) seen(i int) (y []float64, d [][]float64) {
	d = make([][]float64, len(p.d))
	for j, v := range p.y[i] {
		if p.mask != nil && p.mask[i][j] == 0 {
			continue
		}
		y = append(y, float64(v))
		for k := range d {
			d[k] = append(d[k], float64(p.d[k][j]))
		}
	}
	return y, d
}

// weight is that of atom or group k in signal i.
func (p problem) weight(i, k int) float64 {
	if p.weights == nil {
		return 1
	}
	return float64(p.weights[min(i, len(p.weights)-1)][k])
}

// objective is ½‖m∘(y − aD)‖² + λ times the penalty of signal i.
func (p problem) objective(i int, a []float64) float64 {
	f := 0.0
	y, d := p.seen(i)
	for j := range y {
		r := y[j]
		for k := range d {
			r -= a[k] * d[k][j]
		}
		f += r * r / 2
	}
	step := max(p.group, 1)
	for k := 0; k < len(a); k += step {
		f += p.lambda * p.weight(i, k/step) * norm(a[k:k+step])
	}
	return f
}

func norm(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x * x
	}
	return math.Sqrt(s)
}

// energy is ½‖m∘y‖² of signal i.
func (p problem) energy(i int) float64 { return p.objective(i, make([]float64, len(p.d))) }

// prox shrinks v, one group or one coefficient, by t.
func (p problem) prox(v []float64, t float64) {
	if p.nonNegative {
		v[0] = math.Max(v[0], 0)
	}
	n := norm(v)
	for j := range v {
		v[j] *= math.Max(1-t/math.Max(n, 1e-300), 0)
	}
}

// descend solves in float64 by cyclic descent: a proximal step for each group, which for one coefficient is the exact minimisation.
func (p problem) descend() [][]float64 {
	a := make([][]float64, len(p.y))
	step := max(p.group, 1)
	for i := range p.y {
		r, d := p.seen(i)
		a[i] = make([]float64, len(d))
		for sweep, moved := 0, 1.0; moved > 1e-12 && sweep < 50000; sweep++ {
			moved = 0
			for k := 0; k < len(d); k += step {
				l, next := 0.0, make([]float64, step)
				for _, atom := range d[k : k+step] {
					l += norm(atom) * norm(atom)
				}
				if l == 0 {
					continue
				}
				for g, atom := range d[k : k+step] {
					for j := range r {
						next[g] += atom[j] * r[j] / l
					}
					next[g] += a[i][k+g]
				}
				p.prox(next, p.lambda*p.weight(i, k/step)/l)
				for g, atom := range d[k : k+step] {
					for j := range r {
						r[j] -= atom[j] * (next[g] - a[i][k+g])
					}
					moved = math.Max(moved, math.Abs(next[g]-a[i][k+g]))
					a[i][k+g] = next[g]
				}
			}
		}
	}
	return a
}

func (p problem) dictionary() Dictionary {
	d := Dictionary{Count: len(p.d), Size: len(p.d[0])}
	for _, atom := range p.d {
		d.Atoms = append(d.Atoms, atom...)
	}
	return d
}

// inputs are y, d and what else there is; lasso takes them in a graph.
func (p problem) inputs() []any {
	in := []any{p.y, p.d}
	if p.mask != nil {
		in = append(in, p.mask)
	}
	if p.weights != nil {
		in = append(in, p.weights)
	}
	return in
}

func (p problem) lasso(in []*Node) Lasso {
	l := Lasso{Y: in[0], D: in[1], Lambda: p.lambda, NonNegative: p.nonNegative, Group: p.group}
	if p.mask != nil {
		l.Mask = in[2]
	}
	if p.weights != nil {
		l.Weights = in[len(in)-1]
	}
	return l
}

func rows(v *tensors.Tensor) [][]float64 {
	var out [][]float64
	for _, row := range v.Value().([][]float32) {
		out = append(out, wide(row))
	}
	return out
}

func wide(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

// solved is a solution on the host.
type solved struct {
	a                   [][]float64
	objective, gap, kkt []float64
	iterations          int
}

// run executes what build returns on the problem.
func (p problem) run(t *testing.T, build func(l Lasso) []Solution) []solved {
	t.Helper()
	out := MustExecOnceN(xlatest.Backend(t), func(in []*Node) (nodes []*Node) {
		for _, s := range build(p.lasso(in)) {
			nodes = append(nodes, s.A, s.Objective, s.Gap, s.KKT, s.Iterations)
		}
		return nodes
	}, p.inputs()...)
	var all []solved
	for ; len(out) > 0; out = out[5:] {
		each := func(k int) []float64 { return wide(out[k].Value().([]float32)) }
		all = append(all, solved{rows(out[0]), each(1), each(2), each(3), int(out[4].Value().(int32))})
	}
	return all
}

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
			if full && s.iterations >= 20000 || !full && s.iterations != 20 {
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
		l.Lambda = lambdas[2]
		return append(out, FISTA(l, 1e-6, 5000))
	})
	for k, lambda := range lambdas {
		p.lambda = lambda
		best := p.descend()
		for i := range p.y {
			if f, least := p.objective(i, got[k].a[i]), p.objective(i, best[i]); f > least+1e-5*p.energy(i) {
				t.Errorf("λ = %g: signal %d: objective %g, want %g", lambda, i, f, least)
			}
		}
	}
	if warm, cold := got[2].iterations, got[3].iterations; warm >= cold {
		t.Errorf("%d iterations from the solution before, %d from zero", warm, cold)
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
