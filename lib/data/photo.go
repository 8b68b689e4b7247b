package data

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path"
	"path/filepath"
	"strings"

	"darkroom/lib/lab"
)

// Photo is a person's own picture, with what a restored one must keep: its size, whether it is grey or in colour, its depth and its colour
// profile. It stands upright: an orientation that the file asks for is carried out.
type Photo struct {
	lab.Image
	Bits  int      // a channel, 8 or 16
	ICC   []byte   // the colour profile; nil if there is none
	Notes []string // what was done to it, a line each
}

// PhotoFile is a picture file and its name: below its folder, with slashes and without extension.
type PhotoFile struct{ Name, Path string }

// PhotoFiles lists the pictures of a folder and its folders, or the one picture that is named. Those whose names end in one of the suffixes,
// such as "-mask", are passed over in a folder.
func PhotoFiles(ctx context.Context, at string, without ...string) ([]PhotoFile, error) {
	st, err := os.Stat(at)
	if err != nil {
		return nil, fmt.Errorf("there is no picture or folder %q: %w", at, errors.Unwrap(err))
	}
	if !st.IsDir() {
		base := filepath.Base(at)
		return []PhotoFile{{strings.TrimSuffix(base, filepath.Ext(base)), at}}, nil
	}
	files, err := scan(ctx, at)
	if err != nil {
		return nil, err
	}
	var out []PhotoFile
	times := map[string]int{}
	for _, f := range files {
		name := strings.TrimSuffix(f.name, path.Ext(f.name))
		passed := false
		for _, suffix := range without {
			passed = passed || strings.HasSuffix(name, suffix)
		}
		if !passed {
			times[name]++
			out = append(out, PhotoFile{name, f.path})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("folder %q has no pictures but those that end in %s", at, strings.Join(without, " or "))
	}
	for i, f := range out { // a.jpg beside a.png
		if times[f.Name] > 1 {
			out[i].Name += strings.ReplaceAll(filepath.Ext(f.Path), ".", "-")
		}
	}
	return out, nil
}

// ReadPhoto reads a picture by its content. The error names the file. One with an alpha channel that hides anything is refused.
func ReadPhoto(file string) (Photo, error) {
	p, err := readPhoto(file)
	if err != nil {
		return p, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

func readPhoto(name string) (p Photo, err error) {
	b, _, err := file{path: name}.read()
	if err != nil {
		return p, err
	}
	im, format, err := standard(b, maxPixels)
	if err != nil {
		return p, err
	}
	if o, ok := im.(interface{ Opaque() bool }); ok && !o.Opaque() {
		return p, errors.New("it has an alpha channel, and what lies under it is not known; lay it over a colour first, as `magick in.png -background white -flatten out.png` does")
	}
	p.Bits = 8
	b8 := im.Bounds()
	switch im.(type) {
	case *image.Gray16, *image.RGBA64, *image.NRGBA64:
		p.Bits, p.Image = 16, lab.FromStandard(im)
	default:
		if im.ColorModel() == color.GrayModel {
			p.Image = lab.FromStandard(im)
			break
		}
		rgba := image.NewRGBA(image.Rect(0, 0, b8.Dx(), b8.Dy()))
		draw.Draw(rgba, rgba.Rect, im, b8.Min, draw.Src)
		p.Image = lab.NewImage(b8.Dy(), b8.Dx(), 3)
		for i := range p.Pix {
			p.Pix[i] = float32(rgba.Pix[i/3*4+i%3]) / 255
		}
	}
	if o := orientation(b, format); o > 1 {
		p.Pix, p.Height, p.Width = oriented(p.Pix, p.Height, p.Width, p.Channels, o)
		p.Notes = append(p.Notes, fmt.Sprintf("turned upright (EXIF orientation %d)", o))
	}
	if p.ICC = profile(b, format); p.ICC != nil && !fits(p.ICC, p.Channels) {
		p.ICC = nil
		p.Notes = append(p.Notes, "its colour profile is of another kind of picture and is left out")
	}
	return p, nil
}

// PNG is the file, with the colour profile. Values are clipped to [0, 1] and rounded to the photo's bits.
func (p Photo) PNG() ([]byte, error) {
	var im image.Image
	if p.Bits == 16 {
		im = deep(p.Image)
	} else {
		im = p.Standard()
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, im); err != nil {
		return nil, err
	}
	if p.ICC == nil {
		return b.Bytes(), nil
	}
	return withProfile(b.Bytes(), p.ICC), nil
}

// deep is the picture with 16 bits a channel.
func deep(p lab.Image) image.Image {
	r := image.Rect(0, 0, p.Width, p.Height)
	var pix []uint8
	var im image.Image
	step := p.Channels
	if p.Channels == 1 {
		g := image.NewGray16(r)
		im, pix = g, g.Pix
	} else {
		c := image.NewNRGBA64(r)
		im, pix, step = c, c.Pix, 4
		for i := range p.Height * p.Width {
			pix[8*i+6], pix[8*i+7] = 0xff, 0xff
		}
	}
	for i, v := range p.Pix {
		at := 2 * (i/p.Channels*step + i%p.Channels)
		n := uint16(min(max(v, 0), 1)*65535 + 0.5)
		pix[at], pix[at+1] = uint8(n>>8), uint8(n)
	}
	return im
}
