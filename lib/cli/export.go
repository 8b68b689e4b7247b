package cli

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"

	"darkroom/lib/lab"
)

// export writes images of one size for other evaluators: into a NumPy file, and into a folder of PNG files 00000.png, 00001.png, …; an empty name
// leaves one out.
func export(images []lab.Image, npy, folder string) error {
	if npy != "" {
		if err := os.WriteFile(npy, numpy(images), 0o644); err != nil {
			return fmt.Errorf("cannot write the images: %w", err)
		}
	}
	if folder == "" {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("cannot make the folder for the images: %w", err)
	}
	for i, im := range images {
		var b bytes.Buffer
		if err := png.Encode(&b, im.Standard()); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%05d.png", i)), b.Bytes(), 0o644); err != nil {
			return fmt.Errorf("cannot write image %d: %w", i, err)
		}
	}
	return nil
}

// numpy is an array uint8 [n, height, width, channels] in NumPy's format.
func numpy(images []lab.Image) []byte {
	first := images[0]
	b := numpyHeader("|u1", len(images), first.Height, first.Width, first.Channels)
	for _, im := range images {
		b = append(b, im.Bytes()...)
	}
	return b
}

// numpyFloats is an array float32 [height, width, channels] in NumPy's format: the values as they are, neither clipped nor rounded.
func numpyFloats(im lab.Image) []byte {
	b := numpyHeader("<f4", im.Height, im.Width, im.Channels)
	for _, v := range im.Pix {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// numpyHeader is what stands before an array's values in NumPy's format 1.0; it ends at a multiple of 64 bytes.
func numpyHeader(kind string, shape ...int) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", kind, strings.Trim(strings.ReplaceAll(fmt.Sprint(shape), " ", ", "), "[]"))
	header += strings.Repeat(" ", 63-(10+len(header))%64) + "\n"
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	return append(b, header...)
}
