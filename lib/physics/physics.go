package physics

import (
	"math/rand/v2"

	"darkroom/lib/lab"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Operator is a degradation y = A(x) + σ·noise of images [batch, height, width, channels] with values in [0, 1]; ‖A‖ is at most 1. The
// measurement may have another size than the image. Some operators need an array beside the image, such as a mask: Aux draws it on
// the host for a test picture, DrawAux in a training graph. What some operators have besides are the small interfaces below.
type Operator interface {
	// Describe names the operator and its parameters, for protocols.
	Describe() string
	// Forward is A, linear in x.
	Forward(x, aux *Node) *Node
	// Adjoint is Aᵀ: ⟨Ax, y⟩ = ⟨x, Aᵀy⟩.
	Adjoint(y, aux *Node) *Node
	// Sigma is the standard deviation of the noise, for values in [0, 1]; of noise that depends on the picture, of one that has every grey
	// equally often.
	Sigma() float64
	// Aux draws the array for one picture, [height, width, channels], or returns nil if the operator needs none.
	Aux(r *rand.Rand, height, width, channels int) []float32
	// DrawAux does so in a graph for a batch of the given shape; nil if the operator needs none.
	DrawAux(s *model.Scope, g *Graph, shape shapes.Shape) *Node
}

// Corrupter operators have other noise than white Gaussian noise of deviation Sigma.
type Corrupter interface {
	// Corrupt turns Ax, on the host, into the measurement, in place.
	Corrupt(r *rand.Rand, y lab.Image)
	// DrawNoise does so in a graph, for a batch.
	DrawNoise(s *model.Scope, y *Node) *Node
}

// Leveller operators tell the deviation of the noise better from the measurement than by Sigma.
type Leveller interface {
	// Level returns the deviation, [batch, 1, 1, 1].
	Level(y *Node) *Node
}

// Starter operators have a better first estimate of x than Aᵀy.
type Starter interface{ Start(y, aux *Node) *Node }

// Pixelwise operators multiply each value by a number: Ax = m∘x.
type Pixelwise interface {
	// Gain is m, from 0 to 1, as aux; nil if A is the identity.
	Gain(aux *Node) *Node
}

// Convolution operators are a convolution of pictures that go round at their edges.
type Convolution interface {
	// Response is the transfer function of a picture of height×width, real and imaginary parts, each [height, width/2+1].
	Response(height, width int) (re, im []float64)
}

// Multipler operators need pictures whose sides are a multiple of a number.
type Multipler interface{ Multiple() int }

// Squarer operators need square pictures.
type Squarer interface{ Square() }

// Coded operators make measurements that are no pictures, such as coefficients: an array of their own shape, whose values may be negative.
type Coded interface{ Coded() }

// coded is embedded in such.
type coded struct{}

// Coded implements Coded.
func (coded) Coded() {}

// Coloured operators measure pictures of three channels; what they measure may have one.
type Coloured interface{ Coloured() }

// As is the operator, or the one that it is made of, as an optional interface or a type of this package.
func As[T any](op Operator) (T, bool) {
	for op != nil {
		if t, ok := op.(T); ok {
			return t, true
		}
		w, ok := op.(With)
		if !ok {
			break
		}
		op = w.Operator
	}
	var none T
	return none, false
}

// Corrupt adds the operator's noise to Ax, in place.
func Corrupt(op Operator, r *rand.Rand, y lab.Image) {
	if c, ok := op.(Corrupter); ok {
		c.Corrupt(r, y)
		return
	}
	for i := range y.Pix {
		y.Pix[i] += float32(op.Sigma() * r.NormFloat64())
	}
}

// DrawNoise is Corrupt in a graph.
func DrawNoise(op Operator, s *model.Scope, y *Node) *Node {
	if c, ok := op.(Corrupter); ok {
		return c.DrawNoise(s, y)
	}
	if op.Sigma() == 0 {
		return y
	}
	return Add(y, MulScalar(nn.Gaussian(s.Store(), y.Graph(), y.Shape()), op.Sigma()))
}

// Level is the deviation of the noise of a measurement, [batch, 1, 1, 1].
func Level(op Operator, y *Node) *Node {
	if l, ok := op.(Leveller); ok {
		return l.Level(y)
	}
	return constant(y, op.Sigma())
}

// Start is a first estimate of x, of its size: Aᵀy, or the operator's own.
func Start(op Operator, y, aux *Node) *Node {
	if s, ok := As[Starter](op); ok {
		return s.Start(y, aux)
	}
	return op.Adjoint(y, aux)
}

// Multiple is the number of which the sides of a picture must be a multiple.
func Multiple(op Operator) int {
	if m, ok := As[Multipler](op); ok {
		return m.Multiple()
	}
	return 1
}

// Crop is the size of the largest part of a picture that the operator fits, 0×0 if there is none.
func Crop(op Operator, height, width int) (int, int) {
	if _, square := As[Squarer](op); square {
		height, width = min(height, width), min(height, width)
	}
	m := Multiple(op)
	if height < m || width < m {
		return 0, 0
	}
	return height / m * m, width / m * m
}

// Norm estimates ‖A‖ for images of x's size by the power method: v ← AᵀAv / ‖AᵀAv‖, from x. The estimate is never above ‖A‖, but for
// rounding.
func Norm(op Operator, x, aux *Node, iterations int) *Node {
	length := func(v *Node) *Node { return Sqrt(ReduceAllSum(Square(v))) }
	for range iterations {
		x = Div(x, length(x))
		x = op.Adjoint(op.Forward(x, aux), aux)
	}
	return Sqrt(length(x))
}

// plain is embedded in operators that have neither noise nor an array.
type plain struct{}

// Sigma implements Operator.
func (plain) Sigma() float64 { return 0 }

// Aux implements Operator.
func (plain) Aux(*rand.Rand, int, int, int) []float32 { return nil }

// DrawAux implements Operator.
func (plain) DrawAux(*model.Scope, *Graph, shapes.Shape) *Node { return nil }

// constant is v as [batch, 1, 1, 1], fit for a loop's body.
func constant(y *Node, v float64) *Node {
	return BroadcastToDims(Const(y.Graph(), float32(v)), y.Shape().Dim(0), 1, 1, 1)
}

// matrix is a constant of float32 for use in any function of y's program.
func matrix(y *Node, values []float64, rows, cols int) *Node {
	single := make([]float32, len(values))
	for i, v := range values {
		single[i] = float32(v)
	}
	return ConstTensor(y.Graph(), tensors.FromFlatDataAndDimensions(single, rows, cols))
}

func float32Shape(dims ...int) shapes.Shape { return shapes.Make(dtypes.Float32, dims...) }
