package plots

import (
	"bytes"
	"encoding/binary"
	"image/color"
	"math"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgpdf"

	"darkroom/lib/lab"
)

// What follows works round gaps of gonum/plot v0.17.0. When one of these tests fails, upstream has closed the gap and the
// workaround in pdf.go can go.
func TestGapsOfGonum(t *testing.T) {
	pdf := func(draw func(c *vgpdf.Canvas)) ([]byte, error) {
		pdfDefaults()
		c := vgpdf.New(100, 100)
		draw(c)
		var b bytes.Buffer
		_, err := c.WriteTo(&b)
		return b.Bytes(), err
	}
	write := func(s string, bold bool) func(c *vgpdf.Canvas) {
		st := style(10, color.Black, bold)
		return func(c *vgpdf.Canvas) { c.FillString(st.Handler.Cache().Lookup(st.Font, st.Font.Size), vg.Point{}, s) }
	}
	fpdf.SetDefaultCompression(false)
	defer fpdf.SetDefaultCompression(true)
	if b, err := pdf(write("é", false)); err != nil || !bytes.Contains(b, []byte("(\xc3\xa9)Tj")) {
		t.Error("the PDF canvas does not write plain UTF-8 any more", err)
	}
	if _, err := pdf(write("bold", true)); err == nil {
		t.Error("the PDF canvas finds bold fonts now")
	}
	fill := func(col color.Color) func(c *vgpdf.Canvas) {
		return func(c *vgpdf.Canvas) {
			c.SetColor(col)
			c.Fill(vg.Rectangle{Max: vg.Point{X: 9, Y: 9}}.Path())
		}
	}
	plain, err1 := pdf(fill(color.NRGBA{200, 100, 0, 100}))
	ours, err2 := pdf(fill(straight{200, 100, 0, 100}))
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if bytes.Equal(plain, ours) {
		t.Error("the PDF canvas takes transparent colours as they are now")
	}
}

// FuzzLines draws curves of any values: they are drawn or refused, never a crash of the drawing library.
func FuzzLines(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f}, false, false)
	seed := binary.LittleEndian.AppendUint64(nil, math.Float64bits(1e308))
	seed = binary.LittleEndian.AppendUint64(seed, math.Float64bits(-1e308))
	f.Add(seed, false, true)
	seed = binary.LittleEndian.AppendUint64(nil, math.Float64bits(5e-324))
	f.Add(append(seed, 0, 0, 0, 0, 0, 0, 0, 0), true, true)
	f.Fuzz(func(t *testing.T, b []byte, logX, logY bool) {
		s := lab.Series{Name: "a/b"}
		for i := 0; i+8 <= len(b) && i < 8*64; i += 8 {
			s.X = append(s.X, float64(i/8))
			s.Y = append(s.Y, math.Float64frombits(binary.LittleEndian.Uint64(b[i:])))
		}
		if len(s.X) > 2 { // one X of any value, too
			s.X[0] = s.Y[len(s.Y)-1]
		}
		opts := []Option{}
		if logX {
			opts = append(opts, LogX())
		}
		if logY {
			opts = append(opts, LogY())
		}
		fig := Lines(lab.Curves{s}, opts...)
		svg, err := SVG(fig)
		if err != nil && strings.Contains(err.Error(), "drawing failed") {
			t.Fatal(err)
		}
		if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
			t.Fatal("coordinates that are no numbers")
		}
		_ = fig.Alt()
	})
}
