package physics

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// Text hides what lies under the letters of a page: lines of random words from edge to edge, each Size pixels high, in a font of fixed width.
type Text struct {
	masking
	Size int
}

// Describe implements Operator.
func (t Text) Describe() string {
	return fmt.Sprintf("what lies under text of %d pixels a line missing", t.Size)
}

// alphabet is what is drawn from: words are 6.5 letters long on average.
const alphabet = "abcdefghijklmnopqrstuvwxyz    "

// width is that of a letter, in the proportions of the font.
func (t Text) width() int {
	return int(math.Round(float64(t.Size*basicfont.Face7x13.Advance) / float64(basicfont.Face7x13.Height)))
}

// letters are those of the alphabet, [letters, Size, width]: 1 where there is ink.
func (t Text) letters() []float32 {
	face, w := basicfont.Face7x13, t.width()
	out := make([]float32, 0, len(alphabet)*t.Size*w)
	for _, letter := range alphabet {
		_, mask, corner, _, _ := face.Glyph(fixed.P(0, face.Ascent), letter)
		for i := range t.Size * w {
			at := image.Pt(i%w*face.Advance/w, i/w*face.Height/t.Size)
			ink := float32(0)
			if at.X < face.Width {
				if _, _, _, alpha := mask.At(corner.X+at.X, corner.Y+at.Y).RGBA(); alpha > 0 {
					ink = 1
				}
			}
			out = append(out, ink)
		}
	}
	return out
}

// cells is how many lines and letters a line a picture has, the last ones cut by its edges.
func (t Text) cells(height, width int) (lines, columns int) {
	return (height + t.Size - 1) / t.Size, (width + t.width() - 1) / t.width()
}

// Aux implements Operator.
func (t Text) Aux(r *rand.Rand, height, width, channels int) []float32 {
	letters, w := t.letters(), t.width()
	lines, columns := t.cells(height, width)
	page := make([]int, lines*columns)
	for i := range page {
		page[i] = r.IntN(len(alphabet))
	}
	return perPixel(height, width, channels, func(y, x int) bool {
		letter := page[y/t.Size*columns+x/w]
		return letters[(letter*t.Size+y%t.Size)*w+x%w] == 0
	})
}

// DrawAux implements Operator.
func (t Text) DrawAux(s *model.Scope, g *Graph, shape shapes.Shape) *Node {
	n, h, w := shape.Dimensions[0], shape.Dimensions[1], shape.Dimensions[2]
	lines, columns := t.cells(h, w)
	u := MulScalar(s.RandomUniform(g, float32Shape(n, lines, columns)), float64(len(alphabet)))
	page := OneHot(ConvertDType(Floor(u), dtypes.Int32), len(alphabet), dtypes.Float32)
	letters := ConstTensor(g, tensors.FromFlatDataAndDimensions(t.letters(), len(alphabet), t.Size, t.width()))
	ink := Einsum("nlce,eyx->nlycx", page, letters)
	ink = Slice(Reshape(ink, n, lines*t.Size, columns*t.width(), 1), AxisRange(), AxisRange(0, h), AxisRange(0, w))
	return seen(LessThan(ink, Scalar(g, dtypes.Float32, 0.5)), shape)
}
