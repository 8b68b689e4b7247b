package methods

import (
	"fmt"

	"darkroom/lib/nn"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// NLM is non-local means (Buades, Coll & Morel 2005, A non-local algorithm for image denoising, CVPR): each pixel becomes the mean of the
// pixels of the search window around it, weighted by how alike the patches around the two are,
//
//	x̂ᵢ = Σⱼ wᵢⱼ yⱼ / Σⱼ wᵢⱼ,  wᵢⱼ = exp(−max(dᵢⱼ − 2σ², 0) / (hσ)²),
//
// d being the mean squared difference of the patches, in all channels; 2σ² of it is noise (the authors' form of 2011, IPOL 1). The picture
// is mirrored at its edges.
type NLM struct {
	Posed
	Patch  int     `default:"5" range:"1:15" help:"side of the patches that are compared, odd"`
	Search int     `default:"21" range:"3:61" help:"side of the search window, odd"`
	H      float64 `default:"0.6" range:"0.01:100" help:"strength of the filter, in units of the noise's deviation"`
}

// Pose implements Method.
func (m *NLM) Pose(p Problem) error {
	for name, side := range map[string]int{"patch": m.Patch, "search": m.Search} {
		if err := odd("nlm", name, side); err != nil {
			return err
		}
	}
	if !onlyNoise(p.Operator) {
		return fmt.Errorf("nlm: %s is more than noise, which means take away; use tv", p.Operator.Describe())
	}
	return m.Posed.Pose(p)
}

// Restore implements Restorer. Where the picture is smaller than the search window, the window is smaller.
func (m *NLM) Restore(_ *Scope, y, _ *Node) *Node {
	d, g := y.Shape().Dimensions, y.Graph()
	n, h, w, c := d[0], d[1], d[2], d[3]
	around, far := m.Patch/2, min(m.Search/2, min(h, w)-1-m.Patch/2)
	if far < 0 {
		panic(fmt.Errorf("nlm: the picture is %d×%d, smaller than half a patch of %d×%d; set patch to at most %d", w, h, m.Patch, m.Patch, 2*min(h, w)-1))
	}
	noise := Square(MaxScalar(physics.Level(m.problem.Operator, y), 1e-4))
	side := 2*far + 1
	state := []*Node{
		Const(g, int32(0)), ZerosLike(y), ZerosLike(part(y, 3, 0, 1)), nn.PadImage(y, around+far, nn.PadReflect),
		MulScalar(noise, 2), MulScalar(noise, m.H*m.H),
	}
	parameters := func(g *Graph) []*Node {
		out := make([]*Node, len(state))
		for i, v := range state {
			out[i] = Parameter(g, "", v.Shape())
		}
		return out
	}
	cond := NewClosure(g, func(g *Graph) []*Node {
		return []*Node{LessThan(parameters(g)[0], Const(g, int32(side*side)))}
	})
	body := NewClosure(g, func(g *Graph) []*Node {
		s := parameters(g)
		at, sum, total, wide, expected, scale := s[0], s[1], s[2], s[3], s[4], s[5]
		zero, sides := Const(g, int32(0)), Const(g, int32(side))
		row := Div(at, sides)
		other := DynamicSlice(wide, []*Node{zero, row, Sub(at, Mul(row, sides)), zero}, []int{n, h + 2*around, w + 2*around, c})
		here := part(part(wide, 1, far, far+h+2*around), 2, far, far+w+2*around)
		distance := Square(Sub(here, other))
		distance = boxSum(distance, 3, c)
		distance = boxSum(boxSum(distance, 1, m.Patch), 2, m.Patch)
		distance = Mul(distance, Const(g, float32(1/float64(m.Patch*m.Patch*c))))
		weight := Exp(Neg(Div(Max(Sub(distance, expected), Const(g, float32(0))), scale)))
		other = part(part(other, 1, around, around+h), 2, around, around+w)
		return append([]*Node{Add(at, Const(g, int32(1))), Add(sum, Mul(weight, other)), Add(total, weight)}, s[3:]...)
	})
	out := While(cond, body, state...)
	return Div(out[1], out[2])
}

// Reach implements Local.
func (m *NLM) Reach() int {
	if ownLevel(m.problem.Operator) {
		return -1
	}
	return m.Search/2 + m.Patch/2
}

// boxSum sums side neighbours along an axis, which becomes shorter by side−1.
func boxSum(x *Node, axis, side int) *Node {
	n := x.Shape().Dim(axis) - side + 1
	sum := part(x, axis, 0, n)
	for i := 1; i < side; i++ {
		sum = Add(sum, part(x, axis, i, i+n))
	}
	return sum
}
