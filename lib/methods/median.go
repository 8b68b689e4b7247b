package methods

import (
	"fmt"
	"math/rand/v2"

	"darkroom/lib/nn"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// Median is the median filter (Tukey 1977, Exploratory data analysis): each value becomes the median of the window around it, in its channel.
// It takes away salt and pepper and keeps edges.
//
//	x̂ᵢ = median { yⱼ : |j − i|∞ ≤ (Window−1)/2 },  the picture being mirrored at its edges
type Median struct {
	Posed
	Window int `default:"5" range:"3:15" help:"side of the window, odd"`
}

// Pose implements Method.
func (m *Median) Pose(p Problem) error {
	if err := odd("median", "window", m.Window); err != nil {
		return err
	}
	if !onlyNoise(p.Operator) {
		return fmt.Errorf("median: %s is more than noise, which a median filter takes away; use tv", p.Operator.Describe())
	}
	return m.Posed.Pose(p)
}

// Restore implements Restorer.
func (m *Median) Restore(_ *Scope, y, _ *Node) *Node {
	values := Sort(Stack(windows("median", y, m.Window), -1), -1, true)
	return Squeeze(Slice(values, AxisRange(), AxisRange(), AxisRange(), AxisRange(), AxisElem(m.Window*m.Window/2)), -1)
}

// Reach implements Local.
func (m *Median) Reach() int { return m.Window / 2 }

// windows are the pictures moved to all the places of a window: together they are the neighbours of each pixel. The picture is mirrored at its
// edges.
func windows(method string, y *Node, side int) []*Node {
	d := y.Shape().Dimensions
	if min(d[1], d[2]) <= side/2 {
		panic(fmt.Errorf("%s: the picture is %d×%d, smaller than half a window of %d×%d; use a smaller window", method, d[2], d[1], side, side))
	}
	y = nn.PadImage(y, side/2, nn.PadReflect)
	var out []*Node
	for i := range side {
		for j := range side {
			out = append(out, Slice(y, AxisRange(), AxisRange(i, i+d[1]), AxisRange(j, j+d[2])))
		}
	}
	return out
}

// odd is an error if a window has no centre.
func odd(method, parameter string, side int) error {
	if side%2 == 0 {
		return fmt.Errorf("%s: %s = %d, but a window with a centre has an odd side; use %d", method, parameter, side, side+1)
	}
	return nil
}

// onlyNoise says whether the operator's A is the identity.
func onlyNoise(op physics.Operator) bool {
	_, ok := physics.As[physics.Pixelwise](op)
	return ok && op.Aux(rand.New(rand.NewPCG(0, 0)), 1, 1, 1) == nil
}

// ownLevel says whether the noise's deviation is told from the measurement as a whole.
func ownLevel(op physics.Operator) bool {
	for op != nil {
		if w, ok := op.(physics.With); ok {
			if ownLevel(w.Noise) {
				return true
			}
			op = w.Operator
			continue
		}
		_, ok := op.(physics.Leveller)
		return ok
	}
	return false
}
