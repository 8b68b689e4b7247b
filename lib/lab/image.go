package lab

import (
	"image"
	"image/color"
)

// Image is a picture as plain data: Pix holds float32 values in [0, 1], laid out [height, width, channels] with 1
// (grey) or 3 (RGB) channels.
type Image struct {
	Height   int       `json:"height"`
	Width    int       `json:"width"`
	Channels int       `json:"channels"`
	Pix      []float32 `json:"pix"`
}

// NewImage returns a black image.
func NewImage(height, width, channels int) Image {
	return Image{height, width, channels, make([]float32, height*width*channels)}
}

// FromBytes returns the image of 8-bit pixels, 255 becoming 1.
func FromBytes(height, width, channels int, pix []uint8) Image {
	im := NewImage(height, width, channels)
	for i, p := range pix {
		im.Pix[i] = float32(p) / 255
	}
	return im
}

// Crop returns a copy of the rectangle of the given size whose top left corner is (y, x).
func (im Image) Crop(y, x, height, width int) Image {
	out := NewImage(height, width, im.Channels)
	for i := range height {
		from := ((y+i)*im.Width + x) * im.Channels
		copy(out.Pix[i*width*im.Channels:(i+1)*width*im.Channels], im.Pix[from:])
	}
	return out
}

// Standard returns the picture in the standard library's form, rounded to 8 bits and clipped to [0, 1].
func (im Image) Standard() image.Image {
	if im.Channels == 1 {
		out := image.NewGray(image.Rect(0, 0, im.Width, im.Height))
		for i, v := range im.Pix {
			out.Pix[i] = to8(v)
		}
		return out
	}
	out := image.NewNRGBA(image.Rect(0, 0, im.Width, im.Height))
	for y := range im.Height {
		for x := range im.Width {
			p := im.Pix[(y*im.Width+x)*im.Channels:]
			out.SetNRGBA(x, y, color.NRGBA{to8(p[0]), to8(p[1]), to8(p[2]), 255})
		}
	}
	return out
}

// Bytes returns the values rounded to 8 bits, those outside of [0, 1] cut off.
func (im Image) Bytes() []uint8 {
	out := make([]uint8, len(im.Pix))
	for i, v := range im.Pix {
		out[i] = to8(v)
	}
	return out
}

func to8(v float32) uint8 {
	switch {
	case v >= 1:
		return 255
	case v > 0: // false for NaN
		return uint8(v*255 + 0.5)
	default:
		return 0
	}
}

// FromStandard returns a picture of the standard library's as an Image: grey if its colour model is, else RGB.
func FromStandard(p image.Image) Image {
	b := p.Bounds()
	channels := 3
	switch p.ColorModel() {
	case color.GrayModel, color.Gray16Model:
		channels = 1
	}
	im := NewImage(b.Dy(), b.Dx(), channels)
	at := 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := p.At(x, y).RGBA()
			for _, v := range []uint32{r, g, bl}[:channels] {
				im.Pix[at] = float32(v) / 0xffff
				at++
			}
		}
	}
	return im
}
