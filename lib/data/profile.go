package data

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// maxProfile bounds what a compressed colour profile may become.
const maxProfile = 16 << 20

// profile is the ICC colour profile of a PNG, JPEG, TIFF or WebP file, or nil.
func profile(b []byte, format string) []byte {
	switch format {
	case "png":
		return pngProfile(b)
	case "jpeg":
		return jpegProfile(b)
	case "tiff":
		return tiffProfile(b)
	case "webp":
		return webpProfile(b)
	}
	return nil
}

// fits says whether a profile describes pictures of so many channels: its header has a signature of the colour space at 16, and "acsp" at 36
// (ICC.1:2022, 7.2).
func fits(icc []byte, channels int) bool {
	space := map[int]string{1: "GRAY", 3: "RGB "}[channels]
	return len(icc) >= 128 && string(icc[16:20]) == space && string(icc[36:40]) == "acsp"
}

// pngProfile reads the iCCP chunk: a name, 0, the method 0, and zlib data (PNG, 11.3.2.3).
func pngProfile(b []byte) []byte {
	for at := 8; at+12 <= len(b); {
		size := int(binary.BigEndian.Uint32(b[at:]))
		if size < 0 || at+12+size > len(b) {
			return nil
		}
		kind, body := string(b[at+4:at+8]), b[at+8:at+8+size]
		if kind == "IDAT" {
			return nil
		}
		if i := bytes.IndexByte(body, 0); kind == "iCCP" && i > 0 && i+2 <= len(body) {
			r, err := zlib.NewReader(bytes.NewReader(body[i+2:]))
			if err != nil {
				return nil
			}
			icc, err := io.ReadAll(io.LimitReader(r, maxProfile))
			if err != nil {
				return nil
			}
			return icc
		}
		at += 12 + size
	}
	return nil
}

// withProfile puts an iCCP chunk behind the first chunk of a PNG file, its header of 25 bytes.
func withProfile(b, icc []byte) []byte {
	var packed bytes.Buffer
	packed.WriteString("iCCP" + "ICC profile\x00\x00")
	z := zlib.NewWriter(&packed)
	_, _ = z.Write(icc) // into memory
	_ = z.Close()
	const head = 8 + 25
	out := append([]byte(nil), b[:head]...)
	out = binary.BigEndian.AppendUint32(out, uint32(packed.Len()-4))
	out = append(out, packed.Bytes()...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(packed.Bytes()))
	return append(out, b[head:]...)
}

// jpegProfile joins the APP2 segments "ICC_PROFILE", 0, number, count (ICC.1:2022, B.4), by their numbers.
func jpegProfile(b []byte) []byte {
	parts := map[byte][]byte{}
	for marker, segment := range segments(b) {
		if body, ok := bytes.CutPrefix(segment, []byte("ICC_PROFILE\x00")); ok && marker == 0xe2 && len(body) > 2 {
			parts[body[0]] = body[2:]
		}
	}
	var icc []byte
	for n := byte(1); parts[n] != nil; n++ {
		icc = append(icc, parts[n]...)
	}
	return icc
}

// tiffProfile is tag 34675 of the first directory.
func tiffProfile(b []byte) []byte {
	for order, entry := range directory(b) {
		size, from := int64(order.Uint32(entry[4:])), int64(order.Uint32(entry[8:]))
		if order.Uint16(entry) == 34675 && size > 4 && from+size <= int64(len(b)) {
			return b[from : from+size]
		}
	}
	return nil
}

// webpProfile is the RIFF chunk ICCP.
func webpProfile(b []byte) []byte {
	for at := 12; at+8 <= len(b); {
		size := int(binary.LittleEndian.Uint32(b[at+4:]))
		if size < 0 || at+8+size > len(b) {
			return nil
		}
		if string(b[at:at+4]) == "ICCP" {
			return b[at+8 : at+8+size]
		}
		at += 8 + size + size%2
	}
	return nil
}
