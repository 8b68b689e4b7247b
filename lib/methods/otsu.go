package methods

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Otsu tells regions apart by the thresholds that separate a picture's greys best (Otsu 1979): of all thresholds among 256 greys it takes those with
// the largest variance between the means of the classes,
//
//	max Σ_k S_k² / P_k,  P_k the share of the pixels in class k, S_k the sum of their greys
//
// The pixel values tell nothing of where a pixel is.
type Otsu struct{ grey }

// Scores implements Segmenter.
func (m *Otsu) Scores(_ *Scope, x *Node) *Node {
	const greys = 256
	g, n := x.Graph(), x.Shape().Dim(0)
	value := ClipScalar(AddScalar(MulScalar(Reshape(x, n, -1), greys-1), 0.5), 0, greys-0.5)
	level := ConvertDType(value, dtypes.Int32)
	share := ReduceMean(OneHot(level, greys, x.DType()), 1) // [n, greys]
	levels := Iota(g, shapes.Make(x.DType(), n, greys), 1)
	p, s := CumSum(share, 1), CumSum(Mul(share, levels), 1) // of the greys up to each
	between := func(p, s *Node) *Node { return Div(Square(s), MaxScalar(p, 1e-6)) }
	row := func(v *Node) *Node { return Reshape(v, n, greys, 1) }
	column := func(v *Node) *Node { return Reshape(v, n, 1, greys) }
	var thresholds *Node
	if m.problem.Classes == 2 {
		best := ArgMax(Add(between(p, s), between(OneMinus(p), Sub(last(s), s))), 1, dtypes.Int32)
		thresholds = Reshape(best, n, 1)
	} else {
		shape := []int{n, greys, greys} // the first threshold, and the second
		wide := func(v *Node) *Node { return BroadcastToDims(v, shape...) }
		p1, p2, s1, s2 := wide(row(p)), wide(column(p)), wide(row(s)), wide(column(s))
		all := Add(Add(between(p1, s1), between(Sub(p2, p1), Sub(s2, s1))), between(OneMinus(p2), Sub(wide(row(BroadcastToDims(last(s), n, greys))), s2)))
		grow := LessThan(Iota(g, shapes.Make(dtypes.Int32, shape...), 1), Iota(g, shapes.Make(dtypes.Int32, shape...), 2))
		best := ArgMax(Reshape(Where(grow, all, MulScalar(OnesLike(all), -1)), n, greys*greys), 1, dtypes.Int32)
		first := Div(best, Const(g, int32(greys)))
		second := Sub(best, Mul(first, Const(g, int32(greys))))
		thresholds = Stack([]*Node{first, second}, 1)
	}
	return m.above(x, MulScalar(AddScalar(ConvertDType(thresholds, x.DType()), 0.5), 1.0/(greys-1)))
}

// last is the last of each row, [n, 1].
func last(s *Node) *Node { return part(s, 1, s.Shape().Dim(1)-1, s.Shape().Dim(1)) }
