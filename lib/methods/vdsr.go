package methods

import (
	"fmt"
	"slices"

	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// VDSR is very deep super-resolution (Kim et al. 2016, arXiv:1511.04587): 20 convolutions of 3×3 learn what the bicubic enlargement y
// lacks, x̂ = y + R(y), at a high learning rate behind a clipped gradient, and one network learns several factors at once, a share of the
// patches being enlarged by each. So the runs of restore:superres2, 3 and 4 have the same weights. The paper has 64 channels, and clips each
// element by ±θ/η in SGD of rate η; here the norm is clipped, in Adam.
type VDSR struct {
	Pairs
	Depth   int     `default:"20" range:"3:64" help:"convolutions in all"`
	Width   int     `default:"32" range:"1:512" help:"channels of the inner layers"`
	Factors Widths  `default:"2,3,4" range:"2:8" help:"factors to learn, where the task is super-resolution"`
	Zooms   int     `default:"3" range:"1:8" help:"patches are cut from the training pictures and from ones 2, …, this many times smaller"`
	Rough   int     `default:"4" range:"1:64" help:"patches looked at for each that is taken, the roughest of them; 1 takes any"`
	Loss    string  `default:"l1" range:"l1|l2" help:"what is made small: the absolute error, or the squared one, which is the paper's"`
	Clip    float64 `default:"0.1" range:"0:" help:"largest norm of the gradient; 0 leaves it as it is"`
}

// Pose implements Method.
func (m *VDSR) Pose(p Problem) error {
	if small, ok := p.Operator.(physics.Downsample); ok && !slices.Contains(m.Factors, small.Factor) {
		return fmt.Errorf("vdsr: the task's factor %d is not among the factors %s; set factors to %s,%d", small.Factor, m.Factors, m.Factors, small.Factor)
	}
	return m.Posed.Pose(p)
}

// PatchSize implements Patcher: patch, or the next multiple of all factors.
func (m *VDSR) PatchSize() int {
	whole := multiple(m.Factors)
	return (m.Patch + whole - 1) / whole * whole
}

// PatchChoice implements Picky.
func (m *VDSR) PatchChoice() (zooms, rough int) { return m.Zooms, m.Rough }

// multiple is the least common multiple.
func multiple(of []int) int {
	n := 1
	for _, f := range of {
		step := n
		for n%f != 0 {
			n += step
		}
	}
	return n
}

// Objectives implements Trainable.
func (m *VDSR) Objectives() []Objective {
	return m.objective(m.Clip, func(s *Scope, x *Node) (loss, mse *Node) {
		e := Sub(m.add(s, m.starts(s, x)), x)
		loss, mse = ReduceAllMean(Abs(e)), ReduceAllMean(Square(e))
		if m.Loss == "l2" {
			loss = mse
		}
		return loss, mse
	})
}

// starts are first estimates of x, of super-resolution by all the factors in turn.
func (m *VDSR) starts(s *Scope, x *Node) *Node {
	if _, ok := m.problem.Operator.(physics.Downsample); !ok {
		y, aux := measure(s, m.problem.Operator, x)
		return physics.Start(m.problem.Operator, y, aux)
	}
	var parts []*Node
	n := x.Shape().Dim(0)
	for i, f := range m.Factors {
		from, to := n*i/len(m.Factors), n*(i+1)/len(m.Factors)
		if from < to {
			op := physics.Downsample{Factor: f}
			parts = append(parts, op.Start(op.Forward(part(x, 0, from, to), nil), nil))
		}
	}
	return Concatenate(parts, 0)
}

// Restore implements Restorer.
func (m *VDSR) Restore(s *Scope, y, aux *Node) *Node {
	return m.add(s, physics.Start(m.problem.Operator, y, aux))
}

// add is y + R(y).
func (m *VDSR) add(s *Scope, y *Node) *Node {
	return Add(y, chain(s.At("network"), y, m.Depth, m.Width, "none"))
}

// Reach implements Local.
func (m *VDSR) Reach() int { return m.Depth + startReach(m.problem.Operator) }
