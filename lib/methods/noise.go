package methods

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// Noise draws each value of each pixel uniformly from [0, 1], independently of all others: the ceiling of every distance.
type Noise struct{ Posed }

// LatentSize implements Sampler.
func (m *Noise) LatentSize() int { return m.problem.Height * m.problem.Width * m.problem.Channels }

// Sample implements Sampler: x = Φ(z), the normal distribution function, is uniform for z ~ N(0, 1).
func (m *Noise) Sample(_ *Scope, z *Node) *Node {
	x := MulScalar(AddScalar(Erf(MulScalar(z, 1/math.Sqrt2)), 1), 0.5)
	return Reshape(x, -1, m.problem.Height, m.problem.Width, m.problem.Channels)
}
