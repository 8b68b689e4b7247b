package physics

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics.go
)

// Radon is tomography with parallel rays: sums of a square picture along lines, at so many angles, evenly spread over 180°. Lines nearer to vertical are
// marched row by row, the others column by column. The picture between its pixels is its trigonometric polynomial, so that a row is shifted exactly, and
// the adjoint is the same shifts the other way: the slant stack of Averbuch, Coifman, Donoho, Israeli & Waldén (2001, Fast slant stack, Stanford
// technical report), at equally spaced angles. Of a picture with side d, θ from −45° to 45°, and detectors a from −d to d,
//
//	(Ax)(θ, a) = w/cos θ · Σⱼ xⱼ(a + (j − (d−1)/2)·tan θ)
//
// with xⱼ the jth row, whose middle is at 0, and then the same with columns: line integrals times w, which is the same for all and such that ‖A‖ is at most
// 1. The measurement is [n, Angles, 2d+1, c]. There is no noise.
type Radon struct {
	plain
	coded
	Angles int // even
}

// Describe implements Operator.
func (m Radon) Describe() string {
	return fmt.Sprintf("tomography by %d parallel projections", m.Angles)
}

// Square implements Squarer.
func (m Radon) Square() {}

// Forward implements Operator.
func (m Radon) Forward(x, _ *Node) *Node {
	d := x.Shape().Dimensions
	if d[1] != d[2] {
		side := min(d[1], d[2])
		panic(fmt.Errorf("physics: a picture of %d×%d is not square, as %s needs it; crop it to %d×%d", d[2], d[1], m.Describe(), side, side))
	}
	rows := Reshape(TransposeAllAxes(x, 0, 3, 1, 2), d[0]*d[3], d[1], d[1])
	s := m.slopes(x, d[1])
	y := Concatenate([]*Node{s.sum(rows), s.sum(TransposeAllAxes(rows, 0, 2, 1))}, 1)
	return TransposeAllAxes(Reshape(y, d[0], d[3], m.Angles, 2*d[1]+1), 0, 2, 3, 1)
}

// Adjoint implements Operator.
func (m Radon) Adjoint(y, _ *Node) *Node {
	d := y.Shape().Dimensions
	side := (d[2] - 1) / 2
	y = Reshape(TransposeAllAxes(y, 0, 3, 1, 2), d[0]*d[3], m.Angles, d[2])
	s := m.slopes(y, side)
	rows := s.spread(Slice(y, AxisRange(), AxisRange(0, m.Angles/2)))
	columns := s.spread(Slice(y, AxisRange(), AxisRange(m.Angles/2)))
	x := Add(rows, TransposeAllAxes(columns, 0, 2, 1))
	return TransposeAllAxes(Reshape(x, d[0], d[3], side, side), 0, 2, 3, 1)
}

// Start implements Starter: filtered back projection. Each projection is convolved with the ramp |ν|, which is 2/(π²S) for ν = 0 since it has S = 2d+1
// samples (Kak & Slaney 1988, Principles of computerized tomographic imaging, section 3.3), and projected back.
func (m Radon) Start(y, aux *Node) *Node {
	size := y.Shape().Dim(2)
	kernel := make([]float64, size)
	for i := range kernel {
		kernel[i] = 2 / (math.Pi * math.Pi * float64(size))
		for k := 1; k <= size/2; k++ {
			kernel[i] += 2 * float64(k) / float64(size) * math.Cos(2*math.Pi*float64(k*i%size)/float64(size))
		}
	}
	scale := math.Pi / (float64(size*m.Angles) * math.Pow(m.weight(size/2), 2))
	ramp := make([]float64, size*size)
	for i := range ramp {
		ramp[i] = kernel[(i/size+size-i%size)%size] * scale
	}
	return m.Adjoint(Einsum("nasc,st->natc", y, matrix(y, ramp, size, size)), aux)
}

