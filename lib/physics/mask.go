package physics

import (
	"fmt"
	"math"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics.go

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
)

// masking is embedded in operators that hide pixels, in all channels at once; there is no noise. aux is the mask: 1 where a pixel is seen.
type masking struct{}

// Forward implements Operator.
func (masking) Forward(x, mask *Node) *Node { return Mul(x, mask) }

// Adjoint implements Operator.
func (masking) Adjoint(y, mask *Node) *Node { return Mul(y, mask) }

// Sigma implements Operator.
func (masking) Sigma() float64 { return 0 }

// Gain implements Pixelwise.
func (masking) Gain(mask *Node) *Node { return mask }

// Mask hides a share of the pixels, each independently.
type Mask struct {
	masking
	Missing float64
}

// Describe implements Operator.
func (m Mask) Describe() string {
	return fmt.Sprintf("%g %% of the pixels missing at random", m.Missing*100)
}

// Aux implements Operator.
func (m Mask) Aux(r *rand.Rand, height, width, channels int) []float32 {
	return perPixel(height, width, channels, func(int, int) bool { return r.Float64() >= m.Missing })
}

// DrawAux implements Operator.
func (m Mask) DrawAux(s *model.Scope, g *Graph, shape shapes.Shape) *Node {
	return seen(GreaterOrEqual(s.RandomUniform(g, oneChannel(shape)), Scalar(g, shape.DType, m.Missing)), shape)
}

// Box hides one rectangle at a random place. Its sides are a share of the picture's.
type Box struct {
	masking
	Side float64
}

// Describe implements Operator.
func (b Box) Describe() string {
	return fmt.Sprintf("a box of %g %% of the height and width missing", b.Side*100)
}

// side is the box's side along a side of the picture.
func (b Box) side(pixels int) int { return max(1, int(math.Round(b.Side*float64(pixels)))) }

// Aux implements Operator.
func (b Box) Aux(r *rand.Rand, height, width, channels int) []float32 {
	h, w := b.side(height), b.side(width)
	top, left := r.IntN(height-h+1), r.IntN(width-w+1)
	return perPixel(height, width, channels, func(y, x int) bool { return y < top || y >= top+h || x < left || x >= left+w })
}

// DrawAux implements Operator.
func (b Box) DrawAux(s *model.Scope, g *Graph, shape shapes.Shape) *Node {
	inside := func(axis int) *Node {
		size := b.side(shape.Dimensions[axis])
		u := s.RandomUniform(g, float32Shape(shape.Dimensions[0], 1, 1, 1))
		first := Floor(MulScalar(u, float64(shape.Dimensions[axis]-size+1)))
		at := Sub(Iota(g, oneChannel(shape), axis), first)
		return LogicalAnd(GreaterOrEqual(at, ScalarZero(g, shape.DType)), LessThan(at, Scalar(g, shape.DType, size)))
	}
	return seen(LogicalNot(LogicalAnd(inside(1), inside(2))), shape)
}

// Strokes hides straight strokes between random places, as scratches do. They are 1/50 of the picture's shorter side wide, and at least 2
// pixels.
type Strokes struct {
	masking
	Count int
}

// Describe implements Operator.
func (k Strokes) Describe() string { return fmt.Sprintf("%d strokes missing", k.Count) }

func (k Strokes) radius(height, width int) float64 {
	return math.Max(1, float64(min(height, width))/100)
}

// Aux implements Operator.
func (k Strokes) Aux(r *rand.Rand, height, width, channels int) []float32 {
	ends := make([][4]float64, k.Count) // y and x of one end, and the way to the other
	for i := range ends {
		y, x := r.Float64()*float64(height-1), r.Float64()*float64(width-1)
		ends[i] = [4]float64{y, x, r.Float64()*float64(height-1) - y, r.Float64()*float64(width-1) - x}
	}
	radius := k.radius(height, width)
	return perPixel(height, width, channels, func(y, x int) bool {
		for _, e := range ends {
			dy, dx := float64(y)-e[0], float64(x)-e[1]
			t := min(max((dy*e[2]+dx*e[3])/(e[2]*e[2]+e[3]*e[3]+1e-12), 0), 1)
			if math.Hypot(dy-t*e[2], dx-t*e[3]) <= radius {
				return false
			}
		}
		return true
	})
}

