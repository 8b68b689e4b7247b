package methods

import (
	"fmt"

	"darkroom/lib/features"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// perception is embedded in perceptive methods.
type perception struct{ sight Sight }

// Perceive implements Perceptive.
func (p *perception) Perceive(sight Sight) { p.sight = sight }

// seen is the mean distance of pictures in [0, 1].
func (p *perception) seen(s *Scope, x, y *Node) *Node {
	return ReduceAllMean(p.sight.Distance(s.At(Perception), x, y))
}

// canSee is an error if a method wants the network, by a parameter, and the pictures are smaller than it takes.
func canSee(method, parameter string, wanted bool, p Problem) error {
	if !wanted || min(p.Height, p.Width) >= features.SmallestSide {
		return nil
	}
	return fmt.Errorf("%s: pictures are %d×%d, but %s needs ones of at least %d×%d; add @64 to the task, or leave %s out",
		method, p.Width, p.Height, parameter, features.SmallestSide, features.SmallestSide, parameter)
}
