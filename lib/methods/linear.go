package methods

import (
	"errors"
	"fmt"

	"darkroom/lib/lab"
	"darkroom/lib/nn"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"gonum.org/v1/gonum/mat"
)

// Linear is f(y) = Wy + b, from the window y around a pixel to the pixel, the best of its kind in the mean square (Wiener 1949) and what every
// network must beat. Its weights solve the normal equations of the training patches, w₀ being b for a window with a 1 behind it:
//
//	(Σ yyᵀ + λI) w = Σ yx
//
// in float64. linear-gradient finds the same by descent.
type Linear struct {
	Posed
	Window  int     `default:"9" range:"1:31" help:"side of the window, odd"`
	Ridge   float64 `default:"1e-7" range:"0:" help:"λ, in units of the mean of the diagonal"`
	Patch   int     `default:"40" range:"8:256" help:"side of the training patches"`
	Patches int     `default:"512" range:"1:100000" help:"training patches"`
}

// Pose implements Method.
func (m *Linear) Pose(p Problem) error {
	if err := odd("linear", "window", m.Window); err != nil {
		return err
	}
	return m.Posed.Pose(p)
}

// PatchSize implements Patcher.
func (m *Linear) PatchSize() int { return m.Patch }

// FitPatches implements PatchFitter.
func (m *Linear) FitPatches() int { return m.Patches }

// Fit implements Fitter.
func (m *Linear) Fit(run Runner, x Images) (map[string]Array, error) {
	windows := run.Compile(func(in []*Node) []*Node { return []*Node{windowsOf(in[0], m.Window)} })
	measure := measurer(run, m.problem.Operator, x)
	inputs := m.Window*m.Window + 1
	gram, right := mat.NewSymDense(inputs, nil), mat.NewVecDense(inputs, nil)
	for i := range x.N {
		truth, start, err := measure(i)
		if err != nil {
			return nil, err
		}
		out, err := windows(start)
		if err != nil {
			return nil, err
		}
		pixels := len(truth.Data) // of all channels: the windows of one come after the other's
		rows := mat.NewDense(pixels, inputs, nil)
		want := mat.NewVecDense(pixels, nil)
		for k := range pixels {
			row := rows.RawRowView(k)
			for j, v := range out[0].Data[k*(inputs-1) : (k+1)*(inputs-1)] {
				row[j] = float64(v) - 0.5
			}
			row[inputs-1] = 1
			plane := pixels / x.Channels
			want.SetVec(k, float64(truth.Data[k%plane*x.Channels+k/plane])-0.5)
		}
		var g mat.SymDense
		var r mat.VecDense
		g.SymOuterK(1, rows.T())
		r.MulVec(rows.T(), want)
		gram.AddSym(gram, &g)
		right.AddVec(right, &r)
	}
	ridge := m.Ridge * mat.Trace(gram) / float64(inputs)
	for i := range inputs {
		gram.SetSym(i, i, gram.At(i, i)+ridge)
	}
	var factor mat.Cholesky
	if !factor.Factorize(gram) {
		return nil, fmt.Errorf("linear: the windows of %d patches do not span the %d values of a window; raise ridge or patches", x.N, inputs-1)
	}
	var w mat.VecDense
	if err := factor.SolveVecTo(&w, right); err != nil && !errors.As(err, new(mat.Condition)) {
		return nil, fmt.Errorf("linear: %w", err)
	}
	kernel := make([]float32, inputs-1)
	for i := range kernel {
		kernel[i] = float32(w.AtVec(i))
	}
	return map[string]Array{
		"network/kernel": {[]int{m.Window, m.Window, 1, 1}, kernel}, "network/bias": {[]int{1}, []float32{float32(w.AtVec(inputs - 1))}},
	}, nil
}

// Restore implements Restorer.
func (m *Linear) Restore(s *Scope, y, aux *Node) *Node {
	return affine(s.At("network"), physics.Start(m.problem.Operator, y, aux), m.Window)
}

// windowsOf are the windows around each pixel of y, mirrored at its edges: [n·c·h·w, side²].
func windowsOf(y *Node, side int) *Node {
	y = nn.PadImage(y, side/2, nn.PadReflect)
	return newOverlap("linear", "window", y, side, 1).cut(y)
}

// Reach implements Local.
func (m *Linear) Reach() int { return m.Window/2 + startReach(m.problem.Operator) }

// measurer returns a function that measures training image i, as a test picture is measured, and makes the first estimate; both [1, h, w, c].
func measurer(run Runner, op physics.Operator, x Images) func(i int) (truth, start Array, err error) {
	aux := func(in []*Node) *Node {
		if len(in) > 1 {
			return in[1]
		}
		return nil
	}
	forward := run.Compile(func(in []*Node) []*Node { return []*Node{op.Forward(in[0], aux(in))} })
	first := run.Compile(func(in []*Node) []*Node { return []*Node{physics.Start(op, in[0], aux(in))} })
	return func(i int) (truth, start Array, err error) {
		shape := []int{1, x.Height, x.Width, x.Channels}
		truth = Array{shape, make([]float32, x.Height*x.Width*x.Channels)}
		for j, v := range x.At(i) {
			truth.Data[j] = float32(v) / 255
		}
		var more []Array
		if a := op.Aux(x.Random, x.Height, x.Width, x.Channels); a != nil {
			more = []Array{{shape, a}}
		}
		y, err := forward(append([]Array{truth}, more...)...)
		if err != nil {
			return truth, start, err
		}
		d := y[0].Shape
		physics.Corrupt(op, x.Random, lab.Image{Height: d[1], Width: d[2], Channels: d[3], Pix: y[0].Data})
		out, err := first(append(y, more...)...)
		if err != nil {
			return truth, start, err
		}
		return truth, out[0], nil
	}
}

// windowFits checks a window that is moved by a stride over patches.
func windowFits(method string, window, stride int, p Problem) error {
	if stride > window {
		return fmt.Errorf("%s: stride %d is larger than the window %d, so pixels would be left out; use a stride of at most %d", method, stride, window, window)
	}
	if p.Height > 0 && p.Height < window {
		return fmt.Errorf("%s: patches of %d×%d are smaller than the window of %d×%d; set patch to at least %d", method, p.Height, p.Height, window, window, window)
	}
	return nil
}
