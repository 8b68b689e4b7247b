package methods

import (
	"cmp"
	"fmt"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// Pix2Pix learns from pairs x, y to bring x to y by a conditional adversarial network (Isola, Zhu, Zhou & Efros 2017, arXiv:1611.07004):
//
//	discriminator: min ½(−E[log D(x, y)] − E[log(1 − D(x, G(x)))])     generator: min −E[log D(x, G(x))] + λ E‖y − G(x)‖₁
//
// G is a U-Net of 4×4 convolutions of stride 2, down to pictures of 2 or 3 pixels and up again, each level beside its mirror image; D judges patches. As in the
// paper: weights from N(0, 0.02²), Adam with β₁ = 0.5, dropout in the three innermost levels of the way up. The paper normalises by batches
// of one, which is the norm by instance that stands here, so that batches may be larger; and its dropout also stays on when it is used, which is
// off here: the same picture always gives the same translation. The paper's width is 64.
//
// Not the paper's are: resize (Odena, Dumoulin & Olah 2016, Deconvolution and checkerboard artifacts); perceptual (Johnson, Alahi & Fei-Fei
// 2016, arXiv:1603.08155; pix2pixHD, Wang et al. 2018, arXiv:1711.11585, has it beside the two losses); and register, norm none, projected and fine, as in
// CycleGAN.
type Pix2Pix struct {
	Posed
	jitter
	frame
	jury
	Width        int     `default:"32" range:"1:512" help:"channels of the outermost level of either network; inner ones have up to 8 times as many"`
	Layers       int     `default:"3" range:"1:6" help:"strided layers of the discriminator: it judges patches of 16, 34, 70 … pixels"`
	L1           float64 `default:"100" range:"0:" help:"weight λ of the absolute error, of pixels in [-1, 1]"`
	Dropout      float64 `default:"0.5" range:"0:0.95" help:"share that is dropped in the three innermost levels of the way up"`
	Batch        int     `default:"8" range:"1:4096" help:"pairs in a training step; the paper's is 1"`
	Perceptual   float64 `default:"0" later:"true" range:"0:" help:"weight of the distance of SqueezeNet's features (feature-distance)"`
	Skip         bool    `default:"false" help:"whether G adds to the picture that it is given, rather than draw all of it anew"`
	Resize       bool    `default:"false" later:"true" help:"whether G repeats pixels before a convolution of 3×3 where the paper's has a transposed one, and ends in a level of full size"`
	Norm         string  `default:"instance" later:"true" range:"instance|none" help:"normalisation in G; with none it sees how bright and how rich in contrast a picture is"`
	LearningRate float64 `default:"0.0002" range:"0:" help:"Adam's step size, for both networks"`
	Average      float64 `default:"0" later:"true" range:"0:0.99999" help:"decay of the moving average of G that pictures are translated with; 0 takes the last weights"`
	Decay        float64 `default:"0.5" range:"0:1" help:"share of the training, at its end, over which the step size falls linearly to 0"`
}

// Pose implements Method.
func (m *Pix2Pix) Pose(p Problem) error {
	if min(p.Height, p.Width) < 16 || p.Height%8 != 0 || p.Width%8 != 0 {
		return fmt.Errorf("pix2pix: pictures are %d×%d, but its networks need sides that are multiples of 8, at least 16; add @64 to the task", p.Width, p.Height)
	}
	return cmp.Or(canSee("pix2pix", "perceptual", m.Perceptual > 0, p), canSee("pix2pix", "projected", m.Projected, p), m.seat("pix2pix"), m.Posed.Pose(p))
}

// BatchSize implements Trainable.
func (m *Pix2Pix) BatchSize() int { return m.Batch }

// Supervised implements Supervised.
func (m *Pix2Pix) Supervised() {}

// Perceives implements Perceptive.
func (m *Pix2Pix) Perceives() bool { return m.Perceptual > 0 || m.Projected }

// Objectives implements Trainable.
func (m *Pix2Pix) Objectives() []Objective {
	adam := nn.Adam{LearningRate: m.LearningRate, Beta1: 0.5, Beta2: 0.999, Decay: m.Decay}
	game := Game{Loss: adversarial("non-saturating")}
	return []Objective{
		{Name: "discriminator", Scopes: []string{"discriminator"}, Optimizer: adam, Loss: func(s *Scope, b Batch) Loss {
			x, y := signed(m.framed(s, b.X, "ab")), signed(b.Target)
			fake := StopGradient(m.generate(s, x))
			onReal, onFake := m.discriminate(s, x, y), m.discriminate(s, x, fake)
			return Loss{MulScalar(against(game.Loss, onReal, onFake), 0.5), game.opinions(onReal[0], onFake[0])}
		}},
		{Name: "generator", Scopes: []string{"generator"}, Optimizer: adam, Average: m.Average, Loss: func(s *Scope, b Batch) Loss {
			x, y := signed(m.framed(s, b.X, "ab")), signed(b.Target)
			fake := m.generate(s, x)
			deceit, l1 := past(game.Loss, m.discriminate(s, x, fake)), meanAbsolute(fake, y)
			loss := Loss{Add(deceit, MulScalar(l1, m.L1)), []Term{{"adversarial", deceit}, {"l1", MulScalar(l1, 0.5)}}} // as of pixels in [0, 1]
			if m.Perceptual > 0 {
				seen := m.seen(s, unsigned(fake), b.Target)
				loss.Total = Add(loss.Total, MulScalar(seen, m.Perceptual))
				loss.Terms = append(loss.Terms, Term{"perceptual", seen})
			}
			return loss
		}},
	}
}

// Translate implements Translator.
func (m *Pix2Pix) Translate(s *Scope, x *Node) *Node {
	return clipped(unsigned(m.generate(s, signed(m.framed(s, x, "ab")))))
}

// discriminate judges pairs.
func (m *Pix2Pix) discriminate(s *Scope, x, y *Node) []*Node {
	return m.judge(s.At("discriminator"), Concatenate([]*Node{x, y}, 3), y, m.Width, m.Layers)
}

// generate brings pictures of pixels in [−1, 1] to their partners.
func (m *Pix2Pix) generate(s *Scope, x *Node) *Node {
	return uGenerator{Width: m.Width, Norm: norming(m.Norm), Dropout: m.Dropout, Skip: m.Skip, Resize: m.Resize}.draw(s.At("generator"), x)
}