// DrawAux implements Operator.
func (k Strokes) DrawAux(s *model.Scope, g *Graph, shape shapes.Shape) *Node {
	n, h, w := shape.Dimensions[0], shape.Dimensions[1], shape.Dimensions[2]
	end := func(pixels int) *Node {
		return MulScalar(s.RandomUniform(g, float32Shape(n, 1, 1, k.Count)), float64(pixels-1))
	}
	y, x := end(h), end(w)
	wayY, wayX := Sub(end(h), y), Sub(end(w), x)
	dy, dx := Sub(Iota(g, float32Shape(1, h, w, 1), 1), y), Sub(Iota(g, float32Shape(1, h, w, 1), 2), x)
	t := Div(Add(Mul(dy, wayY), Mul(dx, wayX)), AddScalar(Add(Square(wayY), Square(wayX)), 1e-12))
	t = ClipScalar(t, 0, 1)
	distance := Add(Square(Sub(dy, Mul(t, wayY))), Square(Sub(dx, Mul(t, wayX))))
	r := k.radius(h, w)
	return seen(GreaterThan(ReduceAndKeep(distance, ReduceMin, 3), Scalar(g, shape.DType, r*r)), shape)
}

// Blocks loses a share of the square blocks that a picture was coded in, each independently, as a channel that drops packets does. The
// last blocks may be cut by the edges.
type Blocks struct {
	masking
	Missing float64
	Side    int // of a block, in pixels
}

// Describe implements Operator.
func (b Blocks) Describe() string {
	return fmt.Sprintf("%g %% of the blocks of %d×%d pixels missing at random", b.Missing*100, b.Side, b.Side)
}

// Aux implements Operator.
func (b Blocks) Aux(r *rand.Rand, height, width, channels int) []float32 {
	cols := (width + b.Side - 1) / b.Side
	kept := make([]bool, (height+b.Side-1)/b.Side*cols)
	for i := range kept {
		kept[i] = r.Float64() >= b.Missing
	}
	return perPixel(height, width, channels, func(y, x int) bool { return kept[y/b.Side*cols+x/b.Side] })
}

// DrawAux implements Operator.
func (b Blocks) DrawAux(s *model.Scope, g *Graph, shape shapes.Shape) *Node {
	n, h, w := shape.Dimensions[0], shape.Dimensions[1], shape.Dimensions[2]
	rows, cols := (h+b.Side-1)/b.Side, (w+b.Side-1)/b.Side
	u := BroadcastToDims(s.RandomUniform(g, float32Shape(n, rows, 1, cols, 1, 1)), n, rows, b.Side, cols, b.Side, 1)
	u = Slice(Reshape(u, n, rows*b.Side, cols*b.Side, 1), AxisRange(), AxisRange(0, h), AxisRange(0, w))
	return seen(GreaterOrEqual(u, Scalar(g, shape.DType, b.Missing)), shape)
}

// perPixel is the mask of the pixels that are seen, asked for row by row.
func perPixel(height, width, channels int, seen func(y, x int) bool) []float32 {
	out := make([]float32, height*width*channels)
	for i := range height * width {
		if seen(i/width, i%width) {
			for c := range channels {
				out[i*channels+c] = 1
			}
		}
	}
	return out
}

func oneChannel(shape shapes.Shape) shapes.Shape {
	one := shape.Clone()
	one.Dimensions[3] = 1
	return one
}

// seen is a mask of one channel as numbers, for all channels.
func seen(mask *Node, shape shapes.Shape) *Node {
	return BroadcastToShape(ConvertDType(mask, shape.DType), shape)
}
