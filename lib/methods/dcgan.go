package methods

import (
	"fmt"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// DCGAN is the deep convolutional generative adversarial network (Radford, Metz & Chintala 2015, arXiv:1511.06434) with the
// non-saturating loss (Goodfellow et al. 2014, arXiv:1406.2661):
//
//	discriminator: min −E[log D(x)] − E[log(1 − D(G(z)))]     generator: min −E[log D(G(z))],  z ~ N(0, 1)
//
// The image's side must be a multiple of 4, such as 28 or 32: both networks have two layers of stride 2. As in the paper: batch norm but at the
// discriminator's input and the generator's output, leaky ReLU of slope 0.2, weights from N(0, 0.02²), Adam with β₁ = 0.5.
type DCGAN struct {
	Posed
	Latent       int     `default:"100" range:"1:1024" help:"size of the noise z"`
	Width        int     `default:"64" range:"4:1024" help:"channels of the layer next to the image; the inner one has twice as many"`
	Smoothing    float64 `default:"0" range:"0:0.5" help:"one-sided label smoothing: the target of real images is 1 minus this (Salimans et al. 2016)"`
	Batch        int     `default:"64" range:"2:4096" help:"images in a training step"`
	LearningRate float64 `default:"0.0002" range:"0:" help:"Adam's step size, for both networks"`
	Beta1        float64 `default:"0.5" range:"0:0.999" help:"Adam's first moment decay"`
	Average      float64 `default:"0.999" range:"0:0.99999" help:"decay of the moving average of the generator that samples are drawn with; 0 draws with the last weights, as the paper does"`
}

// Pose implements Method.
func (m *DCGAN) Pose(p Problem) error {
	if p.Height != p.Width || p.Height%4 != 0 || p.Height < 8 {
		return fmt.Errorf("dcgan: images are %d×%d, but it needs squares whose side is a multiple of 4, at least 8; add @32 to the task", p.Height, p.Width)
	}
	return m.Posed.Pose(p)
}

// BatchSize implements Trainable.
func (m *DCGAN) BatchSize() int { return m.Batch }

// LatentSize implements Sampler.
func (m *DCGAN) LatentSize() int { return m.Latent }

// Objectives implements Trainable.
func (m *DCGAN) Objectives() []Objective {
	adam := nn.Adam{LearningRate: m.LearningRate, Beta1: m.Beta1, Beta2: 0.999}
	return []Objective{
		{Name: "discriminator", Scopes: []string{"discriminator"}, Optimizer: adam, Loss: func(s *Scope, b Batch) Loss {
			x := AddScalar(MulScalar(b.X, 2), -1)
			fake := StopGradient(m.generate(s, m.noise(s, x)))
			onReal, onFake := m.discriminate(s, x), m.discriminate(s, fake)
			target := AddScalar(ZerosLike(onReal), 1-m.Smoothing)
			loss := Add(ReduceAllMean(nn.BernoulliLogits(target, onReal)), ReduceAllMean(nn.BernoulliLogits(ZerosLike(onFake), onFake)))
			right := func(logit *Node) *Node {
				return ReduceAllMean(ConvertDType(GreaterThan(logit, ZerosLike(logit)), logit.DType()))
			}
			accuracy := MulScalar(Add(right(onReal), right(Neg(onFake))), 0.5)
			return Loss{loss, []Term{
				{"real", ReduceAllMean(Sigmoid(onReal))}, {"fake", ReduceAllMean(Sigmoid(onFake))}, {"accuracy", accuracy},
			}}
		}},
		{Name: "generator", Scopes: []string{"generator"}, Optimizer: adam, Average: m.Average, Loss: func(s *Scope, b Batch) Loss {
			fake := m.generate(s, m.noise(s, b.X))
			onFake := m.discriminate(s, fake)
			diversity := ReduceAllMean(Sqrt(AddScalar(pixelVariance(fake), 1e-12)))
			return Loss{ReduceAllMean(nn.BernoulliLogits(OnesLike(onFake), onFake)), []Term{{"diversity", diversity}}}
		}},
	}
}

// noise draws z for as many images as x has.
func (m *DCGAN) noise(s *Scope, x *Node) *Node {
	shape := x.Shape().Clone()
	shape.Dimensions = []int{shape.Dimensions[0], m.Latent}
	return s.RandomNormal(x.Graph(), shape)
}

// pixelVariance is the variance of each pixel over the batch: near 0 once the samples are all alike.
func pixelVariance(x *Node) *Node {
	mean := ReduceAndKeep(x, ReduceMean, 0)
	return ReduceMean(Square(Sub(x, mean)), 0)
}

// generate maps z [n, latent] to images in (−1, 1).
func (m *DCGAN) generate(s *Scope, z *Node) *Node {
	s = s.At("generator")
	p := m.problem
	h, w, inner := p.Height/4, p.Width/4, 2*m.Width
	init := nn.Normal(s, 0.02)
	// The dense layer's bias would be taken away by the batch norm over its h·w·inner units, as in the other layers.
	x := nn.Dense(s.At("project"), z, h*w*inner, init)
	x = nn.ReLU(nn.BatchNorm(s.At("norm1"), x, 0.9, 1e-5))
	x = Reshape(x, -1, h, w, inner)
	x = nn.ConvTranspose(s.At("up1"), x, nn.ConvConfig{Filters: m.Width, Kernel: 4, Stride: 2, NoBias: true, Init: init})
	x = nn.ReLU(nn.BatchNorm(s.At("norm2"), x, 0.9, 1e-5))
	x = nn.ConvTranspose(s.At("up2"), x, nn.ConvConfig{Filters: p.Channels, Kernel: 4, Stride: 2, Init: init})
	return Tanh(x)
}

// discriminate maps images in [−1, 1] to logits [n, 1].
func (m *DCGAN) discriminate(s *Scope, x *Node) *Node {
	s = s.At("discriminator")
	init := nn.Normal(s, 0.02)
	x = nn.LeakyReLU(nn.Conv(s.At("down1"), x, nn.ConvConfig{Filters: m.Width, Kernel: 4, Stride: 2, Init: init}), 0.2)
	x = nn.Conv(s.At("down2"), x, nn.ConvConfig{Filters: 2 * m.Width, Kernel: 4, Stride: 2, NoBias: true, Init: init})
	x = nn.LeakyReLU(nn.BatchNorm(s.At("norm"), x, 0.9, 1e-5), 0.2)
	return nn.Dense(s.At("judge"), nn.Flatten(x), 1, init)
}

// Sample implements Sampler.
func (m *DCGAN) Sample(s *Scope, z *Node) *Node {
	return MulScalar(AddScalar(m.generate(s, z), 1), 0.5)
}
