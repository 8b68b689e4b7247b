package physics

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"

	"darkroom/lib/lab"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
)

// Operator is a degradation y = A(x) + σ·noise of images [batch, height, width, channels] with values in [0, 1]. Some operators need an
// array beside the image, such as a mask: Aux draws it on the host for a test picture, DrawAux in a training graph.
type Operator interface {
	// Describe names the operator and its parameters, for protocols.
	Describe() string
	// Forward is A, linear in x.
	Forward(x, aux *Node) *Node
	// Adjoint is Aᵀ: ⟨Ax, y⟩ = ⟨x, Aᵀy⟩.
	Adjoint(y, aux *Node) *Node
	// Sigma is the standard deviation of the Gaussian noise, for values in [0, 1].
	Sigma() float64
	// Aux draws the array for one picture, [height, width, channels], or returns nil if the operator needs none.
	Aux(r *rand.Rand, height, width, channels int) []float32
	// DrawAux does so in a graph for a batch of the given shape; nil if the operator needs none.
	DrawAux(s *model.Scope, g *Graph, shape shapes.Shape) *Node
}

// Catalogue lists how operators are written.
func Catalogue() []string { return []string{"denoise25", "inpaint50"} }

var form = regexp.MustCompile(`^([a-z]+)([0-9]+)$`)

// Parse reads an operator's name: "denoise25" is Gaussian noise of σ = 25/255, "inpaint50" hides half of the pixels.
func Parse(name string) (Operator, error) {
	m := form.FindStringSubmatch(name)
	if m == nil || (m[1] != "denoise" && m[1] != "inpaint") {
		return nil, fmt.Errorf("unknown degradation %q%s: use denoiseN (Gaussian noise, σ = N/255) or inpaintN (N %% of the pixels missing)",
			name, lab.Suggest(name, Catalogue()))
	}
	n, err := strconv.Atoi(m[2])
	switch {
	case m[1] == "denoise" && (err != nil || n < 1 || n > 255):
		return nil, fmt.Errorf("degradation %q: σ must be 1 to 255", name)
	case m[1] == "inpaint" && (err != nil || n < 1 || n > 99):
		return nil, fmt.Errorf("degradation %q: the share of missing pixels must be 1 to 99 %%", name)
	case m[1] == "denoise":
		return Noise{float64(n) / 255}, nil
	default:
		return Mask{float64(n) / 100}, nil
	}
}

// Noise is additive white Gaussian noise; A is the identity.
type Noise struct{ Deviation float64 }

// Describe implements Operator.
func (n Noise) Describe() string { return fmt.Sprintf("Gaussian noise σ = %g/255", n.Deviation*255) }

// Forward implements Operator.
func (n Noise) Forward(x, _ *Node) *Node { return x }

// Adjoint implements Operator.
func (n Noise) Adjoint(y, _ *Node) *Node { return y }

// Sigma implements Operator.
func (n Noise) Sigma() float64 { return n.Deviation }

// Aux implements Operator.
func (n Noise) Aux(*rand.Rand, int, int, int) []float32 { return nil }

// DrawAux implements Operator.
func (n Noise) DrawAux(*model.Scope, *Graph, shapes.Shape) *Node { return nil }

// Mask hides a share of the pixels, each independently, in all channels at once; there is no noise. aux is the mask: 1 where a
// pixel is seen.
type Mask struct{ Missing float64 }

// Describe implements Operator.
func (m Mask) Describe() string {
	return fmt.Sprintf("%g %% of the pixels missing at random", m.Missing*100)
}

// Forward implements Operator.
func (m Mask) Forward(x, mask *Node) *Node { return Mul(x, mask) }

// Adjoint implements Operator.
func (m Mask) Adjoint(y, mask *Node) *Node { return Mul(y, mask) }

// Sigma implements Operator.
func (m Mask) Sigma() float64 { return 0 }

// Aux implements Operator.
func (m Mask) Aux(r *rand.Rand, height, width, channels int) []float32 {
	out := make([]float32, height*width*channels)
	for i := range height * width {
		if r.Float64() >= m.Missing {
			for c := range channels {
				out[i*channels+c] = 1
			}
		}
	}
	return out
}

// DrawAux implements Operator.
func (m Mask) DrawAux(s *model.Scope, g *Graph, shape shapes.Shape) *Node {
	one := shape.Clone()
	one.Dimensions[3] = 1
	u := s.RandomUniform(g, one)
	seen := ConvertDType(GreaterOrEqual(u, Scalar(g, shape.DType, m.Missing)), shape.DType)
	return BroadcastToShape(seen, shape)
}
