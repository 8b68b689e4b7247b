package methods

import (
	"fmt"

	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// Prior is embedded in methods whose idea of a picture is a denoiser: one that was trained in a run of its own, or a classical one.
type Prior struct {
	Posed
	Denoiser string `default:"run" range:"run|tv|nlm|wavelet|wiener|median" help:"what takes the noise away: a method, or run, that of the run which is named; best a dncnn which learnt several levels"`
	lent     Restorer
}

// Borrows implements Borrower.
func (m *Prior) Borrows() bool { return m.Denoiser == "run" }

// Lend implements Borrower.
func (m *Prior) Lend(lender Method, name string, p Problem) error {
	restorer, ok := lender.(Restorer)
	if !ok || p.Operator == nil || !onlyNoise(p.Operator) {
		return fmt.Errorf("the run of %s did not learn to take noise away; name one of a task such as restore:denoise5-55:naturals", name)
	}
	m.lent = restorer
	return nil
}

// denoise takes Gaussian noise of deviation sigma out of x. A network that learnt one level takes that out.
func (m *Prior) denoise(s *Scope, x *Node, sigma float64) *Node {
	d := x.Shape().Dimensions
	if d[3] > 1 { // each channel by itself
		planes := m.denoise(s, Reshape(TransposeAllAxes(x, 0, 3, 1, 2), d[0]*d[3], d[1], d[2], 1), sigma)
		return TransposeAllAxes(Reshape(planes, d[0], d[3], d[1], d[2]), 0, 2, 3, 1)
	}
	p := m.problem
	p.Channels = 1
	p.Operator = physics.Noise{Deviation: sigma}
	denoiser := m.lent
	if denoiser == nil {
		denoiser = classic(m.Denoiser)
	}
	if err := denoiser.Pose(p); err != nil {
		panic(err)
	}
	return denoiser.Restore(s.At(Borrowed), x, nil)
}

// classic is a denoiser that learns nothing, with its defaults.
func classic(name string) Restorer {
	entry, err := Lookup(name)
	if err != nil {
		panic(fmt.Errorf("the denoiser %s: %w", name, err))
	}
	m := entry.New()
	if _, err := Apply(name, m, nil); err != nil {
		panic(err)
	}
	restorer, ok := m.(Restorer)
	if !ok {
		panic(fmt.Errorf("%s is no denoiser", name))
	}
	return restorer
}

// level is the deviation of an operator's noise, and where it has none, the least that is worth heeding.
func level(op physics.Operator) float64 { return max(op.Sigma(), 0.5/255) }

// whole is a first estimate of x without holes: where pixels are missing they are interpolated.
func whole(op physics.Operator, y, aux *Node) *Node {
	if p, ok := physics.As[physics.Pixelwise](op); ok {
		if mask := p.Gain(aux); mask != nil {
			return interpolate(y, mask)
		}
	}
	return physics.Start(op, y, aux)
}
