package plots

import (
	"fmt"
	"image"
	"image/color"
	"math"

	xdraw "golang.org/x/image/draw"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"darkroom/lib/lab"
)

// Grid draws images of one size, [height, width, 1 or 3], row by row in the given number of columns, with thin gaps. Small
// images are enlarged by a whole factor, pixel by pixel. Values outside [0, 1] are clipped; NaN is black.
func Grid(images []lab.Image, columns int) Figure { return imageGrid{images, columns, true, 64} }

// Manifold draws n×n images edge to edge, the first row on top: the pictures that a decoder makes of a lattice of codes.
func Manifold(images []lab.Image, n int) Figure { return manifold{imageGrid{images, n, false, 64}} }

type imageGrid struct {
	images  []lab.Image
	columns int
	gaps    bool
	side    int // that small images are about enlarged to, in pixels
}

type manifold struct{ imageGrid }

// Columns returns the number of columns that makes a grid of n images about as wide as high.
func Columns(n int) int { return max(1, int(math.Ceil(math.Sqrt(float64(n))))) }

func (f imageGrid) check() error {
	switch {
	case len(f.images) == 0:
		return fmt.Errorf("plots: grid: %w: no images", ErrEmpty)
	case f.columns < 1:
		return fmt.Errorf("plots: grid: %w: %d; use 1 or more, or Columns(n)", ErrColumns, f.columns)
	}
	first := f.images[0]
	for i, im := range f.images {
		if err := checkImage(im); err != nil {
			return fmt.Errorf("plots: grid: image %d: %w", i, err)
		}
		if im.Height != first.Height || im.Width != first.Width {
			return fmt.Errorf("plots: grid: %w: image %d is %d×%d, image 0 is %d×%d; crop or resize them first",
				ErrSizes, i, im.Height, im.Width, first.Height, first.Width)
		}
	}
	return nil
}

func checkImage(im lab.Image) error {
	if im.Height < 1 || im.Width < 1 || (im.Channels != 1 && im.Channels != 3) ||
		len(im.Pix) != im.Height*im.Width*im.Channels {
		return fmt.Errorf("%w: %d×%d with %d channels and %d values; a picture has height×width×channels of them, 1 or 3 channels",
			ErrImage, im.Height, im.Width, im.Channels, len(im.Pix))
	}
	return nil
}

// pixels returns factor, gap, columns, rows and the whole size of the grid in pixels.
func (f imageGrid) pixels() (k, gap, columns, rows, w, h int) {
	im := f.images[0]
	k = max(1, int(math.Round(float64(f.side)/float64(max(im.Height, im.Width)))))
	if f.gaps {
		gap = 2
	}
	columns = min(max(f.columns, 1), len(f.images))
	rows = (len(f.images) + columns - 1) / columns
	return k, gap, columns, rows, columns*(im.Width*k+gap) - gap, rows*(im.Height*k+gap) - gap
}

// Size implements Figure.
func (f imageGrid) Size() (vg.Length, vg.Length) {
	if f.check() != nil {
		return 0, 0
	}
	_, _, _, _, w, h := f.pixels()
	return vg.Length(w) * px, vg.Length(h) * px
}

func (f imageGrid) raster(t Theme) (image.Image, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	k, gap, columns, _, w, h := f.pixels()
	grey := t.Background.A == 255 && isGrey(t.Background)
	for _, im := range f.images {
		grey = grey && im.Channels == 1
	}
	var out xdraw.Image = image.NewRGBA(image.Rect(0, 0, w, h))
	if grey { // a third of the bytes
		out = image.NewGray(out.Bounds())
	}
	xdraw.Draw(out, out.Bounds(), image.NewUniform(t.Background), image.Point{}, xdraw.Src)
	for i, im := range f.images {
		at := image.Pt(i%columns*(im.Width*k+gap), i/columns*(im.Height*k+gap))
		src := im.Standard()
		xdraw.NearestNeighbor.Scale(out, image.Rect(0, 0, im.Width*k, im.Height*k).Add(at), src, src.Bounds(), xdraw.Src, nil)
	}
	return out, nil
}

func isGrey(c color.NRGBA) bool { return c.R == c.G && c.G == c.B }

// Draw implements Figure.
func (f imageGrid) Draw(c draw.Canvas, t Theme) error {
	im, err := f.raster(t)
	if err != nil {
		return err
	}
	c.DrawImage(c.Rectangle, im)
	return nil
}

// Alt implements Figure.
func (f imageGrid) Alt() string {
	if err := f.check(); err != nil {
		return err.Error()
	}
	im := f.images[0]
	return fmt.Sprintf("%s of %d by %d pixels in %d columns", count(len(f.images), "image"), im.Width, im.Height,
		min(f.columns, len(f.images)))
}

func (f manifold) check() error {
	if err := f.imageGrid.check(); err != nil {
		return err
	}
	if n := f.columns; len(f.images) != n*n {
		return fmt.Errorf("plots: manifold: %w: %d images are not %d×%d", ErrColumns, len(f.images), n, n)
	}
	return nil
}

func (f manifold) raster(t Theme) (image.Image, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return f.imageGrid.raster(t)
}

// Draw implements Figure.
func (f manifold) Draw(c draw.Canvas, t Theme) error {
	if err := f.check(); err != nil {
		return err
	}
	return f.imageGrid.Draw(c, t)
}

// Alt implements Figure.
func (f manifold) Alt() string {
	if err := f.check(); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("manifold of %d by %d images", f.columns, f.columns)
}

// count writes a number and a noun in singular or plural.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
