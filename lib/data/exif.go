package data

import (
	"bytes"
	"encoding/binary"
	"iter"
)

// orientation returns the EXIF orientation, 1 (upright) to 8, of a JPEG or TIFF file; 1 where it is missing or makes no
// sense.
func orientation(b []byte, format string) int {
	switch format {
	case "tiff":
		return tiffOrientation(b)
	case "jpeg":
		return tiffOrientation(exif(b))
	}
	return 1
}

// exif returns the TIFF structure inside a JPEG's APP1 segment, or nil.
func exif(b []byte) []byte {
	for marker, segment := range segments(b) {
		if body, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return body
		}
	}
	return nil
}

// segments are a JPEG's, each with its marker, before the picture itself.
func segments(b []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		for i := 2; i+4 <= len(b) && b[i] == 0xff; {
			marker, size := b[i+1], int(binary.BigEndian.Uint16(b[i+2:]))
			if marker == 0xda || size < 2 || i+2+size > len(b) || !yield(marker, b[i+4:i+2+size]) {
				return
			}
			i += 2 + size
		}
	}
}

// tiffOrientation looks for tag 0x0112 in the first directory of a TIFF structure.
func tiffOrientation(b []byte) int {
	for order, entry := range directory(b) {
		const tag, short = 0x0112, 3
		if order.Uint16(entry) == tag && order.Uint16(entry[2:]) == short {
			if o := int(order.Uint16(entry[8:])); o >= 1 && o <= 8 {
				return o
			}
		}
	}
	return 1
}

// directory are the entries of the first directory of a TIFF structure, 12 bytes each, with the order of their bytes.
func directory(b []byte) iter.Seq2[binary.ByteOrder, []byte] {
	return func(yield func(binary.ByteOrder, []byte) bool) {
		if len(b) < 8 {
			return
		}
		var order binary.ByteOrder = binary.LittleEndian
		if b[0] == 'M' {
			order = binary.BigEndian
		}
		at := int64(order.Uint32(b[4:]))
		if at+2 > int64(len(b)) {
			return
		}
		n := int64(order.Uint16(b[at:]))
		for e := at + 2; n > 0 && e+12 <= int64(len(b)); e, n = e+12, n-1 {
			if !yield(order, b[e:e+12]) {
				return
			}
		}
	}
}

// orient carries out an EXIF orientation: 2 mirrors, 3 turns by 180°, 4 flips, 5 transposes, 6 turns clockwise, 7
// transposes about the other diagonal, 8 turns counterclockwise.
func orient(p Picture, o int) Picture {
	p.Pix, p.Height, p.Width = oriented(p.Pix, p.Height, p.Width, p.Channels, o)
	return p
}

// oriented is pixels [h, w, c] after an EXIF orientation, with their new height and width.
func oriented[T any](pix []T, h, w, c, o int) ([]T, int, int) {
	height, width := h, w
	if o >= 5 {
		height, width = w, h
	}
	out := make([]T, len(pix))
	for y := range height {
		for x := range width {
			sy, sx := y, x // where the pixel comes from
			if o >= 5 {
				sy, sx = x, y
			}
			switch o {
			case 2, 8:
				sx = w - 1 - sx
			case 3, 7:
				sy, sx = h-1-sy, w-1-sx
			case 4, 6:
				sy = h - 1 - sy
			}
			copy(out[(y*width+x)*c:], pix[(sy*w+sx)*c:(sy*w+sx+1)*c])
		}
	}
	return out, height, width
}
