package cli

import (
	"bytes"
	"fmt"
	"image/png"
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

// numpy is an array uint8 [n, height, width, channels] in NumPy's format 1.0, whose header ends at a multiple of 64 bytes.
func numpy(images []lab.Image) []byte {
	first := images[0]
	header := fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': (%d, %d, %d, %d), }", len(images), first.Height, first.Width, first.Channels)
	header += strings.Repeat(" ", 63-(10+len(header))%64) + "\n"
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	b = append(b, header...)
	for _, im := range images {
		b = append(b, im.Bytes()...)
	}
	return b
}
