package methods

import (
	"fmt"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// jury is embedded in translators: who judges what they draw, beside a PatchGAN.
type jury struct {
	Projected bool `default:"false" later:"true" help:"whether SqueezeNet's features at four depths are judged beside patches of pixels, all by networks of spectral norm (Sauer et al. 2021)"`
	Fine      bool `default:"false" later:"true" help:"whether the surroundings of each pixel, 5×5, are judged beside patches: colours and edges"`
	Enlarge   bool `default:"false" later:"true" help:"whether those who judge surroundings see small differences enlarged, of a colour and between neighbours: tints, gloss and gradients; needs fine"`
	perception
}

// seat is an error if one is asked for who has no seat.
func (j *jury) seat(method string) error {
	if j.Enlarge && !j.Fine {
		return fmt.Errorf("%s: enlarge is true, but fine, whose judges would see it, is false; set fine, too, or leave enlarge out", method)
	}
	return nil
}

// judge gives the logits of discriminators: of patches of x, with this width and so many strided layers, and of what else the jury looks at in y, both with
// pixels in [−1, 1].
func (j *jury) judge(s *Scope, x, y *Node, width, layers int) []*Node {
	logits := []*Node{patchGAN(s, x, width, layers, j.Projected)}
	if j.Projected {
		logits = append(logits, j.projected(s, y)...)
	}
	if j.Fine {
		logits = append(logits, fineGAN(s, y, width, j.Enlarge))
	}
	return logits
}

// projectedDepths are those of Sight.Maps that projected discriminators look at: after 1/2, 1/4, 1/8 and 1/16 of the sides.
var projectedDepths = []int{0, 1, 3, 6}

// projected judges pictures x, with pixels in [−1, 1], by what a fixed network makes of them, rather than by their pixels (Sauer, Chitta, Müller & Geiger
// 2021, Projected GANs converge faster, arXiv:2111.01007): at each of four depths a discriminator of its own mixes the channels, looks at 3×3 places
// and gives logits [n, h, w, 1]. Its weights have spectral norm. Not as in the paper: the features are brought to one length at each place, as for
// feature-distance, in place of being mixed by random weights and across depths.
func (p *perception) projected(s *Scope, x *Node) []*Node {
	maps := p.sight.Maps(s.Store().RootScope().At(Perception), unsigned(x))
	logits := make([]*Node, len(projectedDepths))
	for i, depth := range projectedDepths {
		s := s.At("depth%d", i+1)
		conv := func(name string, x *Node, filters, kernel int) *Node {
			s := s.At("%s", name)
			return nn.Conv(s, x, nn.ConvConfig{Filters: filters, Kernel: kernel, Init: nn.He(s), Spectral: true})
		}
		f := maps[depth]
		f = Div(f, Sqrt(AddScalar(ReduceAndKeep(Square(f), ReduceMean, 3), 1e-8)))
		f = nn.LeakyReLU(conv("mix", f, 64, 1), 0.2)
		f = nn.LeakyReLU(conv("look", f, 64, 3), 0.2)
		logits[i] = conv("judge", f, 1, 1)
	}
	return logits
}

// against is the loss of discriminators that gave these logits of real and of generated pictures, and past that of the generator of the latter: sums over
// them, each with the mean of its logits.
func against(loss nn.AdversarialLoss, onReal, onFake []*Node) *Node {
	total := loss.Discriminator(onReal[0], onFake[0])
	for i := range onReal[1:] {
		total = Add(total, loss.Discriminator(onReal[i+1], onFake[i+1]))
	}
	return total
}

func past(loss nn.AdversarialLoss, onFake []*Node) *Node {
	total := loss.Generator(onFake[0])
	for _, f := range onFake[1:] {
		total = Add(total, loss.Generator(f))
	}
	return total
}
