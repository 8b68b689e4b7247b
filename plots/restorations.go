package plots

import (
	"fmt"
	"image"
	"math"
	"strings"

	xdraw "golang.org/x/image/draw"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"darkroom/lib/lab"
)

// Restoration is one row of Restorations: a picture, what was measured of it, and what each method made of that. All have
// one size.
type Restoration struct {
	Name     string          // of the picture; may be empty
	Truth    lab.Image       //
	Degraded lab.Image       //
	Measure  string          // written under the degraded picture: "20.17 dB"
	Restored []Restored      // one column each
	Zoom     image.Rectangle // what the inset shows, in pixels; empty takes the part with the most detail
}

// Restored is what a method made of a degraded picture.
type Restored struct {
	Method  string // heads the column
	Image   lab.Image
	Measure string // written under the picture: "29.41 dB, 0.87"
}

// Restorations draws rows of truth, degraded and restored pictures, each with an enlarged part of it in a corner and its
// measure below. Every row has the methods of the first, in the same order.
func Restorations(rows []Restoration) Figure { return restorations{rows} }

type restorations struct{ rows []Restoration }

const (
	cell       = 200 * px
	cellGap    = 8 * px
	cellHead   = 22 * px
	cellFoot   = 22 * px
	insetShare = 0.42 // of the shorter side of a picture
)

// cells returns the pictures of a row with the text under each.
func (r Restoration) cells() []Restored {
	return append([]Restored{{"truth", r.Truth, r.Name}, {"degraded", r.Degraded, r.Measure}}, r.Restored...)
}

func (f restorations) check() error {
	if len(f.rows) == 0 {
		return fmt.Errorf("plots: restorations: %w: no rows", ErrEmpty)
	}
	first := f.rows[0]
	for i, r := range f.rows {
		if len(r.Restored) != len(first.Restored) {
			return fmt.Errorf("plots: restorations: %w: row %d has %d restored pictures, row 0 has %d",
				ErrColumns, i, len(r.Restored), len(first.Restored))
		}
		for j, c := range r.cells() {
			if err := checkImage(c.Image); err != nil {
				return fmt.Errorf("plots: restorations: row %d, %s: %w", i, c.Method, err)
			}
			if c.Image.Height != r.Truth.Height || c.Image.Width != r.Truth.Width {
				return fmt.Errorf("plots: restorations: %w: row %d, %s is %d×%d, the truth is %d×%d", ErrSizes, i,
					c.Method, c.Image.Height, c.Image.Width, r.Truth.Height, r.Truth.Width)
			}
			if want := first.cells()[j].Method; c.Method != want {
				return fmt.Errorf("plots: restorations: %w: row %d has %q where row 0 has %q", ErrColumns, i, c.Method, want)
			}
		}
		if z := r.Zoom; !z.Empty() && !z.In(image.Rect(0, 0, r.Truth.Width, r.Truth.Height)) {
			return fmt.Errorf("plots: restorations: %w: the zoom %v of row %d reaches outside its %d×%d pixels",
				ErrSizes, z, i, r.Truth.Height, r.Truth.Width)
		}
	}
	return nil
}

// height of a row's pictures when they are a cell wide.
func rowHeight(im lab.Image, width vg.Length) vg.Length {
	return width * vg.Length(im.Height) / vg.Length(im.Width)
}

// Size implements Figure.
func (f restorations) Size() (vg.Length, vg.Length) {
	if f.check() != nil {
		return 0, 0
	}
	n := vg.Length(len(f.rows[0].cells()))
	h := 2*margin + cellHead - cellGap
	for _, r := range f.rows {
		h += vg.Length(math.Round(float64(rowHeight(r.Truth, cell)/px)))*px + cellFoot + cellGap/2
	}
	return 2*margin + n*cell + (n-1)*cellGap, h
}

// Draw implements Figure.
func (f restorations) Draw(c draw.Canvas, t Theme) error {
	if err := f.check(); err != nil {
		return err
	}
	natural, _ := f.Size()
	scale := (c.Max.X - c.Min.X) / natural // text keeps its size, pictures fill the width
	width := cell * scale
	head, under := style(sizeLabel, t.Ink, true), style(sizeLabel, t.Ink, false)
	head.XAlign, under.XAlign = draw.XCenter, draw.XCenter
	y := c.Max.Y - margin
	for i, r := range f.rows {
		zoom := r.Zoom
		if zoom.Empty() {
			zoom = detail(r.Truth)
		}
		cells := r.cells()
		height := vg.Length(math.Round(float64(rowHeight(r.Truth, width)/px))) * px
		if i == 0 {
			y -= cellHead
		}
		for j, p := range cells {
			x := c.Min.X + margin*scale + vg.Length(j)*(width+cellGap*scale)
			box := vg.Rectangle{Min: vg.Point{X: x, Y: y - height}, Max: vg.Point{X: x + width, Y: y}}
			if i == 0 {
				c.FillText(head, vg.Point{X: x + width/2, Y: y + 8*px}, fit(head, p.Method, width))
			}
			drawPicture(c, t, p.Image, zoom, box)
			c.FillText(under, vg.Point{X: x + width/2, Y: y - height - 15*px}, fit(under, p.Measure, width))
		}
		y -= height + cellFoot + cellGap/2
	}
	return nil
}

