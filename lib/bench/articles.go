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

// Articles are the methods whose networks Article makes.
var Articles = []string{"article-gan", "article-vae"}

// Article is the network of a method of Articles, 64×64×3 in batches of 32, with its losses; the moving average of the weights that
// article-gan draws with is left out.
func Article(name string) (Net, error) {
	entry, err := methods.Lookup(name)
	if err != nil {
		return Net{}, err
	}
	m := entry.New()
	if _, err := methods.Apply(name, m, nil); err != nil {
		return Net{}, err
	}
	if err := m.Pose(methods.Problem{Kind: lab.Generate, Height: 64, Width: 64, Channels: 3}); err != nil {
		return Net{}, err
	}
	trained, ok := m.(methods.Trainable)
	if !ok {
		return Net{}, fmt.Errorf("%s does not train by steps", name)
	}
	return article(name, trained), nil
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
