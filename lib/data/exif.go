package data

import (
	"bytes"
	"encoding/binary"
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
	for i := 2; i+4 <= len(b) && b[i] == 0xff; {
		marker, size := b[i+1], int(binary.BigEndian.Uint16(b[i+2:]))
		if marker == 0xda || size < 2 || i+2+size > len(b) { // the picture itself begins
			return nil
		}
		if body, ok := bytes.CutPrefix(b[i+4:i+2+size], []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return body
		}
		i += 2 + size
	}
	return nil
}

// tiffOrientation looks for tag 0x0112 in the first directory of a TIFF structure.
func tiffOrientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 'M' {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 1
	}
	n := int64(order.Uint16(b[at:]))
	for e := at + 2; n > 0 && e+12 <= int64(len(b)); e, n = e+12, n-1 {
		const tag, short = 0x0112, 3
		if order.Uint16(b[e:]) == tag && order.Uint16(b[e+2:]) == short {
			if o := int(order.Uint16(b[e+8:])); o >= 1 && o <= 8 {
				return o
			}
		}
	}
	return 1
}

// orient carries out an EXIF orientation: 2 mirrors, 3 turns by 180°, 4 flips, 5 transposes, 6 turns clockwise, 7
// transposes about the other diagonal, 8 turns counterclockwise.
func orient(p Picture, o int) Picture {
	h, w, c := p.Height, p.Width, p.Channels
	if o >= 5 {
		p.Height, p.Width = w, h
	}
	out := make([]uint8, len(p.Pix))
	for y := range p.Height {
		for x := range p.Width {
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
			copy(out[(y*p.Width+x)*c:], p.Pix[(sy*w+sx)*c:(sy*w+sx+1)*c])
		}
	}
	p.Pix = out
	return p
}
