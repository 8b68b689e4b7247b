package data

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif" // for image.Decode, as all that follow
	_ "image/jpeg"
	_ "image/png"
	"io"
	"strings"

	_ "golang.org/x/image/bmp" // for image.Decode
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"
)

// maxPixels is the largest picture of a folder that is decoded: a few kilobytes can declare more than memory holds.
const maxPixels = 100_000_000

// formats are what decode reads, for people.
const formats = "PNG, JPEG, GIF, BMP, TIFF or WebP"

// decoded is a picture with what was done to make it 8-bit grey or RGB.
type decoded struct {
	Picture
	format string   // "png", "jpeg", …
	notes  []string // "16 bits a channel, rounded to 8"
}

// decode reads a picture by its content. Grey means that every pixel has R = G = B, however the file stores it.
// Transparent pictures are laid over white, 16 bits a channel are rounded to 8, CMYK becomes RGB, EXIF orientation
// (JPEG, TIFF) is carried out. Of an animation it is the first frame. The label is -1 and the name is empty. A picture
// that declares more than limit pixels is refused before it is decoded.
func decode(b []byte, limit int64) (out decoded, err error) {
	im, format, err := standard(b, limit)
	if err != nil {
		return out, err
	}
	out = convert(im)
	out.format = format
	if o := orientation(b, format); o > 1 {
		out.Picture = orient(out.Picture, o)
		out.notes = append(out.notes, fmt.Sprintf("turned upright (EXIF orientation %d)", o))
	}
	return out, nil
}

// standard decodes a file, of at most limit pixels, with the standard library, and says its format.
func standard(b []byte, limit int64) (im image.Image, format string, err error) {
	defer func() {
		if r := recover(); r != nil { // a decoder's bug must not end a program that reads other people's files
			err = fmt.Errorf("corrupt: the decoder failed (%v)", r)
		}
	}()
	if len(b) == 0 {
		return nil, "", errors.New("empty: the file has 0 bytes")
	}
	cfg, format, err := image.DecodeConfig(bytes.NewReader(b))
	if errors.Is(err, image.ErrFormat) {
		return nil, "", fmt.Errorf("not a %s picture", formats)
	}
	if err != nil {
		return nil, "", damaged(format, err)
	}
	if cfg.Width <= 0 || cfg.Height <= 0 {
		return nil, "", fmt.Errorf("its size is %d×%d", cfg.Width, cfg.Height)
	}
	if int64(cfg.Width)*int64(cfg.Height) > limit {
		return nil, "", fmt.Errorf("its declared size %d×%d is above the limit of %d pixels", cfg.Width, cfg.Height, limit)
	}
	im, _, err = image.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, "", damaged(format, err)
	}
	if im.Bounds().Empty() {
		return nil, "", errors.New("it has no pixels")
	}
	return im, format, nil
}

// damaged says what is wrong with a picture whose format is known.
func damaged(format string, err error) error {
	switch {
	case strings.HasSuffix(err.Error(), io.EOF.Error()): // not every decoder wraps it
		return fmt.Errorf("truncated %s: %w", format, err)
	case strings.Contains(err.Error(), "unsupported"):
		return fmt.Errorf("a kind of %s that cannot be read: %w", format, err)
	default:
		return fmt.Errorf("corrupt %s: %w", format, err)
	}
}

// convert makes any standard picture 8-bit grey or RGB.
func convert(im image.Image) decoded {
	r := im.Bounds()
	out := decoded{Picture: Picture{Height: r.Dy(), Width: r.Dx(), Channels: 3, Label: -1}}
	if o, ok := im.(interface{ Opaque() bool }); ok && !o.Opaque() {
		out.notes = append(out.notes, "transparency laid over white")
	}
	switch im := im.(type) {
	case *image.Gray16, *image.RGBA64, *image.NRGBA64:
		out.notes = append(out.notes, "16 bits a channel, rounded to 8")
		out.Pix = from16(im)
	default:
		if _, ok := im.(*image.CMYK); ok {
			out.notes = append(out.notes, "CMYK converted to RGB, without a colour profile")
		}
		dst := image.NewRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
		draw.Draw(dst, dst.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(dst, dst.Rect, im, r.Min, draw.Over)
		out.Pix = fromRGBA(dst, 3)
	}
	if isGrey(out.Pix) {
		n := len(out.Pix) / 3
		for i := range n {
			out.Pix[i] = out.Pix[3*i]
		}
		out.Pix, out.Channels = out.Pix[:n:n], 1
	}
	return out
}

// from16 gives RGB over white, rounding where the standard library cuts off.
func from16(im image.Image) []uint8 {
	r := im.Bounds()
	out := make([]uint8, 0, 3*r.Dx()*r.Dy())
	to8 := func(v uint32) uint8 { return uint8((v*255 + 32767) / 65535) }
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := color.RGBA64Model.Convert(im.At(x, y)).(color.RGBA64) // premultiplied
			white := uint32(65535 - c.A)
			out = append(out, to8(uint32(c.R)+white), to8(uint32(c.G)+white), to8(uint32(c.B)+white))
		}
	}
	return out
}

func isGrey(rgb []uint8) bool {
	for i := 0; i < len(rgb); i += 3 {
		if rgb[i] != rgb[i+1] || rgb[i] != rgb[i+2] {
			return false
		}
	}
	return true
}
