package methods

import (
	"cmp"
	"fmt"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
)

// CycleGAN learns to bring pictures of A to B and of B to A without pairs (Zhu, Park, Isola & Efros 2017, arXiv:1703.10593): what comes out must look as the
// other domain does, and lead back to where it came from.
//
//	discriminators: min ½ E[(D_B(b) − 1)²] + ½ E[D_B(G(a))²], and so for A
//	generators:     min E[(D_B(G(a)) − 1)²] + E[(D_A(F(b)) − 1)²] + λ(E‖F(G(a)) − a‖₁ + E‖G(F(b)) − b‖₁) + ½λ(E‖G(b) − b‖₁ + E‖F(a) − a‖₁)
//
// As in the paper: generators of residual blocks between two convolutions of stride 2 and their transposes (Johnson et al. 2016), reflection at the
// edges, norm by instance, discriminators of 70×70 patches that see a pool of the last 50 generated pictures, weights from N(0, 0.02²), Adam
// with β₁ = 0.5, whose step size falls linearly to 0 in the second half. The paper's width is 64, its batch 1, and it has 6 blocks for sides up to 128, and 9 above.
//
// Not the paper's are: resize (Odena, Dumoulin & Olah 2016, Deconvolution and checkerboard artifacts); content, which asks that what a
// generator makes look to a network like what it was given (CartoonGAN: Chen, Lai & Liu 2018, section 3.2.2), in place of or beside the identity loss;
// register, since a generator that adds to a picture cannot move what is in it; projected, which learns how the pictures of a domain are drawn in fewer steps
// (Sauer et al. 2021); fine and enlarge; relax (Wang & Lin 2018, arXiv:2408.15374); the generator unet, which the authors' code offers, too: its levels of full size keep what is fine; ratio (Heusel et al. 2017,
// arXiv:1706.08500); and norm none, since norm by instance hides which colour a flat area has. Without it weights begin as He et al. 2015 have them, but a
// block with next to nothing (Zhang, Dauphin & Ma 2019, Fixup, arXiv:1901.09321), and rectifiers leak by 0.2.
type CycleGAN struct {
	Posed
	jitter
	frame
	jury
	Width        int     `default:"32" range:"1:512" help:"channels of the outermost layer of the networks; inner ones have up to 4 or 8 times as many"`
	Generator    string  `default:"resnet" later:"true" range:"resnet|unet" help:"network of the generators: the paper's residual blocks, or pix2pix's U-Net"`
	Blocks       int     `default:"6" range:"1:32" help:"residual blocks of a generator"`
	Layers       int     `default:"3" range:"1:6" help:"strided layers of a discriminator: it judges patches of 16, 34, 70 … pixels"`
	Cycle        float64 `default:"10" range:"0:" help:"weight λ of the error on the way there and back, of pixels in [-1, 1]"`
	Relax        int     `default:"0" later:"true" range:"0:" help:"steps over which λ falls from cycle to a tenth of it, as a generator learns first what pictures are and then how they are drawn; 0 keeps it"`
	Identity     float64 `default:"0.5" range:"0:" help:"weight, in units of λ, of the change of pictures that are of the right domain already"`
	Content      float64 `default:"0" later:"true" range:"0:" help:"weight of the distance of SqueezeNet's features (feature-distance) between a picture and what becomes of it, as in CartoonGAN"`
	Pool         int     `default:"50" range:"0:1000" help:"generated pictures that are kept for each discriminator; 0 shows it the newest only"`
	Batch        int     `default:"4" range:"1:4096" help:"pictures of each domain in a training step; the paper's is 1"`
	Skip         bool    `default:"false" help:"whether generators add to the picture that they are given, rather than draw all of it anew"`
	Resize       bool    `default:"false" later:"true" help:"whether generators repeat pixels before a convolution where the paper's have a transposed one, and see no edge of the picture"`
	Norm         string  `default:"instance" later:"true" range:"instance|none" help:"normalisation in the generators; with none they see how bright and how rich in contrast a picture is"`
	LearningRate float64 `default:"0.0002" range:"0:" help:"Adam's step size, for all networks"`
	Ratio        float64 `default:"1" later:"true" range:"0.01:100" help:"step size of the discriminators in units of the generators' (Heusel et al. 2017)"`
	Average      float64 `default:"0" later:"true" range:"0:0.99999" help:"decay of the moving average of the generators that pictures are translated with; 0 takes the last weights"`
	Decay        float64 `default:"0.5" range:"0:1" help:"share of the training, at its end, over which the step size falls linearly to 0"`
}

