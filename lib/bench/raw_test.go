package bench

import (
	"math/rand/v2"
	"testing"

	"darkroom/lib/engine/onednn"
	"darkroom/lib/engine/xlatest"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // networks read as mathematics
	"github.com/gomlx/gomlx/ml/model"
)

// rawStep is dncnn40 as a user of GoMLX writes it who knows nothing of this project: its own convolution, batch norm in so many words, and
// plain gradient descent.
func rawStep(s *model.Scope, x, noise *Node) *Node {
	conv := func(name string, h *Node, n int) *Node {
		k := s.In("%s", name).VariableWithShape("weights", shapes.Make(h.DType(), 3, 3, h.Shape().Dim(-1), n)).NodeValue(h.Graph())
		return Convolve(h, k).PadSame().Done()
	}
	norm := func(name string, h *Node) *Node {
		s := s.In("%s", name)
		n := shapes.Make(h.DType(), 1, 1, 1, h.Shape().Dim(-1))
		scale, offset := s.VariableWithShape("scale", n).NodeValue(h.Graph()), s.VariableWithShape("offset", n).NodeValue(h.Graph())
		centred := Sub(h, ReduceAndKeep(h, ReduceMean, 0, 1, 2))
		variance := ReduceAndKeep(Square(centred), ReduceMean, 0, 1, 2)
		return Add(Mul(Div(centred, Sqrt(AddScalar(variance, 1e-5))), scale), offset)
	}
	zero := Scalar(x.Graph(), x.DType(), 0)
	h := Max(conv("first", x, 32), zero)
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		h = Max(norm("norm"+name, conv("conv"+name, h, 32)), zero)
	}
	loss := ReduceAllMean(Square(Sub(Sub(x, conv("last", h, 1)), noise)))
	var vars []*model.Variable
	var nodes []*Node
	for v := range s.Store().IterVariables() {
		if v.Trainable {
			vars, nodes = append(vars, v), append(nodes, v.NodeValue(loss.Graph()))
		}
	}
	for i, g := range Gradient(loss, nodes...) {
		vars[i].SetNodeValue(Sub(nodes[i], MulScalar(g, 1e-3)))
	}
	return loss
}

// BenchmarkRawGraph times it with its convolutions by plain XLA and by oneDNN, in turn.
func BenchmarkRawGraph(b *testing.B) {
	backend := xlatest.Backend(b)
	step := func(b *testing.B, backend compute.Backend) func() {
		store := model.NewStore()
		if err := store.SetRNGStateFromSeed(1); err != nil {
			b.Fatal(err)
		}
		exec, err := model.NewExec(backend, store, func(s *model.Scope, x, noise *Node) *Node {
			store.SetTraining(x.Graph(), true)
			return rawStep(s, x, noise)
		})
		if err != nil {
			b.Fatal(err)
		}
		batch := dncnn40.Batch(rand.New(rand.NewPCG(0, 0)))
		st := &Stepper{exec: exec, batch: []any{batch[0], batch[1]}}
		do := func() {
			if _, err := st.Step(); err != nil {
				b.Fatal(err)
			}
		}
		do()
		return do
	}
	resume := onednn.Pause()
	plain := step(b, backend)
	resume()
	before := onednn.Stats().Taken
	fast := step(b, backend)
	if onednn.Stats().Taken == before {
		b.Skip("oneDNN is off")
	}
	b.Run("xla", func(b *testing.B) {
		for b.Loop() {
			plain()
		}
	})
	b.Run("onednn", func(b *testing.B) {
		for b.Loop() {
			fast()
		}
	})
}
