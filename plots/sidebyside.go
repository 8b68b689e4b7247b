package plots

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"darkroom/lib/lab"
)

// Column is a column of SideBySide: what one method made of the pictures, or the pictures themselves.
type Column struct {
	Head   string
	Images []lab.Image
}

// SideBySide draws columns of images of one size, each under its head; a row shows the same picture. Small images are enlarged by a whole factor.
func SideBySide(columns []Column) Figure { return sideBySide{columns} }

type sideBySide struct{ columns []Column }

// grid is the images row by row.
func (f sideBySide) grid() (imageGrid, error) {
	if len(f.columns) == 0 {
		return imageGrid{}, fmt.Errorf("plots: side by side: %w: no columns", ErrEmpty)
	}
	g := imageGrid{columns: len(f.columns), gaps: true, side: 112}
	for i := range f.columns[0].Images {
		for _, c := range f.columns {
			if len(c.Images) != len(f.columns[0].Images) {
				return g, fmt.Errorf("plots: side by side: %w: %d images under %q, %d under %q", ErrColumns,
					len(f.columns[0].Images), f.columns[0].Head, len(c.Images), c.Head)
			}
			g.images = append(g.images, c.Images[i])
		}
	}
	return g, g.check()
}

// Size implements Figure.
func (f sideBySide) Size() (vg.Length, vg.Length) {
	g, err := f.grid()
	if err != nil {
		return 0, 0
	}
	w, h := g.Size()
	return w, h + cellHead
}

// Draw implements Figure.
func (f sideBySide) Draw(c draw.Canvas, t Theme) error {
	g, err := f.grid()
	if err != nil {
		return err
	}
	im, err := g.raster(t)
	if err != nil {
		return err
	}
	box := c.Rectangle
	box.Max.Y -= cellHead
	c.DrawImage(box, im)
	head := style(sizeLabel, t.Ink, true)
	head.XAlign = draw.XCenter
	width := (box.Max.X - box.Min.X) / vg.Length(len(f.columns))
	for i, column := range f.columns {
		c.FillText(head, vg.Point{X: box.Min.X + width*(vg.Length(i)+0.5), Y: box.Max.Y + 7*px}, fit(head, column.Head, width))
	}
	return nil
}

// Alt implements Figure.
func (f sideBySide) Alt() string {
	g, err := f.grid()
	if err != nil {
		return err.Error()
	}
	var heads []string
	for _, c := range f.columns {
		heads = append(heads, c.Head)
	}
	return fmt.Sprintf("%s of %d by %d pixels in columns: %s", count(len(f.columns[0].Images), "row"), g.images[0].Width, g.images[0].Height,
		strings.Join(heads, ", "))
}
