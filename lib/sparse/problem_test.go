package sparse

import (
	"math"
	"math/rand/v2"
	"testing"

	"darkroom/lib/engine/onednn"
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

// kernels runs a test with the plugin's handlers, where they are to be had, and with XLA alone.
func kernels(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	xlatest.Backend(t)
	for _, kernel := range []string{"handler", "graph"} {
		t.Run(kernel, func(t *testing.T) {
			if kernel == "graph" {
				defer onednn.Pause()()
			}
			before := onednn.Stats()
			test(t)
			after := onednn.Stats()
			on := kernel == "handler" && after.Programs > before.Programs // without the hook no programs are counted
			if taken := after.Codes > before.Codes; taken != on {
				t.Errorf("the handler was used: %v, want %v", taken, on)
			}
		})
	}
}
