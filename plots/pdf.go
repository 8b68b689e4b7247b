package plots

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"

	stdfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/encoding/charmap"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgpdf"
)

// pdfDefaults makes the PDF library write the same bytes for the same figure: no date of today, objects in order.
var pdfDefaults = sync.OnceFunc(func() {
	epoch := time.Unix(0, 0).UTC()
	fpdf.SetDefaultCatalogSort(true)
	fpdf.SetDefaultCreationDate(epoch)
	fpdf.SetDefaultModificationDate(epoch)
})

// PDF draws a figure as one page of PDF of its size, fonts embedded.
func PDF(f Figure) ([]byte, error) {
	f, t := unwrap(f)
	w, h, err := size(f)
	if err != nil {
		return nil, err
	}
	pdfDefaults()
	c := vgpdf.New(w, h)
	if err := paint(f, t, pdfCanvas{c, map[int]bool{}}); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("plots: writing PDF: %w", err)
	}
	return b.Bytes(), nil
}

// pdfCanvas mends gonum's PDF canvas of v0.17.0. That canvas writes the bytes of UTF-8 as if each were a letter of code
// page 1252, registers bold fonts under a name that it does not find again, and makes transparent colours grey. So text in
// code page 1252 (é, ±, ·) is encoded in it, and bold text and other letters (σ, −, ≥) are drawn as outlines.
type pdfCanvas struct {
	*vgpdf.Canvas
	widths map[int]bool // of the images so far, in pixels
}

// DrawImage implements vg.Canvas. The PDF library sorts images by their width, and those of one width anyhow, so an image
// as wide as an earlier one gets transparent columns on its right: the same figure then gives the same file.
func (c pdfCanvas) DrawImage(r vg.Rectangle, im image.Image) {
	b := im.Bounds()
	w := b.Dx()
	for c.widths[w] {
		w++
	}
	c.widths[w] = true
	if w > b.Dx() {
		wider := image.NewNRGBA(image.Rect(0, 0, w, b.Dy()))
		draw.Draw(wider, wider.Bounds(), im, b.Min, draw.Src)
		r.Max.X += (r.Max.X - r.Min.X) * vg.Length(w-b.Dx()) / vg.Length(b.Dx())
		im = wider
	}
	c.Canvas.DrawImage(r, im)
}

// SetColor implements vg.Canvas.
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
	encoded, err := charmap.Windows1252.NewEncoder().String(s)
	if err != nil {
		c.fillOutlines(f, pt, s)
		return
	}
	c.Canvas.FillString(f, pt, encoded)
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
