package methods

import (
	"fmt"

	"darkroom/lib/features"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// perception is embedded in perceptive methods.
type perception struct {
	distance func(s *Scope, x, y *Node) *Node
}

// Perceive implements Perceptive.
func (p *perception) Perceive(distance func(s *Scope, x, y *Node) *Node) { p.distance = distance }

// seen is the mean distance of pictures in [0, 1].
func (p *perception) seen(s *Scope, x, y *Node) *Node {
	return ReduceAllMean(p.distance(s.At(Perception), x, y))
}

// canSee is an error if a method gives weight to the distance, by a parameter, and the pictures are smaller than the network takes.
func canSee(method, parameter string, weight float64, p Problem) error {
	if weight == 0 || min(p.Height, p.Width) >= features.SmallestSide {
		return nil
	}
	return fmt.Errorf("%s: pictures are %d×%d, but %s compares ones of at least %d×%d; add @64 to the task, or leave %s at 0",
		method, p.Width, p.Height, parameter, features.SmallestSide, features.SmallestSide, parameter)
}
