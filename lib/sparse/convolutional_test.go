package sparse

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see lasso.go

	"github.com/gomlx/gomlx/core/tensors"
)

// asLasso is the problem written out: an atom for each filter at each place of a picture of h×w.
func asLasso(filters, y, mask []float32, count, side, h, w int, lambda float64) problem {
	p := problem{lambda: lambda}
	for k := range count {
		for place := range h * w {
			atom := make([]float32, h*w)
			for i := range side * side {
				at := (place/w+i/side)%h*w + (place%w+i%side)%w
				atom[at] = filters[k*side*side+i]
			}
			p.d = append(p.d, atom)
		}
	}
	for from := 0; from < len(y); from += h * w {
		p.y = append(p.y, y[from:from+h*w])
		p.mask = append(p.mask, mask[from:from+h*w])
	}
	return p
}

// TestConvolutional: the objective is that of the problem written out as a Lasso and solved in float64 by descent; the gap is never below the true
// suboptimality, and rises, as the KKT residual does, where the code is disturbed; from λmax on the code is zero; filters that learn fit better,
// and are no longer than 1.
func TestConvolutional(t *testing.T) {
	const n, count, side, h, w, lambda, tolerance = 2, 3, 3, 5, 6, 0.3, 1e-5
	r := rand.New(rand.NewPCG(3, 8))
	draw := func(size int, from func() float32) []float32 {
		out := make([]float32, size)
		for i := range out {
			out[i] = from()
		}
		return out
	}
	normal := func() float32 { return float32(r.NormFloat64()) }
	filters, y := draw(count*side*side, func() float32 { return normal() / 3 }), draw(n*h*w, normal)
	mask := draw(n*h*w, func() float32 { return float32(min(r.IntN(4), 1)) })
	p := asLasso(filters, y, mask, count, side, h, w, lambda)
	best := p.descend()
	most := 0.0 // λmax of the second picture
	rest, atoms := p.seen(1)
	for _, atom := range atoms {
		c := 0.0
		for i := range atom {
			c += atom[i] * rest[i]
		}
		most = math.Max(most, math.Abs(c))
	}
	tensor := func(v []float32, dims ...int) *tensors.Tensor { return tensors.FromFlatDataAndDimensions(v, dims...) }
	noise := draw(n*count*h*w, normal)
	sizes := []float64{0.001, 0.01, 0.1}
	out := MustExecOnceN(xlatest.Backend(t), func(in []*Node) []*Node {
		c := Convolutional{Y: in[0], D: in[1], Mask: in[2], Lambda: lambda}
		full, few := c.ADMM(tolerance, 5000), c.ADMM(0, 10)
		nodes := []*Node{full.A, full.Objective, full.Gap, full.KKT, few.A, few.Objective, few.Gap, few.KKT}
		re, im := spectra(c.D, h, w)
		q := c
		q.Y = Mul(c.Y, c.Mask)
		for _, size := range sizes {
			_, gap, kkt := q.certify(bank{re, im}, Add(full.A, MulScalar(in[3], size)))
			nodes = append(nodes, gap, kkt)
		}
		c.Lambda = most * (1 + 1e-5)
		nodes = append(nodes, c.ADMM(0, 2000).A)
		better := c
		better.D = c.Learn(full.A, 30)
		misfit := func(c Convolutional) *Node { return ReduceAllSum(Square(Mul(c.Mask, Sub(c.Y, c.Sum(full.A))))) }
		return append(nodes, misfit(c), misfit(better), ReduceAllMax(ReduceSum(Square(better.D), 1, 2)))
	}, tensor(y, n, h, w), tensor(filters, count, side, side), tensor(mask, n, h, w), tensor(noise, n, count, h, w))
	value := func(k int) []float64 { return wide(tensors.MustCopyFlatData[float32](out[k])) }
	gaps, energy, suboptimal := 0.0, 0.0, 0.0
	for i := range n {
		least, e := p.objective(i, best[i]), p.energy(i)
		for _, from := range []int{0, 4} {
			a := value(from)[i*count*h*w : (i+1)*count*h*w]
			f, gap := p.objective(i, a), value(from + 2)[i]
			if says := value(from + 1)[i]; math.Abs(f-says) > rounding*e {
				t.Errorf("picture %d has the objective %.8g, and says %.8g", i, f, says)
			}
			if gap < f-least-rounding*e {
				t.Errorf("picture %d: gap %g is below the suboptimality %g", i, gap, f-least)
			}
			if from == 0 {
				gaps, energy, suboptimal = gaps+gap, energy+e, suboptimal+f-least
			} else if f-least < 10*rounding*e {
				t.Error("ten iterations are as good as the best: the test shows nothing")
			}
		}
		before := [2]float64{value(2)[i], value(3)[i]}
		for k, size := range sizes {
			now := [2]float64{value(8 + 2*k)[i], value(9 + 2*k)[i]}
			if now[0] <= before[0] || now[1] <= before[1] {
				t.Errorf("picture %d moved by %g: gap and KKT residual %g, not above %g", i, size, now, before)
			}
			before = now
		}
	}
	if gaps > tolerance*energy*1.001 || suboptimal > (tolerance+rounding)*energy {
		t.Errorf("gap %g and suboptimality %g of ½‖y‖², want %g", gaps/energy, suboptimal/energy, tolerance)
	}
	for k, v := range value(14)[count*h*w:] {
		if v != 0 {
			t.Fatalf("at λmax the second picture's code %d is %g", k, v)
		}
	}
	if before, after, longest := value(15)[0], value(16)[0], value(17)[0]; after > 0.9*before || longest > 1+1e-5 {
		t.Errorf("the squared misfit falls from %g to %g by learning; the longest filter's squared length is %g", before, after, longest)
	}
	for want, c := range map[string]struct {
		lambda float64
		h      int
	}{"λ = -1; it must be at least 0": {-1, h}, "pictures of 6×2 are smaller than the filters of 3×3": {1, 2}} {
		_, err := ExecOnce(xlatest.Backend(t), func(y, d *Node) *Node {
			return Convolutional{Y: y, D: d, Lambda: c.lambda}.ADMM(0, 1).A
		}, tensor(y[:c.h*w], 1, c.h, w), tensor(filters, count, side, side))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
