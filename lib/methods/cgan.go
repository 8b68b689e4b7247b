package methods

import (
	"fmt"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
)

// CGAN is the conditional generative adversarial network (Mirza & Osindero 2014, arXiv:1411.1784): both players are told the class y,
//
//	min over G, max over D:  E[log D(x|y)] + E[log(1 − D(G(z|y)|y))]
//
// The generator has z and y, as a vector with a single 1, side by side as its input. The discriminator has y either so, as further channels of the image
// (label=join), or by its inner product with the last features (label=projection; Miyato & Koyama 2018, arXiv:1802.05637):
//
//	D(x|y) = ⟨w + v_y, φ(x)⟩ + b,  φ summed over the pixels
//
// which is theirs with norm=spectral loss=hinge. The networks are those of DCGAN; Mirza & Osindero's, for MNIST, are of dense layers.
type CGAN struct {
	Convolutional
	Label        string  `default:"join" range:"join|projection" help:"how the discriminator is told the class"`
	Loss         string  `default:"non-saturating" range:"non-saturating|minimax|least-squares|hinge" help:"of the game"`
	Norm         string  `default:"batch" range:"batch|layer|spectral|none" help:"normalisation of the discriminator"`
	LearningRate float64 `default:"0.0002" range:"0:" help:"Adam's step size, for both networks"`
	Beta1        float64 `default:"0.5" range:"0:0.999" help:"Adam's first moment decay"`
}

// Pose implements Method.
func (m *CGAN) Pose(p Problem) error {
	if p.Classes < 2 {
		return fmt.Errorf("cgan: the number of classes in the data is %d, but a condition needs at least 2; use dcgan, which needs no labels", p.Classes)
	}
	return m.pose("cgan", p)
}

// Objectives implements Trainable.
func (m *CGAN) Objectives() []Objective {
	adam := nn.Adam{LearningRate: m.LearningRate, Beta1: m.Beta1, Beta2: 0.999}
	game := m.game(adversarial(m.Loss), m.Norm)
	game.Discriminator, game.Generator = adam, adam
	game.Generate, game.Discriminate = m.generate, m.discriminate
	return game.Objectives()
}

func (m *CGAN) generate(s *Scope, z, label *Node) *Node {
	return m.Convolutional.generate(s, Concatenate([]*Node{z, m.hot(label)}, 1))
}

func (m *CGAN) discriminate(s *Scope, x, label *Node) *Node {
	y, loss := m.hot(label), adversarial(m.Loss)
	d := x.Shape().Dimensions
	if m.Label == "join" {
		planes := BroadcastToDims(Reshape(y, d[0], 1, 1, -1), d[0], d[1], d[2], m.problem.Classes)
		return score(s, m.features(s, Concatenate([]*Node{x, planes}, 3), m.Norm), m.Norm, loss)
	}
	features := ReduceSum(m.features(s, x, m.Norm), 1, 2)
	vectors, layer := s.At("discriminator").At("classes"), nn.Linear
	if m.Norm == "spectral" {
		layer = nn.SpectralLinear
	}
	v := layer(vectors, y, features.Shape().Dim(1), nn.Glorot(vectors))
	return Add(score(s, features, m.Norm, loss), ReduceAndKeep(Mul(v, features), ReduceSum, 1))
}

// hot is the label [n] as vectors [n, classes] with a single 1.
func (m *CGAN) hot(label *Node) *Node { return OneHot(label, m.problem.Classes, dtypes.Float32) }

// SampleClass implements Conditional.
func (m *CGAN) SampleClass(s *Scope, z, label *Node) *Node {
	return brightness(m.generate(s, z, label))
}

// Sample implements Sampler.
func (m *CGAN) Sample(s *Scope, z *Node) *Node {
	return m.SampleClass(s, z, inTurn(z, m.problem.Classes))
}

// inTurn labels as many images as z has: 0, 1, … and again from 0.
func inTurn(z *Node, classes int) *Node {
	labels := make([]int32, z.Shape().Dim(0))
	for i := range labels {
		labels[i] = int32(i % classes)
	}
	return Const(z.Graph(), labels)
}
