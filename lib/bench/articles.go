package bench

import (
	_ "embed" // article_peer.py
	"fmt"
	"math"
	"math/rand/v2"

	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see nets.go

	"github.com/gomlx/gomlx/core/tensors"
)

//go:embed article_peer.py
var articlePeer string

// Articles are the networks of the methods article-gan and article-vae, 64×64×3 in batches of 32, with their losses; the moving average of the weights that
// the first draws with is left out.
func Articles() ([]Net, error) {
	var nets []Net
	for _, name := range []string{"article-gan", "article-vae"} {
		entry, err := methods.Lookup(name)
		if err != nil {
			return nil, err
		}
		m := entry.New()
		if _, err := methods.Apply(name, m, nil); err != nil {
			return nil, err
		}
		if err := m.Pose(methods.Problem{Kind: lab.Generate, Height: 64, Width: 64, Channels: 3}); err != nil {
			return nil, err
		}
		trained, ok := m.(methods.Trainable)
		if !ok {
			return nil, fmt.Errorf("%s does not train by steps", name)
		}
		nets = append(nets, article(name, trained))
	}
	return nets, nil
}

func article(name string, m methods.Trainable) Net {
	n := Net{Name: name, Peer: articlePeer, Batch: func(r *rand.Rand) []*tensors.Tensor {
		x := uniform(r, 0, 1, m.BatchSize(), 64, 64, 3)
		tensors.MustMutableFlatData(x, func(v []float32) {
			for i := range v {
				v[i] = float32(math.Round(255*float64(v[i])) / 255) // bytes, as those of a picture
			}
		})
		return []*tensors.Tensor{x}
	}}
	for _, o := range m.Objectives() {
		scope, below := o.Scopes[0], func(s *nn.Scope) *nn.Scope { return s }
		if len(o.Scopes) > 1 { // the objective trains all there is
			scope, below = "net", func(s *nn.Scope) *nn.Scope { return s.At("net") }
		}
		n.Objectives = append(n.Objectives, Objective{scope, func(s *nn.Scope, in []*Node) *Node {
			return o.Loss(below(s), methods.Batch{X: in[0]}).Total
		}})
	}
	return n
}
