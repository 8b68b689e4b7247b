package plots

import (
	"image/color"

	stdfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/encoding/charmap"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgpdf"
)

// pdfCanvas draws bold text and text outside code page 1252 (σ, −, ≥) as outlines, because gonum's PDF canvas in v0.17.0
// writes every such letter as a dot and registers bold fonts under a name that it does not find again.
type pdfCanvas struct{ *vgpdf.Canvas }

// SetColor implements vg.Canvas. gonum's PDF canvas takes colours multiplied by their alpha for plain ones, so that
// transparent ones come out grey.
func (c pdfCanvas) SetColor(clr color.Color) {
	if clr == nil {
		clr = color.Black
	}
	c.Canvas.SetColor(straight(color.NRGBAModel.Convert(clr).(color.NRGBA)))
}

// straight is a colour that hands out its parts not multiplied by alpha.
type straight color.NRGBA

// RGBA implements color.Color, but for what its doc comment says of alpha.
func (s straight) RGBA() (r, g, b, a uint32) {
	return uint32(s.R) * 0x101, uint32(s.G) * 0x101, uint32(s.B) * 0x101, uint32(s.A) * 0x101
}

// FillString implements vg.Canvas.
func (c pdfCanvas) FillString(f font.Face, pt vg.Point, s string) {
	if f.Font.Weight == stdfont.WeightBold {
		c.fillOutlines(f, pt, s)
		return
	}
	for _, r := range s {
		if _, ok := charmap.Windows1252.EncodeRune(r); !ok {
			c.fillOutlines(f, pt, s)
			return
		}
	}
	c.Canvas.FillString(f, pt, s)
}

// fillOutlines fills the shapes of the letters of s, the first with its origin at pt.
func (c pdfCanvas) fillOutlines(f font.Face, pt vg.Point, s string) {
	var buf sfnt.Buffer
	unit := fixed.Int26_6(f.Face.UnitsPerEm()) << 6 // one em, so that segments come in font units
	scale := f.Font.Size / vg.Length(unit)
	at := pt
	to := func(p fixed.Point26_6) vg.Point {
		return vg.Point{X: at.X + vg.Length(p.X)*scale, Y: at.Y - vg.Length(p.Y)*scale}
	}
	for _, r := range s {
		glyph, err := f.Face.GlyphIndex(&buf, r)
		if err != nil {
			continue
		}
		segments, err := f.Face.LoadGlyph(&buf, glyph, unit, nil)
		if err != nil {
			continue
		}
		var path vg.Path
		for i, seg := range segments {
			switch seg.Op {
			case sfnt.SegmentOpMoveTo:
				if i > 0 {
					path.Close()
				}
				path.Move(to(seg.Args[0]))
			case sfnt.SegmentOpLineTo:
				path.Line(to(seg.Args[0]))
			case sfnt.SegmentOpQuadTo:
				path.QuadTo(to(seg.Args[0]), to(seg.Args[1]))
			case sfnt.SegmentOpCubeTo:
				path.CubeTo(to(seg.Args[0]), to(seg.Args[1]), to(seg.Args[2]))
			}
		}
		if len(path) > 0 {
			path.Close()
			c.Fill(path)
		}
		if advance, err := f.Face.GlyphAdvance(&buf, glyph, unit, 0); err == nil {
			at.X += vg.Length(advance) * scale
		}
	}
}