// Pose implements Method.
func (m *CycleGAN) Pose(p Problem) error {
	if min(p.Height, p.Width) < 16 || p.Height%4 != 0 || p.Width%4 != 0 {
		return fmt.Errorf("cyclegan: pictures are %d×%d, but its networks need sides that are multiples of 4, at least 16; add @64 to the task", p.Width, p.Height)
	}
	return cmp.Or(canSee("cyclegan", "content", m.Content > 0, p), canSee("cyclegan", "projected", m.Projected, p), m.seat("cyclegan"), m.Posed.Pose(p))
}

// BatchSize implements Trainable.
func (m *CycleGAN) BatchSize() int { return m.Batch }

// Perceives implements Perceptive.
func (m *CycleGAN) Perceives() bool { return m.Content > 0 || m.Projected }

// Objectives implements Trainable. The discriminators come first: what the generators make for them is then the same as in their own turn, and is
// computed once.
func (m *CycleGAN) Objectives() []Objective {
	adam := nn.Adam{LearningRate: m.LearningRate, Beta1: 0.5, Beta2: 0.999, Decay: m.Decay}
	judging := adam
	judging.LearningRate *= m.Ratio
	game := Game{Loss: adversarial("least-squares")}
	return []Objective{
		{Name: "discriminators", Scopes: []string{"discriminator"}, Optimizer: judging, Loss: func(s *Scope, batch Batch) Loss {
			a, b := signed(m.framed(s, batch.X, "ab")), signed(batch.Target)
			var total *Node
			var terms []Term
			turn := func(domain string, real, fake *Node) {
				fake = nn.ImagePool(s.At("pool").At("%s", domain), fake, m.Pool)
				onReal, onFake := m.discriminate(s, domain, real), m.discriminate(s, domain, fake)
				loss := against(game.Loss, onReal, onFake)
				if total == nil {
					total = loss
				} else {
					total = Add(total, loss)
				}
				for _, t := range game.opinions(onReal[0], onFake[0])[:3] {
					terms = append(terms, Term{t.Name + "-" + domain, t.Value})
				}
			}
			turn("a", a, m.generate(s, "a", b))
			turn("b", b, m.generate(s, "b", a))
			return Loss{total, terms}
		}},
		{Name: "generators", Scopes: []string{"generator"}, Optimizer: adam, Average: m.Average, Loss: func(s *Scope, batch Batch) Loss {
			a, b := signed(m.framed(s, batch.X, "ab")), signed(batch.Target)
			fakeA, fakeB := m.generate(s, "a", b), m.generate(s, "b", a)
			deceit := Add(past(game.Loss, m.discriminate(s, "a", fakeA)), past(game.Loss, m.discriminate(s, "b", fakeB)))
			deceit = MulScalar(deceit, 2) // nn's has a factor ½
			cycle := Add(meanAbsolute(m.generate(s, "a", fakeB), a), meanAbsolute(m.generate(s, "b", fakeA), b))
			weight := m.cycleWeight(s, a.Graph())
			loss := Loss{Add(deceit, Mul(cycle, weight)), []Term{{"adversarial", deceit}, {"cycle", cycle}}}
			if m.Relax > 0 {
				loss.Terms = append(loss.Terms, Term{"weight/cycle", weight})
			}
			if m.Identity > 0 {
				same := Add(meanAbsolute(m.generate(s, "a", a), a), meanAbsolute(m.generate(s, "b", b), b))
				loss.Total = Add(loss.Total, Mul(same, MulScalar(weight, m.Identity)))
				loss.Terms = append(loss.Terms, Term{"identity", same})
			}
			if m.Content > 0 {
				changed := Add(m.seen(s, unsigned(fakeB), unsigned(a)), m.seen(s, unsigned(fakeA), batch.Target))
				loss.Total = Add(loss.Total, MulScalar(changed, m.Content))
				loss.Terms = append(loss.Terms, Term{"content", changed})
			}
			return loss
		}},
	}
}

