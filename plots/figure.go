package plots

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Why a figure cannot be drawn. The errors that SVG, PNG, PDF, HTML and Save return wrap one of these.
var (
	ErrEmpty     = errors.New("nothing to draw")             // no series, no images, no bars
	ErrNotFinite = errors.New("no finite value to draw")     // everything is NaN, infinite, or not positive on a log axis
	ErrSizes     = errors.New("images of different sizes")   // in one grid
	ErrImage     = errors.New("not an image")                // no pixels, or their number is not height×width×channels
	ErrColumns   = errors.New("wrong number of columns")     // zero or fewer, or n×n images that are not n×n
	ErrSeries    = errors.New("series with unequal X and Y") //
	ErrSmall     = errors.New("figure too small")            // for what it should hold
	ErrBudget    = errors.New("figure too large")            // more pixels than memory should hold
	ErrFormat    = errors.New("unknown figure format")       // Save knows .svg, .png and .pdf
)

// Figure is a drawing with a natural size. Draw may be called many times, on canvases of any kind and in any theme.
type Figure interface {
	// Size returns the natural width and height.
	Size() (width, height vg.Length)
	// Draw draws the figure to fill the canvas. It says what is wrong with data that cannot be drawn.
	Draw(c draw.Canvas, t Theme) error
	// Alt says in a line what is to be seen, for those who cannot see it.
	Alt() string
}

// raster is a figure made of pixels alone, which is encoded as it is.
type raster interface {
	raster(gap Theme) (image.Image, error)
}

// In returns the figure drawn in a theme, whichever theme is asked of it: Save("dark.png", In(Dark, f)).
func In(t Theme, f Figure) Figure { return themed{f, t} }

type themed struct {
	Figure
	theme Theme
}

func (f themed) Draw(c draw.Canvas, _ Theme) error { return f.Figure.Draw(c, f.theme) }

// FromPlot returns a figure from a plot of one's own made with gonum/plot, which keeps its colours in every theme.
func FromPlot(p *plot.Plot, width, height vg.Length) Figure { return plotFigure{p, width, height} }

type plotFigure struct {
	p    *plot.Plot
	w, h vg.Length
}

func (f plotFigure) Size() (vg.Length, vg.Length) { return f.w, f.h }

func (f plotFigure) Draw(c draw.Canvas, _ Theme) error {
	f.p.Draw(c)
	return nil
}

func (f plotFigure) Alt() string { return f.p.Title.Text }

// unwrap returns the theme that f is drawn in, and f without In.
func unwrap(f Figure) (Figure, Theme) {
	if t, ok := f.(themed); ok {
		inner, _ := unwrap(t.Figure)
		return inner, t.theme
	}
	return f, Light
}

// paint draws f on a canvas, over the background of its theme. A panic of the drawing library becomes an error.
func paint(f Figure, t Theme, c vg.CanvasSizer) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("plots: drawing failed: %v", r)
		}
	}()
	canvas := draw.New(c)
	if t.Background.A > 0 {
		canvas.SetColor(t.Background)
		canvas.Fill(canvas.Path())
	}
	return f.Draw(canvas, t)
}

// size returns the size of f, and refuses one that would take more than 100 million pixels.
func size(f Figure) (w, h vg.Length, err error) {
	w, h = f.Size()
	if w <= 0 || h <= 0 {
		w, h = 320*px, 200*px // of a figure that will say in Draw what it lacks
	}
	if float64(w/px)*float64(h/px)*dpr*dpr > 1e8 {
		return 0, 0, fmt.Errorf("plots: %w: %.0f by %.0f pixels; draw fewer images or panels", ErrBudget, w/px, h/px)
	}
	return w, h, nil
}

// dpr is the number of pixels of a PNG per CSS pixel.
const dpr = 2

// PNG draws a figure as a PNG with two pixels per CSS pixel; a figure of pixels alone (Grid, Manifold) has them as they
// are.
func PNG(f Figure) ([]byte, error) {
	f, t := unwrap(f)
	return pngIn(f, t)
}

func pngIn(f Figure, t Theme) ([]byte, error) {
	im, err := render(f, t)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.DefaultCompression}
	if err := enc.Encode(&b, im); err != nil {
		return nil, fmt.Errorf("plots: encoding PNG: %w", err)
	}
	return b.Bytes(), nil
}

// render draws a figure as pixels.
func render(f Figure, t Theme) (image.Image, error) {
	w, h, err := size(f)
	if err != nil {
		return nil, err
	}
	if r, ok := f.(raster); ok {
		return r.raster(t)
	}
	c := vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(96*dpr), vgimg.UseBackgroundColor(t.Background))
	if err := paint(f, t, c); err != nil {
		return nil, err
	}
	return c.Image(), nil
}

// SVG draws a figure as a standalone SVG document.
func SVG(f Figure) ([]byte, error) {
	f, t := unwrap(f)
	return svgIn(f, t)
}

func svgIn(f Figure, t Theme) ([]byte, error) {
	w, h, err := size(f)
	if err != nil {
		return nil, err
	}
	c := vgsvg.New(w, h)
	if err := paint(f, t, c); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("plots: writing SVG: %w", err)
	}
	// Liberation Sans is rarely installed; Arial and Arimo have its widths. The library labels its PNGs as JPEG.
	return []byte(strings.NewReplacer(
		"font-family:Liberation Sans;", "font-family:'Liberation Sans',Arimo,Arial,Helvetica,sans-serif;",
		"font-variant:none;", "", "font-variant:normal;", "", "font-style:normal", "",
		"data:image/jpg;base64,", "data:image/png;base64,",
		"<!-- Generated by SVGo and Plotinum VG -->\n", "",
	).Replace(b.String())), nil
}

// Save writes a figure to a file whose extension says the format: .svg, .png or .pdf. The file appears whole or not at
// all: it is written under a temporary name beside path and renamed.
func Save(path string, f Figure) error {
	var b []byte
	var err error
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".svg":
		b, err = SVG(f)
	case ".png":
		b, err = PNG(f)
	case ".pdf":
		b, err = PDF(f)
	default:
		return fmt.Errorf("plots: %w %q of %s; use .svg, .png or .pdf", ErrFormat, ext, path)
	}
	if err != nil {
		return fmt.Errorf("figure %s: %w", path, err)
	}
	return writeFile(path, b)
}

func writeFile(path string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("figure %s: %w", path, err)
	}
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // it may be gone already; err says what went wrong
		return fmt.Errorf("figure %s: %w", path, err)
	}
	return nil
}
