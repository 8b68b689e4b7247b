package data

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// Written by Pillow 12: a 16×8 JPEG of CMYK (200, 40, 90, 30), which Pillow reads as RGB (49, 190, 146), and a lossless
// WebP of 5×4 pixels whose pixel i is (10i, 255-10i, 3i).
const (
	cmykJPEG = "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBggLCAkKCgoKCgYICwwLCgwJ" +
		"CgoK/8AAFAgACAAQBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUS" +
		"ITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeI" +
		"iYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwD826/V" +
		"yvpSv2Eoooor/9k="
	rampWebP = "UklGRjQAAABXRUJQVlA4TCcAAAAvBMAAALmM6H/sIgre/wCRto1/c5NTengL80+QbRvadoBHLIwxlj8A"
)

func unbase64(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// encoded is what an encoder writes; encoding to memory a picture that was made here cannot fail.
func encoded(encode func(*bytes.Buffer) error) []byte {
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func pngOf(im image.Image) []byte {
	return encoded(func(b *bytes.Buffer) error { return png.Encode(b, im) })
}
func bmpOf(im image.Image) []byte {
	return encoded(func(b *bytes.Buffer) error { return bmp.Encode(b, im) })
}
func gifOf(im image.Image) []byte {
	return encoded(func(b *bytes.Buffer) error { return gif.Encode(b, im, nil) })
}
func tiffOf(im image.Image) []byte {
	return encoded(func(b *bytes.Buffer) error { return tiff.Encode(b, im, nil) })
}
func jpegOf(im image.Image) []byte {
	return encoded(func(b *bytes.Buffer) error { return jpeg.Encode(b, im, nil) })
}

// rgb is a small picture in colour; different seeds give different pictures.
func rgb(height, width int, seed uint8) *image.NRGBA {
	im := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range height * width {
		copy(im.Pix[4*i:], []uint8{uint8(i)*3 + seed, 200 - uint8(i), seed, 255})
	}
	return im
}

// hugePNG declares a size that it does not hold.
func hugePNG(width, height uint32) []byte {
	b := pngOf(rgb(1, 1, 0))
	binary.BigEndian.PutUint32(b[16:], width)
	binary.BigEndian.PutUint32(b[20:], height)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func mustDecode(t *testing.T, b []byte) decoded {
	t.Helper()
	got, err := decode(b, maxPixels)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestDecodeFormats(t *testing.T) {
	im := rgb(4, 5, 9)
	want := fromRGBA(&image.RGBA{Pix: im.Pix, Stride: im.Stride, Rect: im.Rect}, 3) // opaque: the same bytes
	for format, b := range map[string][]byte{"png": pngOf(im), "bmp": bmpOf(im), "tiff": tiffOf(im)} {
		got := mustDecode(t, b)
		if got.format != format || got.Height != 4 || got.Width != 5 || got.Channels != 3 || got.notes != nil ||
			!slices.Equal(got.Pix, want) {
			t.Errorf("%s: %+v, want %v", format, got, want)
		}
	}
	got := mustDecode(t, unbase64(rampWebP))
	for i := range 20 {
		if p := got.Pix[3*i:]; got.format != "webp" || int(p[0]) != 10*i || int(p[1]) != 255-10*i || int(p[2]) != 3*i {
			t.Fatalf("webp: pixel %d is %v", i, p[:3])
		}
	}
	pal := image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{color.RGBA{9, 99, 199, 255}, color.RGBA{1, 2, 3, 255}})
	pal.Pix[1] = 1
	if got = mustDecode(t, gifOf(pal)); got.format != "gif" || !slices.Equal(got.Pix, []uint8{9, 99, 199, 1, 2, 3}) {
		t.Errorf("gif: %+v", got)
	}
	if got = mustDecode(t, jpegOf(flat("", 8, 8, 77).standard())); got.format != "jpeg" || got.Channels != 1 || got.Pix[0] != 77 {
		t.Errorf("jpeg: %+v", got)
	}
}

func TestDecodeConverts(t *testing.T) {
	// 16 bits round: 0x80ff is 128.996 of 255; cutting off gives 128.
	grey16 := image.NewGray16(image.Rect(0, 0, 2, 1))
	grey16.SetGray16(0, 0, color.Gray16{Y: 0x80ff})
	grey16.SetGray16(1, 0, color.Gray16{Y: 0xffff})
	got := mustDecode(t, pngOf(grey16))
	if got.Channels != 1 || !slices.Equal(got.Pix, []uint8{128, 255}) || !strings.Contains(strings.Join(got.notes, "; "), "16 bits") {
		t.Errorf("16-bit grey: %+v", got)
	}
	deep := image.NewNRGBA64(image.Rect(0, 0, 1, 1))
	deep.SetNRGBA64(0, 0, color.NRGBA64{R: 0x80ff, G: 0x00ff, B: 0, A: 0xffff})
	if got = mustDecode(t, pngOf(deep)); !slices.Equal(got.Pix, []uint8{128, 1, 0}) { // 0x00ff/257 = 0.992
		t.Errorf("16-bit colour: %+v", got)
	}
	glass := image.NewNRGBA(image.Rect(0, 0, 3, 1))
	copy(glass.Pix, []uint8{200, 0, 0, 0, 200, 0, 0, 255, 0, 0, 0, 51}) // clear, opaque, a fifth of black over white
	got = mustDecode(t, pngOf(glass))
	if !slices.Equal(got.Pix, []uint8{255, 255, 255, 200, 0, 0, 204, 204, 204}) || len(got.notes) != 1 {
		t.Errorf("transparent: %+v", got)
	}
	got = mustDecode(t, unbase64(cmykJPEG))
	for i, want := range []int{49, 190, 146} {
		if d := int(got.Pix[i]) - want; d < -2 || d > 2 {
			t.Errorf("CMYK: first pixel %v, Pillow's is 49 190 146", got.Pix[:3])
		}
	}
	if !strings.Contains(strings.Join(got.notes, "; "), "CMYK") {
		t.Errorf("CMYK is not noted: %v", got.notes)
	}
	grey := image.NewNRGBA(image.Rect(0, 0, 2, 1)) // grey stored as colour
	copy(grey.Pix, []uint8{5, 5, 5, 255, 6, 6, 6, 255})
	if got = mustDecode(t, pngOf(grey)); got.Channels != 1 || !slices.Equal(got.Pix, []uint8{5, 6}) || got.notes != nil {
		t.Errorf("grey stored as colour: %+v", got)
	}
}

// withEXIF puts an APP1 segment with an orientation behind a JPEG's first marker.
func withEXIF(b []byte, o uint16, order binary.AppendByteOrder, mark string) []byte {
	body := order.AppendUint32(order.AppendUint16([]byte("Exif\x00\x00"+mark), 42), 8)
	body = order.AppendUint16(order.AppendUint16(order.AppendUint16(body, 1), 0x0112), 3)
	body = order.AppendUint32(body, 1)
	body = append(order.AppendUint16(body, o), 0, 0, 0, 0, 0, 0)
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(body)+2))
	return slices.Concat(head, body, b[2:])
}

func TestDecodeTurnsUpright(t *testing.T) {
	// Where the white top left corner of a 24×16 picture ends up: as Pillow's ImageOps.exif_transpose does.
	corner := flat("", 16, 24, 0)
	for y := range 8 {
		copy(corner.Pix[y*24:], slices.Repeat([]uint8{255}, 12))
	}
	b := jpegOf(corner.standard())
	for o, want := range map[uint16]string{
		1: "1000", 2: "0100", 3: "0001", 4: "0010", 5: "1000", 6: "0100", 7: "0001", 8: "0010", 9: "1000", // 9 is none
	} {
		for mark, order := range map[string]binary.AppendByteOrder{"II": binary.LittleEndian, "MM": binary.BigEndian} {
			p := mustDecode(t, withEXIF(b, o, order, mark))
			h, w := 16, 24
			if o >= 5 && o <= 8 {
				h, w = 24, 16
			}
			if p.Height != h || p.Width != w {
				t.Fatalf("orientation %d: %s", o, p.size())
			}
			got := ""
			for _, at := range []int{2*w + 2, 2*w + w - 3, (h-3)*w + 2, (h-3)*w + w - 3} {
				got += string('0' + p.Pix[at]>>7)
			}
			if got != want || (len(p.notes) > 0) != (o > 1 && o < 9) {
				t.Errorf("orientation %d (%s): corners %s, want %s, notes %v", o, mark, got, want, p.notes)
			}
		}
	}
	// The four quarter turns in colour, pixel by pixel.
	p := Picture{Height: 2, Width: 3, Channels: 1, Pix: []uint8{1, 2, 3, 4, 5, 6}}
	for o, want := range map[int][]uint8{
		2: {3, 2, 1, 6, 5, 4}, 3: {6, 5, 4, 3, 2, 1}, 4: {4, 5, 6, 1, 2, 3}, 5: {1, 4, 2, 5, 3, 6},
		6: {4, 1, 5, 2, 6, 3}, 7: {6, 3, 5, 2, 4, 1}, 8: {3, 6, 2, 5, 1, 4},
	} {
		if got := orient(p, o); !slices.Equal(got.Pix, want) {
			t.Errorf("orient %d = %v, want %v", o, got.Pix, want)
		}
		if got := orient(colour(p), o); !slices.Equal(got.Pix, colour(orient(p, o)).Pix) {
			t.Errorf("orient %d in colour = %v", o, got.Pix)
		}
	}
}

// bad are pictures that must be refused, with what the refusal must say.
var bad = map[string]struct {
	b    []byte
	want string
}{
	"zero.png":      {nil, "0 bytes"},
	"text.png":      {[]byte("not a picture at all"), "not a PNG, JPEG, GIF, BMP, TIFF or WebP"},
	"truncated.png": {pngOf(rgb(9, 9, 1))[:70], "truncated png"},
	"truncated.jpg": {jpegOf(rgb(40, 40, 2))[:300], "truncated jpeg"},
	"truncated.bmp": {bmpOf(rgb(9, 9, 1))[:99], "truncated bmp"},
	"header.gif":    {[]byte("GIF89a"), "truncated gif"},
	"nothing.png":   {hugePNG(0, 5), "corrupt png"},
	"bomb.png":      {hugePNG(60000, 60000), "60000×60000"},
	"bomb.gif":      {append([]byte("GIF89a\xff\xff\xff\xff\x00\x00\x00"), 0x3b), "65535×65535"},
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range bad {
		if _, err := decode(c.b, maxPixels); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v does not say %q", name, err, c.want)
		}
	}
	corrupt := pngOf(rgb(9, 9, 1))
	corrupt[60] ^= 0x55
	if _, err := decode(corrupt, maxPixels); err == nil || !strings.Contains(err.Error(), "corrupt png") {
		t.Errorf("a flipped byte: error is %v", err)
	}
	if _, err := decode(pngOf(rgb(9, 9, 1)), 80); err == nil || !strings.Contains(err.Error(), "limit of 80 pixels") {
		t.Errorf("81 pixels with a limit of 80: error is %v", err)
	}
}

func FuzzFolderPicture(f *testing.F) {
	im := rgb(4, 5, 9)
	for _, b := range [][]byte{
		pngOf(im), bmpOf(im), tiffOf(im), gifOf(im), jpegOf(im), unbase64(rampWebP), unbase64(cmykJPEG),
		withEXIF(jpegOf(im), 6, binary.LittleEndian, "II"), tiffOf(image.NewGray16(image.Rect(0, 0, 3, 3))),
	} {
		f.Add(b)
	}
	for _, c := range bad {
		f.Add(c.b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decode(b, 1<<16) // smaller than in use, to try more pictures a second
		if err != nil {
			return
		}
		if p.Height < 1 || p.Width < 1 || p.Height*p.Width > 1<<16 || (p.Channels != 1 && p.Channels != 3) ||
			len(p.Pix) != p.Height*p.Width*p.Channels || p.format == "" || p.Label != -1 {
			t.Fatalf("%+v", p)
		}
		q := Options{Size: 7, Grey: true}.prepare(p.Picture)
		if q.Height != 7 || q.Width != 7 || len(q.Pix) != 49 {
			t.Fatalf("%+v", q)
		}
	})
}
