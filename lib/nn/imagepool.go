package nn

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// ImagePool keeps up to size generated images, so that a discriminator sees older ones too (Shrivastava et al. 2017, section 2.3; as Zhu et al. 2017 use
// it). One image of the batch x [n, h, w, c] after the other: while the pool has room, the image is kept and given on; once it is full, the image is
// given on with probability ½, and otherwise takes the place of a stored one, drawn at random, which is given on instead. It has the shape of x, and
// no gradient. The pool and how many images it has are variables of the scope, and so part of the checkpoint. size 0 gives x on.
func ImagePool(s *Scope, x *Node, size int) *Node {
	b := block{"ImagePool", s}
	b.image(x)
	if size < 0 {
		b.fail("size is %d; it must be at least 0", size)
	}
	x = StopGradient(x)
	if size == 0 {
		return x
	}
	g, d := x.Graph(), x.Shape().Dimensions
	s = s.WithInitializer(Zeros)
	images := s.VariableWithShape("images", shapes.Make(x.DType(), size, d[1], d[2], d[3])).SetTrainable(false)
	count := s.VariableWithShape("count", shapes.Make(dtypes.Int32)).SetTrainable(false)
	pool, stored := images.NodeValue(g), count.NodeValue(g)
	chance := s.RandomUniform(g, shapes.Make(dtypes.Float32, d[0], 2)) // of each image: which stored one, and whether
	places := Iota(g, shapes.Make(dtypes.Int32, size, 1, 1, 1), 0)
	capacity := Scalar(g, dtypes.Int32, size)
	given := make([]*Node, d[0])
	for i := range given {
		image := Slice(x, AxisRange(i, i+1))
		u := func(k int) *Node { return Reshape(Slice(chance, AxisRange(i, i+1), AxisRange(k, k+1))) }
		room := LessThan(stored, capacity)
		drawn := ConvertDType(MulScalar(u(0), float64(size)), dtypes.Int32)
		place := Where(room, stored, Min(drawn, SubScalar(capacity, 1)))
		swap := And(Not(room), LessThan(u(1), Scalar(g, dtypes.Float32, 0.5)))
		here := Equal(places, place)
		old := ReduceAndKeep(Where(BroadcastToShape(here, pool.Shape()), pool, ZerosLike(pool)), ReduceSum, 0)
		given[i] = Where(BroadcastToShape(swap, image.Shape()), old, image)
		write := BroadcastToShape(And(here, Or(room, swap)), pool.Shape())
		pool = Where(write, BroadcastToShape(image, pool.Shape()), pool)
		stored = Where(room, AddScalar(stored, 1), stored)
	}
	images.SetNodeValue(pool)
	count.SetNodeValue(stored)
	return Concatenate(given, 0)
}