// drawPicture draws a picture in a box, marks the zoomed part and shows it enlarged in the corner farthest from it.
func drawPicture(c draw.Canvas, t Theme, im lab.Image, zoom image.Rectangle, box vg.Rectangle) {
	w, h := box.Max.X-box.Min.X, box.Max.Y-box.Min.Y
	full := image.Rect(0, 0, im.Width, im.Height)
	c.DrawImage(box, resample(im, full, w, h))
	if zoom == full {
		return
	}
	part := vg.Rectangle{
		Min: vg.Point{
			X: box.Min.X + w*vg.Length(zoom.Min.X)/vg.Length(im.Width),
			Y: box.Max.Y - h*vg.Length(zoom.Max.Y)/vg.Length(im.Height),
		},
		Max: vg.Point{
			X: box.Min.X + w*vg.Length(zoom.Max.X)/vg.Length(im.Width),
			Y: box.Max.Y - h*vg.Length(zoom.Min.Y)/vg.Length(im.Height),
		},
	}
	long := insetShare * min(w, h)
	unit := long / vg.Length(max(zoom.Dx(), zoom.Dy()))
	iw := vg.Length(math.Round(float64(unit*vg.Length(zoom.Dx())/px))) * px
	ih := vg.Length(math.Round(float64(unit*vg.Length(zoom.Dy())/px))) * px
	inset := vg.Rectangle{Min: box.Min, Max: vg.Point{X: box.Min.X + iw, Y: box.Min.Y + ih}}
	if part.Min.X+part.Max.X < box.Min.X+box.Max.X { // on the left: inset on the right
		inset.Min.X, inset.Max.X = box.Max.X-iw, box.Max.X
	}
	if part.Min.Y+part.Max.Y < box.Min.Y+box.Max.Y { // below: inset above
		inset.Min.Y, inset.Max.Y = box.Max.Y-ih, box.Max.Y
	}
	col, _ := t.series(4)
	frame := draw.LineStyle{Color: col, Width: 1.5 * px}
	strokeBox(c, frame, part)
	c.DrawImage(inset, resample(im, zoom, iw, ih))
	frame.Width = 2 * px
	strokeBox(c, frame, inset)
}

// strokeBox draws a frame inside a rectangle.
func strokeBox(c draw.Canvas, s draw.LineStyle, r vg.Rectangle) {
	d := s.Width / 2
	a, b := vg.Point{X: r.Min.X + d, Y: r.Min.Y + d}, vg.Point{X: r.Max.X - d, Y: r.Max.Y - d}
	var path vg.Path
	path.Move(a)
	path.Line(vg.Point{X: b.X, Y: a.Y})
	path.Line(b)
	path.Line(vg.Point{X: a.X, Y: b.Y})
	path.Close()
	c.SetLineStyle(s)
	c.Stroke(path)
}

// resample returns the part of a picture at the pixels that w by h have in a PNG: nearest neighbour where it grows, so
// that pixels are seen as they are, Catmull-Rom where it shrinks.
func resample(im lab.Image, part image.Rectangle, w, h vg.Length) image.Image {
	src := im.Standard()
	size := image.Rect(0, 0, max(1, int(math.Round(float64(w/px*dpr)))), max(1, int(math.Round(float64(h/px*dpr)))))
	var dst xdraw.Image = image.NewNRGBA(size)
	if im.Channels == 1 {
		dst = image.NewGray(size)
	}
	var scaler xdraw.Scaler = xdraw.CatmullRom
	if size.Dx() >= part.Dx() && size.Dy() >= part.Dy() {
		scaler = xdraw.NearestNeighbor
	}
	scaler.Scale(dst, size, src, part, xdraw.Src, nil)
	return dst
}

// detail returns the square of a fifth of the shorter side with the largest variance, on a coarse lattice of places.
func detail(im lab.Image) image.Rectangle {
	side := max(4, min(im.Height, im.Width)/5)
	if side >= min(im.Height, im.Width) {
		return image.Rect(0, 0, im.Width, im.Height)
	}
	step := max(1, side/2)
	best, at := math.Inf(-1), image.Point{}
	for y := 0; y+side <= im.Height; y += step {
		for x := 0; x+side <= im.Width; x += step {
			part := im.Crop(y, x, side, side)
			var sum, squares float64
			for _, v := range part.Pix {
				sum += float64(v)
				squares += float64(v) * float64(v)
			}
			n := float64(len(part.Pix))
			if variance := squares/n - sum/n*sum/n; variance > best {
				best, at = variance, image.Pt(x, y)
			}
		}
	}
	return image.Rectangle{at, at.Add(image.Pt(side, side))}
}

// Alt implements Figure.
func (f restorations) Alt() string {
	if err := f.check(); err != nil {
		return err.Error()
	}
	var b strings.Builder
	b.WriteString("pictures restored by several methods")
	for _, r := range f.rows {
		var parts []string
		for _, c := range r.cells()[1:] {
			parts = append(parts, strings.TrimSpace(c.Method+" "+c.Measure))
		}
		fmt.Fprintf(&b, "; %s: %s", r.Name, strings.Join(parts, ", "))
	}
	return b.String()
}
