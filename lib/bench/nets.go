package bench

import (
	"math/rand/v2"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Net is a reference network: its fixed batch, and the losses that one training step minimises one after the other.
type Net struct {
	Name       string
	Peer       string // the Python script that times it in TensorFlow; empty for those of NETS.md, which the workplace's script times
	Batch      func(r *rand.Rand) []*tensors.Tensor
	Objectives []Objective
}

// Objective is a loss and the scope whose variables it trains.
type Objective struct {
	Scope string
	Loss  func(s *nn.Scope, in []*Node) *Node
}

// Nets are the five reference networks.
var Nets = []Net{dcgan28, vae28, unet64, dncnn40, mlpvae}

// uniform draws from [low, high).
func uniform(r *rand.Rand, low, high float32, dims ...int) *tensors.Tensor {
	v := make([]float32, shapes.Make(dtypes.Float32, dims...).Size())
	for i := range v {
		v[i] = low + (high-low)*r.Float32()
	}
	return tensors.FromFlatDataAndDimensions(v, dims...)
}

// binary is 1 with probability 0.3, else 0.
func binary(r *rand.Rand, dims ...int) *tensors.Tensor {
	t := uniform(r, 0, 1, dims...)
	tensors.MustMutableFlatData(t, func(v []float32) {
		for i := range v {
			if v[i] < 0.3 {
				v[i] = 1
			} else {
				v[i] = 0
			}
		}
	})
	return t
}

// layer is one of the layers of NETS.md, with Glorot's initial weights and a bias.
func conv(s *nn.Scope, name string, x *Node, kernel, stride, filters int) *Node {
	l := s.At("%s", name)
	return nn.Conv(l, x, nn.ConvConfig{Filters: filters, Kernel: kernel, Stride: stride, Init: nn.Glorot(l)})
}

func convT(s *nn.Scope, name string, x *Node, kernel, stride, filters int) *Node {
	l := s.At("%s", name)
	return nn.ConvTranspose(l, x, nn.ConvConfig{Filters: filters, Kernel: kernel, Stride: stride, Init: nn.Glorot(l)})
}

func dense(s *nn.Scope, name string, x *Node, units int) *Node {
	l := s.At("%s", name)
	return nn.Dense(l, x, units, nn.Glorot(l))
}

func norm(s *nn.Scope, name string, x *Node) *Node {
	return nn.BatchNorm(s.At("%s", name), x, 0.99, 1e-3)
}

// logistic is the mean over the batch of the cross-entropy of logits against one target.
func logistic(logits *Node, target float64) *Node {
	return ReduceAllMean(nn.BernoulliLogits(AddScalar(ZerosLike(logits), target), logits))
}

var dcgan28 = Net{
	Name:  "dcgan28",
	Batch: func(r *rand.Rand) []*tensors.Tensor { return []*tensors.Tensor{uniform(r, -1, 1, 64, 28, 28, 1)} },
	Objectives: []Objective{
		{"D", func(s *nn.Scope, in []*Node) *Node {
			return Add(logistic(judge(s, in[0]), 1), logistic(judge(s, StopGradient(draw(s, in[0].Graph()))), 0))
		}},
		{"G", func(s *nn.Scope, in []*Node) *Node { return logistic(judge(s, draw(s, in[0].Graph())), 1) }},
	},
}

func draw(s *nn.Scope, g *Graph) *Node {
	z := nn.Gaussian(s.Store(), g, shapes.Make(dtypes.Float32, 64, 100))
	s = s.At("G")
	h := nn.ReLU(norm(s, "norm1", dense(s, "dense", z, 7*7*128)))
	h = nn.ReLU(norm(s, "norm2", convT(s, "up1", Reshape(h, 64, 7, 7, 128), 4, 2, 64)))
	return Tanh(convT(s, "up2", h, 4, 2, 1))
}

func judge(s *nn.Scope, x *Node) *Node {
	s = s.At("D")
	h := nn.LeakyReLU(conv(s, "down1", x, 4, 2, 64), 0.2)
	h = nn.LeakyReLU(norm(s, "norm", conv(s, "down2", h, 4, 2, 128)), 0.2)
	return dense(s, "dense", nn.Flatten(h), 1)
}

// elbo is the negative evidence lower bound of a Bernoulli VAE, with the reparameterised code drawn in the step.
func elbo(s *nn.Scope, x, code *Node, latent int, decode func(z *Node) *Node) *Node {
	mean, logVar := Slice(code, AxisRange(), AxisRange(0, latent)), Slice(code, AxisRange(), AxisRange(latent))
	z := Add(mean, Mul(Exp(MulScalar(logVar, 0.5)), nn.Gaussian(s.Store(), x.Graph(), mean.Shape())))
	reconstruction := ReduceSum(nn.Flatten(nn.BernoulliLogits(x, decode(z))), -1)
	return ReduceAllMean(Add(reconstruction, ReduceSum(nn.KLStandard(mean, logVar), -1)))
}

var vae28 = Net{
	Name:  "vae28",
	Batch: func(r *rand.Rand) []*tensors.Tensor { return []*tensors.Tensor{binary(r, 128, 28, 28, 1)} },
	Objectives: []Objective{{"net", func(s *nn.Scope, in []*Node) *Node {
		x, root := in[0], s
		s = s.At("net")
		h := nn.ReLU(conv(s, "down2", nn.ReLU(conv(s, "down1", x, 4, 2, 32)), 4, 2, 64))
		code := dense(s, "code", nn.ReLU(dense(s, "encode", nn.Flatten(h), 256)), 64)
		return elbo(root, x, code, 32, func(z *Node) *Node {
			h := nn.ReLU(dense(s, "unpack", nn.ReLU(dense(s, "decode", z, 256)), 7*7*64))
			h = nn.ReLU(convT(s, "up1", Reshape(h, 128, 7, 7, 64), 4, 2, 32))
			return convT(s, "up2", h, 4, 2, 1)
		})
	}}},
}

var mlpvae = Net{
	Name:  "mlpvae",
	Batch: func(r *rand.Rand) []*tensors.Tensor { return []*tensors.Tensor{binary(r, 128, 784)} },
	Objectives: []Objective{{"net", func(s *nn.Scope, in []*Node) *Node {
		x, root := in[0], s
		s = s.At("net")
		code := dense(s, "code", Tanh(dense(s, "encode", x, 500)), 40)
		return elbo(root, x, code, 20, func(z *Node) *Node { return dense(s, "pixels", Tanh(dense(s, "decode", z, 500)), 784) })
	}}},
}

var unet64 = Net{
	Name: "unet64",
	Batch: func(r *rand.Rand) []*tensors.Tensor {
		return []*tensors.Tensor{uniform(r, 0, 1, 16, 64, 64, 3), binary(r, 16, 64, 64, 1)}
	},
	Objectives: []Objective{{"net", func(s *nn.Scope, in []*Node) *Node {
		s = s.At("net")
		twice := func(name string, h *Node, c int) *Node {
			return nn.ReLU(conv(s, name+"b", nn.ReLU(conv(s, name+"a", h, 3, 1, c)), 3, 1, c))
		}
		h := twice("down16", in[0], 16)
		skip16 := h
		h = twice("down32", nn.MaxPoolBlocks(h, 2), 32)
		skip32 := h
		h = twice("down64", nn.MaxPoolBlocks(h, 2), 64)
		skip64 := h
		h = twice("down128", nn.MaxPoolBlocks(h, 2), 128)
		h = twice("up64", Concatenate([]*Node{convT(s, "t64", h, 2, 2, 64), skip64}, 3), 64)
		h = twice("up32", Concatenate([]*Node{convT(s, "t32", h, 2, 2, 32), skip32}, 3), 32)
		h = twice("up16", Concatenate([]*Node{convT(s, "t16", h, 2, 2, 16), skip16}, 3), 16)
		return ReduceAllMean(nn.BernoulliLogits(in[1], conv(s, "mask", h, 1, 1, 1)))
	}}},
}

var dncnn40 = Net{
	Name: "dncnn40",
	Batch: func(r *rand.Rand) []*tensors.Tensor {
		return []*tensors.Tensor{uniform(r, 0, 1, 32, 40, 40, 1), uniform(r, 0, 1, 32, 40, 40, 1)}
	},
	Objectives: []Objective{{"net", func(s *nn.Scope, in []*Node) *Node {
		s = s.At("net")
		h := nn.ReLU(conv(s, "first", in[0], 3, 1, 32))
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			h = nn.ReLU(norm(s, "norm"+name, conv(s, "conv"+name, h, 3, 1, 32)))
		}
		return ReduceAllMean(Square(Sub(Sub(in[0], conv(s, "last", h, 3, 1, 1)), in[1])))
	}}},
}
