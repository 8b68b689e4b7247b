package sparse

import (
	"math"
	"math/rand/v2"
	"testing"

	"darkroom/lib/engine/xlatest"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see fista.go

	"github.com/gomlx/gomlx/core/tensors"
)

// problem is a small LASSO problem on the host: y and mask [n][size], d [atoms][size].
type problem struct {
	y, mask, d [][]float32
	lambda     float64
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

// objective is the sum over the signals of ½‖m∘(y − aD)‖² + λ‖a‖₁.
func (p problem) objective(a [][]float64) float64 {
	f := 0.0
	for i := range p.y {
		y, d := p.seen(i)
		for j := range y {
			r := y[j]
			for k := range d {
				r -= a[i][k] * d[k][j]
			}
			f += r * r / 2
		}
		for _, v := range a[i] {
			f += p.lambda * math.Abs(v)
		}
	}
	return f
}

// energy is the sum of ½‖m∘y‖².
func (p problem) energy() float64 {
	zero := make([][]float64, len(p.y))
	for i := range zero {
		zero[i] = make([]float64, len(p.d))
	}
	return p.objective(zero)
}

// descend solves by cyclic coordinate descent in float64, whose steps are exact minimisations.
func (p problem) descend() [][]float64 {
	a := make([][]float64, len(p.y))
	for i := range p.y {
		r, d := p.seen(i)
		a[i] = make([]float64, len(d))
		for sweep, moved := 0, 1.0; moved > 1e-13 && sweep < 100000; sweep++ {
			moved = 0
			for k, atom := range d {
				c, n := 0.0, 0.0
				for j := range r {
					c += atom[j] * r[j]
					n += atom[j] * atom[j]
				}
				if n == 0 {
					continue
				}
				c += n * a[i][k]
				next := math.Copysign(math.Max(math.Abs(c)-p.lambda, 0), c) / n
				for j := range r {
					r[j] -= atom[j] * (next - a[i][k])
				}
				moved = math.Max(moved, math.Abs(next-a[i][k]))
				a[i][k] = next
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

// inputs are y, d and, if there is one, the mask; lasso takes them in a graph.
func (p problem) inputs() []any {
	if p.mask == nil {
		return []any{p.y, p.d}
	}
	return []any{p.y, p.d, p.mask}
}

func (p problem) lasso(t *testing.T, in []*Node) Lasso {
	norm2, err := p.dictionary().Norm2()
	if err != nil {
		t.Fatal(err)
	}
	l := Lasso{Y: in[0], D: in[1], Lambda: p.lambda, Norm2: norm2}
	if p.mask != nil {
		l.Mask = in[2]
	}
	return l
}

func rows(v *tensors.Tensor) [][]float64 {
	var out [][]float64
	for _, row := range v.Value().([][]float32) {
		wide := make([]float64, len(row))
		for i, x := range row {
			wide[i] = float64(x)
		}
		out = append(out, wide)
	}
	return out
}

func (p problem) fista(t *testing.T, tolerance float64, iterations int) (a [][]float64, gap float64, done int) {
	t.Helper()
	out := MustExecOnceN(xlatest.Backend(t), func(in []*Node) []*Node {
		s := FISTA(p.lasso(t, in), tolerance, iterations)
		return []*Node{s.A, s.Gap, s.Iterations}
	}, p.inputs()...)
	return rows(out[0]), float64(out[1].Value().(float32)), int(out[2].Value().(int32))
}

// rounding is what float32 leaves of a gap, relative to the energy.
const rounding = 2e-6

func TestFISTA(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 2))
	plain := newProblem(r, 6, 20, 10, 0.4)
	masked := newProblem(r, 6, 20, 10, 0.4).masked(r)
	silent := newProblem(r, 3, 20, 10, 0.4)
	clear(silent.y[1])
	for name, p := range map[string]problem{"plain": plain, "masked": masked, "one signal is zero": silent} {
		a, gap, done := p.fista(t, 1e-6, 5000)
		if done >= 5000 || gap > 1e-6 {
			t.Errorf("%s: gap %g after %d iterations, want 1e-6", name, gap, done)
		}
		best := p.objective(p.descend())
		if f := p.objective(a); !(math.Abs(f/best-1) < 1e-5) {
			t.Errorf("%s: objective %.9g, coordinate descent has %.9g", name, f, best)
		}
	}
	a, _, _ := silent.fista(t, 1e-6, 5000)
	for _, v := range a[1] {
		if v != 0 {
			t.Errorf("the code of a signal that is zero is %v", a[1])
			break
		}
	}
}

// TestGapBoundsSuboptimality: after a few iterations and at any other point, the gap is at least the true suboptimality.
func TestGapBoundsSuboptimality(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	p := newProblem(r, 4, 15, 8, 0.3).masked(r)
	best, energy := p.descend(), p.energy()
	a, gap, done := p.fista(t, 0, checkEvery)
	if done != checkEvery {
		t.Errorf("%d iterations, asked for %d", done, checkEvery)
	}
	short := (p.objective(a) - p.objective(best)) / energy
	if short < 10*rounding {
		t.Errorf("ten iterations are as good as coordinate descent (%g): the test shows nothing", short)
	}
	if gap < short-rounding {
		t.Errorf("gap %g is below the suboptimality %g", gap, short)
	}

	var points [][][]float64
	var args []any
	for _, size := range []float64{0, 0.001, 0.01, 0.1, 1} { // how far from the optimum
		point, single := make([][]float64, len(best)), make([][]float32, len(best))
		for i := range best {
			for _, v := range best[i] {
				single[i] = append(single[i], float32(v+size*r.NormFloat64()))
				point[i] = append(point[i], float64(single[i][len(single[i])-1]))
			}
		}
		points, args = append(points, point), append(args, single)
	}
	gaps := MustExecOnceN(xlatest.Backend(t), func(in []*Node) []*Node {
		l := p.lasso(t, in[len(points):])
		l.Y = Mul(l.Y, l.Mask) // as FISTA does
		var out []*Node
		for _, a := range in[:len(points)] {
			out = append(out, l.gap(a))
		}
		return out
	}, append(args, p.inputs()...)...)
	before := 0.0
	for i, g := range gaps {
		gap, short := float64(g.Value().(float32)), (p.objective(points[i])-p.objective(best))/energy
		if gap < short-rounding {
			t.Errorf("point %d: gap %g is below the suboptimality %g", i, gap, short)
		}
		if i == 0 && math.Abs(gap) > rounding {
			t.Errorf("gap %g at the optimum, want 0", gap)
		}
		if i > 0 && gap <= before {
			t.Errorf("point %d: gap %g, not above %g of the nearer point", i, gap, before)
		}
		before = gap
	}
}

// TestFISTAOrthonormal: for an orthonormal dictionary the solution is the soft threshold of the coefficients.
func TestFISTAOrthonormal(t *testing.T) {
	d := OvercompleteDCT(2, 2)
	p := problem{y: [][]float32{{3, 1, -2, 0.5}, {-1, -1, 4, 0}, {0.1, 0, 0, 0}}, lambda: 0.75}
	for k := range d.Count {
		p.d = append(p.d, d.Atoms[k*4:k*4+4])
	}
	a, _, _ := p.fista(t, 1e-6, 1000)
	for i, y := range p.y {
		for k, atom := range p.d {
			c := 0.0
			for j := range y {
				c += float64(y[j]) * float64(atom[j])
			}
			if want := math.Copysign(math.Max(math.Abs(c)-0.75, 0), c); math.Abs(a[i][k]-want) > 1e-6 {
				t.Errorf("signal %d, atom %d: %g, want %g", i, k, a[i][k], want)
			}
		}
	}
}

// TestFISTAZero: from λ = ‖Dy‖∞ on the solution is exactly zero, and just below it is not.
func TestFISTAZero(t *testing.T) {
	p := newProblem(rand.New(rand.NewPCG(3, 4)), 1, 12, 6, 0)
	largest := 0.0
	for _, atom := range p.d {
		c := 0.0
		for j := range atom {
			c += float64(atom[j]) * float64(p.y[0][j])
		}
		largest = math.Max(largest, math.Abs(c))
	}
	nonzero := func(share float64) (n int, gap float64, done int) {
		p.lambda = share * largest
		a, gap, done := p.fista(t, 1e-6, 2000)
		for _, v := range a[0] {
			if v != 0 {
				n++
			}
		}
		return n, gap, done
	}
	if n, gap, done := nonzero(1.0001); n != 0 || math.Abs(gap) > rounding || done != checkEvery {
		t.Errorf("λ just above its largest: %d coefficients are not zero, gap %g, %d iterations", n, gap, done)
	}
	if n, _, _ := nonzero(0.95); n == 0 {
		t.Error("λ below its largest: the solution is zero")
	}
	clear(p.y[0])
	if n, gap, done := nonzero(0.5); n != 0 || gap != 0 || done != checkEvery {
		t.Errorf("no signal at all: %d coefficients are not zero, gap %g, %d iterations", n, gap, done)
	}
}

func TestRows(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	var args []any
	for width := 1; width <= 9; width++ {
		args = append(args, random(r, 3, width))
	}
	got := MustExecOnceN(xlatest.Backend(t), func(in []*Node) []*Node {
		var out []*Node
		for _, v := range in {
			out = append(out, rowSum(v), rowMax(v))
		}
		return out
	}, args...)
	for k, v := range args {
		for i, row := range v.([][]float32) {
			sum, largest := 0.0, math.Inf(-1)
			for _, x := range row {
				sum += float64(x)
				largest = math.Max(largest, float64(x))
			}
			if s := rows(got[2*k])[i][0]; math.Abs(s-sum) > 1e-6 {
				t.Errorf("width %d: sum %g, want %g", k+1, s, sum)
			}
			if m := rows(got[2*k+1])[i][0]; m != largest {
				t.Errorf("width %d: largest %g, want %g", k+1, m, largest)
			}
		}
	}
}
