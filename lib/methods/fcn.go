package methods

import (
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// FCN classifies each pixel by a network of convolutions alone (Long, Shelhamer & Darrell 2015, arXiv:1411.4038): five stages, after each of
// which the picture is halved, and class scores of a 1×1 convolution after the last, at a 32nd of the resolution. FCN-32s enlarges these;
// FCN-16s doubles them, adds scores of the fourth stage, and enlarges that; FCN-8s goes on to the third. The paper's stages are VGG-16's,
// trained on ImageNet; these have two 3×3 convolutions each, of Width to 8·Width channels, are trained here, and all enlarging is bilinear.
type FCN struct {
	Pairs
	Form  string `default:"8s" range:"8s|16s|32s" help:"finest stage whose scores are used: by its stride"`
	Width int    `default:"16" range:"1:256" help:"channels of the first stage; the next have twice as many each, up to eight times"`
}

// Objectives implements Trainable.
func (m *FCN) Objectives() []Objective { return m.classify(m.Scores) }

// Scores implements Segmenter.
func (m *FCN) Scores(s *Scope, x *Node) *Node {
	const stages = 5
	s = s.At("network")
	d := x.Shape().Dimensions
	for axis := 1; axis <= 2; axis++ {
		x = lengthen(x, axis, (1<<stages-d[axis]%(1<<stages))%(1<<stages))
	}
	score := func(at *Scope, h *Node) *Node {
		return nn.Conv(at, h, nn.ConvConfig{Filters: m.problem.Classes, Kernel: 1, Init: nn.Normal(at, 0.01)})
	}
	var after []*Node // each stage
	for i := range stages {
		stage := s.At("stage%d", i+1)
		for _, name := range []string{"first", "second"} {
			at := stage.At("%s", name)
			x = nn.ReLU(nn.Conv(at, x, nn.ConvConfig{Filters: m.Width << min(i, 3), Kernel: 3, Init: nn.He(at)}))
		}
		x = nn.MaxPoolBlocks(x, 2)
		after = append(after, x)
	}
	last := map[string]int{"32s": stages, "16s": stages - 1, "8s": stages - 2}[m.Form]
	y := score(s.At("score%d", stages), after[stages-1])
	for stage := stages - 1; stage >= last; stage-- {
		y = Add(nn.Upsample(y, 2, nn.Bilinear), score(s.At("score%d", stage), after[stage-1]))
	}
	y = nn.Upsample(y, 1<<last, nn.Bilinear)
	return part(part(y, 1, 0, d[1]), 2, 0, d[2])
}