// weight is w for pictures of side d: the rows of a picture, each shifted, add up to at most √d times its norm.
func (m Radon) weight(d int) float64 {
	sum := 0.0
	for i := range m.Angles / 2 {
		sum += 2 * float64(d) / math.Pow(math.Cos(m.angle(i)), 2)
	}
	return 1 / math.Sqrt(sum)
}

// angle is the ith θ of the first half of the angles.
func (m Radon) angle(i int) float64 {
	return math.Pi * ((float64(i)+0.5)/float64(m.Angles) - 0.25)
}

// slopes are half of the angles as nodes: rows as sums of waves cos(2πka/S) and sin(2πka/S), orthonormal over the S detectors, and how the waves turn.
type slopes struct {
	cos, sin         *Node // of the detectors, [S, waves]
	rowCos, rowSin   *Node // of a row's pixels, [d, waves]
	turnCos, turnSin *Node // of each row at each angle, [angles, d, waves]
	weight           *Node // [1, angles, 1]
}

func (m Radon) slopes(like *Node, d int) slopes {
	size, waves, angles := 2*d+1, d+1, m.Angles/2
	basis := func(n int, middle float64) (cos, sin *Node) {
		c, s := make([]float64, n*waves), make([]float64, n*waves)
		for i := range n {
			for k := range waves {
				length := math.Sqrt(2 / float64(size))
				if k == 0 {
					length = math.Sqrt(1 / float64(size))
				}
				at := 2 * math.Pi * float64(k) * (float64(i) - middle) / float64(size)
				c[i*waves+k], s[i*waves+k] = length*math.Cos(at), length*math.Sin(at)
			}
		}
		return matrix(like, c, n, waves), matrix(like, s, n, waves)
	}
	var out slopes
	middle := float64(d-1) / 2
	out.cos, out.sin = basis(size, float64(d))
	out.rowCos, out.rowSin = basis(d, middle)
	shift, weight, wave := make([]float64, angles*d), make([]float64, angles), make([]float64, waves)
	for i := range angles {
		weight[i] = m.weight(d) / math.Cos(m.angle(i))
		for j := range d {
			shift[i*d+j] = (float64(j) - middle) * math.Tan(m.angle(i)) / float64(size)
		}
	}
	for k := range wave {
		wave[k] = float64(k)
	}
	out.weight = Reshape(matrix(like, weight, 1, angles), 1, angles, 1)
	cycles := Mul(Reshape(matrix(like, shift, angles, d), angles, d, 1), Reshape(matrix(like, wave, 1, waves), 1, 1, waves))
	phase := Mul(Sub(cycles, Round(cycles)), Const(like.Graph(), float32(2*math.Pi)))
	out.turnCos, out.turnSin = Cos(phase), Sin(phase)
	return out
}

// sum adds up the rows of x [n, d, d], shifted for each angle: [n, angles, S].
func (s slopes) sum(x *Node) *Node {
	c, d := Einsum("nyx,xk->nyk", x, s.rowCos), Einsum("nyx,xk->nyk", x, s.rowSin)
	turn := func(a, by *Node) *Node { return Einsum("nyk,jyk->njk", a, by) }
	cos, sin := Add(turn(c, s.turnCos), turn(d, s.turnSin)), Sub(turn(d, s.turnCos), turn(c, s.turnSin))
	return Mul(s.weight, Add(Einsum("njk,sk->njs", cos, s.cos), Einsum("njk,sk->njs", sin, s.sin)))
}

// spread is its adjoint, from [n, angles, S] to [n, d, d].
func (s slopes) spread(y *Node) *Node {
	y = Mul(y, s.weight)
	cos, sin := Einsum("njs,sk->njk", y, s.cos), Einsum("njs,sk->njk", y, s.sin)
	turn := func(a, by *Node) *Node { return Einsum("njk,jyk->nyk", a, by) }
	c, d := Sub(turn(cos, s.turnCos), turn(sin, s.turnSin)), Add(turn(cos, s.turnSin), turn(sin, s.turnCos))
	return Add(Einsum("nyk,xk->nyx", c, s.rowCos), Einsum("nyk,xk->nyx", d, s.rowSin))
}
