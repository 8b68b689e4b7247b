package data

import (
	"image"

	"golang.org/x/image/draw"
)

// grey returns the picture with one channel: the luma of ITU-R BT.601, Y = 0.299 R + 0.587 G + 0.114 B, rounded to the
// nearest level. A grey picture is returned as it is.
func grey(p Picture) Picture {
	if p.Channels == 1 {
		return p
	}
	out := make([]uint8, p.Height*p.Width)
	for i := range out {
		r, g, b := uint32(p.Pix[3*i]), uint32(p.Pix[3*i+1]), uint32(p.Pix[3*i+2])
		out[i] = uint8((299*r + 587*g + 114*b + 500) / 1000)
	}
	p.Channels, p.Pix = 1, out
	return p
}

// colour returns the picture with three channels, repeating a grey one.
func colour(p Picture) Picture {
	if p.Channels == 3 {
		return p
	}
	out := make([]uint8, 3*len(p.Pix))
	for i, v := range p.Pix {
		out[3*i], out[3*i+1], out[3*i+2] = v, v, v
	}
	p.Channels, p.Pix = 3, out
	return p
}

// square crops the picture to its centre square and resizes that to size×size.
func square(p Picture, size int) Picture {
	side := min(p.Height, p.Width)
	y, x := (p.Height-side)/2, (p.Width-side)/2
	if side != p.Height || side != p.Width {
		p = crop(p, y, x, side, side)
	}
	return resize(p, size, size)
}

// crop returns the rectangle of the given size whose top left corner is (y, x), with pixels of its own.
func crop(p Picture, y, x, height, width int) Picture {
	row := width * p.Channels
	out := make([]uint8, height*row)
	for i := range height {
		copy(out[i*row:(i+1)*row], p.Pix[((y+i)*p.Width+x)*p.Channels:])
	}
	p.Height, p.Width, p.Pix = height, width, out
	return p
}

// resize scales the picture with the Catmull-Rom cubic (a = -0.5), which golang.org/x/image/draw widens by the scale
// factor when it makes a picture smaller, so that nothing aliases. It works on the 8-bit values as they are, without
// linearising gamma, as the field does. At least one pixel is left in each direction.
func resize(p Picture, height, width int) Picture {
	height, width = max(height, 1), max(width, 1)
	if height == p.Height && width == p.Width {
		return p
	}
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(dst, dst.Rect, p.standard(), image.Rect(0, 0, p.Width, p.Height), draw.Src, nil)
	p.Height, p.Width = height, width
	p.Pix = fromRGBA(dst, p.Channels)
	return p
}

// Shrink is the picture so many times smaller: each pixel is the mean of times×times, rounded to the nearest level. What is left over at the right and
// below is cut off.
func (p Picture) Shrink(times int) Picture {
	h, w, c := p.Height/times, p.Width/times, p.Channels
	out := make([]uint8, h*w*c)
	for i := range out {
		y, x, k := i/c/w, i/c%w, i%c
		sum := 0
		for v := range times {
			for u := range times {
				sum += int(p.Pix[((y*times+v)*p.Width+x*times+u)*c+k])
			}
		}
		out[i] = uint8((sum + times*times/2) / (times * times))
	}
	p.Height, p.Width, p.Pix = h, w, out
	return p
}

// standard is the picture in the standard library's form; a grey one shares its pixels.
func (p Picture) standard() image.Image {
	r := image.Rect(0, 0, p.Width, p.Height)
	if p.Channels == 1 {
		return &image.Gray{Pix: p.Pix, Stride: p.Width, Rect: r}
	}
	out := image.NewRGBA(r)
	for i := range p.Height * p.Width {
		copy(out.Pix[4*i:], p.Pix[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return out
}

// fromRGBA takes the first channels of an opaque picture whose origin is (0, 0).
func fromRGBA(im *image.RGBA, channels int) []uint8 {
	n := im.Rect.Dx() * im.Rect.Dy()
	out := make([]uint8, 0, n*channels)
	for i := range n {
		out = append(out, im.Pix[4*i:4*i+channels]...)
	}
	return out
}
