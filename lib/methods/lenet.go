package methods

import (
	"fmt"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
)

// LeNet is a small convolutional classifier after LeCun et al. 1998, with ReLU and strided convolutions in place of sub-sampling. darkroom
// trains it to say which classes the samples of a generator belong to.
type LeNet struct {
	Posed
	Batch        int     `default:"128" range:"1:65536" help:"images in a training step"`
	LearningRate float64 `default:"0.001" range:"0:" help:"Adam's step size"`
	Decay        float64 `default:"0.5" range:"0:1" help:"share of the training, at its end, over which the step size falls linearly to 0"`
}

// Pose implements Method.
func (m *LeNet) Pose(p Problem) error {
	if p.Classes < 2 {
		return fmt.Errorf("lenet: the data has %d classes, but a classifier needs at least 2", p.Classes)
	}
	if p.Height < 8 || p.Width < 8 {
		return fmt.Errorf("lenet: images of %d×%d are smaller than 8×8", p.Height, p.Width)
	}
	return m.Posed.Pose(p)
}

// BatchSize implements Trainable.
func (m *LeNet) BatchSize() int { return m.Batch }

// Objectives implements Trainable.
func (m *LeNet) Objectives() []Objective {
	return []Objective{{
		Scopes:    []string{"classifier"},
		Optimizer: nn.Adam{LearningRate: m.LearningRate, Decay: m.Decay},
		Loss: func(s *Scope, b Batch) Loss {
			logits := m.Logits(s, b.X)
			hot := OneHot(b.Label, m.problem.Classes, dtypes.Float32)
			loss := Neg(ReduceAllMean(ReduceSum(Mul(hot, LogSoftmax(logits)), -1)))
			right := Equal(ArgMax(logits, -1, dtypes.Int32), b.Label)
			return Loss{loss, []Term{{"accuracy", ReduceAllMean(ConvertDType(right, dtypes.Float32))}}}
		},
	}}
}

// Logits implements Classifier.
func (m *LeNet) Logits(s *Scope, x *Node) *Node {
	_, logits := m.Look(s, x)
	return logits
}

// FeatureSize is the number of features that Look returns of a picture.
func (m *LeNet) FeatureSize() int { return 128 }

// Look returns the hidden units [n, FeatureSize], on which FID and its like compare pictures, and the class scores [n, classes].
func (m *LeNet) Look(s *Scope, x *Node) (features, logits *Node) {
	s = s.At("classifier")
	conv := func(name string, x *Node, filters int) *Node {
		layer := s.At("%s", name)
		return nn.ReLU(nn.Conv(layer, x, nn.ConvConfig{Filters: filters, Kernel: 5, Stride: 2, Init: nn.He(layer)}))
	}
	x = nn.Flatten(conv("conv2", conv("conv1", x, 16), 32))
	hidden, out := s.At("hidden"), s.At("scores")
	x = nn.ReLU(nn.Dense(hidden, x, m.FeatureSize(), nn.He(hidden)))
	return x, nn.Dense(out, x, m.problem.Classes, nn.Glorot(out))
}