// cycleWeight is λ, a scalar.
func (m *CycleGAN) cycleWeight(s *Scope, g *Graph) *Node {
	weight := Scalar(g, dtypes.Float32, m.Cycle)
	if m.Relax > 0 {
		weight = Mul(weight, AddScalar(MulScalar(ramp(s, "relax", m.Relax, g), -0.9), 1))
	}
	return weight
}

// Translate implements Translator.
func (m *CycleGAN) Translate(s *Scope, x *Node) *Node {
	return clipped(unsigned(m.generate(s, "b", signed(m.framed(s, x, "ab")))))
}

// TranslateBack implements Invertible.
func (m *CycleGAN) TranslateBack(s *Scope, x *Node) *Node {
	return m.framed(s, clipped(unsigned(m.generate(s, "a", signed(x)))), "ba")
}

// discriminate judges what pictures x of a domain, or made for it, look like.
func (m *CycleGAN) discriminate(s *Scope, domain string, x *Node) []*Node {
	return m.judge(s.At("discriminator").At("%s", domain), x, x, m.Width, m.Layers)
}

// generate brings pictures x, with pixels in [−1, 1], to a domain.
func (m *CycleGAN) generate(s *Scope, domain string, x *Node) *Node {
	s = s.At("generator").At("%s", domain)
	if m.Generator == "unet" {
		return uGenerator{Width: m.Width, Norm: norming(m.Norm), Skip: m.Skip, Resize: m.Resize}.draw(s, x)
	}
	picture, channels, n := x, x.Shape().Dim(3), norming(m.Norm)
	config := func(s *Scope, filters, kernel, stride int) nn.ConvConfig {
		c := n.conv(s, filters, kernel, stride)
		if stride == 1 || m.Resize {
			c.Padding = nn.PadReflect
		}
		return c
	}
	conv := func(name string, x *Node, filters, kernel, stride int) *Node {
		s := s.At("%s", name)
		return n.norm(s, nn.Conv(s, x, config(s, filters, kernel, stride)))
	}
	up := func(name string, x *Node, filters int) *Node {
		s := s.At("%s", name)
		if m.Resize {
			x = nn.ResizeConv(s, x, 2, nn.Nearest, config(s, filters, 3, 1))
		} else {
			x = nn.ConvTranspose(s, x, config(s, filters, 3, 2))
		}
		return n.activate(n.norm(s, x))
	}
	x = n.activate(conv("in", x, m.Width, 7, 1))
	x = n.activate(conv("down1", x, 2*m.Width, 3, 2))
	x = n.activate(conv("down2", x, 4*m.Width, 3, 2))
	for i := range m.Blocks {
		inner := n.activate(conv(fmt.Sprintf("block%da", i+1), x, 4*m.Width, 3, 1))
		s := s.At("block%db", i+1)
		c := config(s, 4*m.Width, 3, 1)
		if m.Norm == "none" {
			c.Init = nn.Normal(s, 0.01)
		}
		x = Add(x, n.norm(s, nn.Conv(s, inner, c)))
	}
	x = up("up2", up("up1", x, 2*m.Width), m.Width)
	out := s.At("out")
	c := config(out, channels, 7, 1)
	c.NoBias = false
	return redrawn(picture, m.Skip, func(deviation float64) *Node {
		c.Init = nn.Normal(out, deviation)
		return nn.Conv(out, x, c)
	})
}
