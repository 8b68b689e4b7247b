package plots

import (
	"image/color"
	"math"

	stdfont "golang.org/x/image/font"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// px is one CSS pixel. Figures are laid out in it so that images fall on whole pixels.
const px = vg.Inch / 96

// Theme is the set of colours that a figure is drawn in.
type Theme struct {
	Background color.NRGBA   // the page; alpha 0 leaves it as it is
	Ink        color.NRGBA   // titles and labels
	Muted      color.NRGBA   // tick labels, notes, axis lines
	Grid       color.NRGBA   // grid lines
	Series     []color.NRGBA // the data, in order
}

// The themes. Their series have the hues of Okabe and Ito ("Color Universal Design", 2008), without the yellow and the
// black, which vanish on one of the two pages. Their lightness is moved so that people without red or without green
// receptors, too, see any two of the first six apart (theme_test.go measures it).
var (
	Light = Theme{
		Background: rgb(0xffffff), Ink: rgb(0x22262b), Muted: rgb(0x5d646d), Grid: rgb(0xe6e8eb),
		Series: []color.NRGBA{
			rgb(0x0072b2), rgb(0xcb5200), rgb(0x056a48), rgb(0xd78fb2), rgb(0xe69f00), rgb(0x51b7ee), rgb(0x7b7f85),
		},
	}
	Dark = Theme{
		Background: rgb(0x14171a), Ink: rgb(0xe8eaed), Muted: rgb(0xa3abb5), Grid: rgb(0x2d3238),
		Series: []color.NRGBA{
			rgb(0x4a9be6), rgb(0xea8a3c), rgb(0x219a70), rgb(0xedc6da), rgb(0xf7d732), rgb(0x8ac9f9), rgb(0xa9aeb5),
		},
	}
)

// between is drawn on a transparent page of any colour: its greys have contrast with white and with black.
var between = Theme{
	Ink: rgb(0x767676), Muted: rgb(0x767676), Grid: rgb(0x8e8e8e), Series: []color.NRGBA{
		rgb(0x2288c8), rgb(0xdd6a18), rgb(0x128058), rgb(0xd99abb), rgb(0xdd9d10), rgb(0x56b4e9), rgb(0x8a8e94),
	},
}

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255}
}

// faint returns c with the given opacity in [0, 1].
func faint(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = uint8(math.Round(255 * opacity))
	return c
}

// series returns the colour and the dashes of the i-th line: when the colours are used up they come again, dashed.
func (t Theme) series(i int) (color.NRGBA, []vg.Length) {
	n := len(t.Series)
	if n == 0 {
		return t.Ink, nil
	}
	dashes := [][]vg.Length{nil, {5 * px, 3 * px}, {1.5 * px, 2.5 * px}}
	return t.Series[i%n], dashes[i/n%len(dashes)]
}

// Sizes of text, in points.
const (
	sizeTitle = 11
	sizeLabel = 9.5
	sizeTick  = 8.5
)

// style is sans serif text of the given size in points, aligned left on its baseline.
func style(size float64, c color.Color, bold bool) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
	if bold {
		f.Weight = stdfont.WeightBold
	}
	return text.Style{
		Color: c, Font: f, XAlign: draw.XLeft, YAlign: draw.YBottom, Handler: text.Plain{Fonts: font.DefaultCache},
	}
}

// newPlot is an empty gonum plot in the theme: a bottom line, no left line, small ticks below.
func newPlot(t Theme) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		xalign, yalign := a.Tick.Label.XAlign, a.Tick.Label.YAlign
		a.Tick.Label = style(sizeTick, t.Muted, false)
		a.Tick.Label.XAlign, a.Tick.Label.YAlign = xalign, yalign
		rotation, lx, ly := a.Label.TextStyle.Rotation, a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign
		a.Label.TextStyle = style(sizeLabel, t.Ink, false)
		a.Label.TextStyle.Rotation, a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign = rotation, lx, ly
		a.Label.Padding = 4 * px
		a.LineStyle = draw.LineStyle{Color: t.Muted, Width: 0.9 * px}
		a.Tick.LineStyle = draw.LineStyle{Color: t.Muted, Width: 0.9 * px}
		a.Tick.Length = 4 * px
		a.Padding = 0
	}
	p.Y.LineStyle.Width = 0
	p.Y.Tick.LineStyle.Width = 0
	return p
}
