package methods

import (
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
)

// codebook is a table of vectors that follows what it stands for, without gradients (van den Oord et al. 2017, appendix A.1).
type codebook struct {
	scope       *Scope
	codes, size int
}

func (b codebook) variable(name string, init model.VariableInitializer, dims ...int) *model.Variable {
	return b.scope.WithInitializer(init).VariableWithShape(name, shapes.Make(dtypes.Float32, dims...)).SetTrainable(false)
}

// vectors are the table [codes, size]; at first, standard normal.
func (b codebook) vectors() *model.Variable {
	return b.variable("vectors", func(g *Graph, shape shapes.Shape) *Node { return nn.Gaussian(b.scope.Store(), g, shape) }, b.codes, b.size)
}

// nearest is the index [rows] int32 of the vector at the least distance to each row of h [rows, size].
func (b codebook) nearest(h *Node) *Node {
	e := b.vectors().NodeValue(h.Graph())
	squares := Reshape(ReduceSum(Square(e), 1), 1, b.codes)
	return ArgMin(Sub(squares, MulScalar(MatMul(h, TransposeAllAxes(e, 1, 0)), 2)), 1, dtypes.Int32)
}

// look is the vectors [rows, size] of indices [rows].
func (b codebook) look(index *Node) *Node {
	return Gather(b.vectors().NodeValue(index.Graph()), ExpandAxes(index, -1))
}

// straightThrough is e, whose gradient goes to h.
func straightThrough(h, e *Node) *Node { return Add(h, StopGradient(Sub(e, h))) }

// hardlyUsed is the moving average of the uses of a vector in a step, below which it counts as dead.
const hardlyUsed = 0.1

// follow moves each vector to the moving average of the rows of h [rows, size] that index says it is used for:
//
//	N ← γN + (1−γ)·count,  m ← γm + (1−γ)·Σh,  e = m/N
//
// A vector that is hardly used stays, or begins anew at a row of h drawn at random. It returns the perplexity of the
// index, exp of its entropy, and the number of dead vectors.
func (b codebook) follow(h, index *Node, momentum float64, restart bool) (perplexity, dead *Node) {
	g := h.Graph()
	vectors := b.vectors()
	uses := b.variable("uses", model.VariableInitializer(Zeros), b.codes)
	sums := b.variable("sums", model.VariableInitializer(Zeros), b.codes, b.size)
	hot := OneHot(index, b.codes, h.DType())
	count := ReduceSum(hot, 0)
	average := func(old *model.Variable, now *Node) *Node {
		return Add(MulScalar(old.NodeValue(g), momentum), MulScalar(now, 1-momentum))
	}
	n, m := average(uses, count), average(sums, MatMul(TransposeAllAxes(hot, 1, 0), h))
	column := func(v *Node) *Node { return BroadcastToShape(ExpandAxes(v, -1), m.Shape()) }
	tiny := Scalar(g, n.DType(), 1e-5)
	e := Where(column(GreaterThan(n, tiny)), Div(m, ExpandAxes(Max(n, tiny), -1)), vectors.NodeValue(g))
	unused := LessThan(n, Scalar(g, n.DType(), hardlyUsed))
	if restart {
		rows := h.Shape().Dim(0)
		at := ConvertDType(MulScalar(b.scope.RandomUniform(g, n.Shape()), float64(rows)), dtypes.Int32)
		at = Min(at, Scalar(g, dtypes.Int32, rows-1)) // the product may be rounded up
		fresh := Gather(h, ExpandAxes(at, -1))
		e, m, n = Where(column(unused), fresh, e), Where(column(unused), fresh, m), Where(unused, OnesLike(n), n)
	}
	vectors.SetNodeValue(e)
	uses.SetNodeValue(n)
	sums.SetNodeValue(m)
	p := DivScalar(count, float64(h.Shape().Dim(0)))
	entropy := Neg(ReduceAllSum(Mul(p, Log(AddScalar(p, 1e-10)))))
	return Exp(entropy), ReduceAllSum(ConvertDType(unused, h.DType()))
}
