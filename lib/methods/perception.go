package methods

import . "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

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
