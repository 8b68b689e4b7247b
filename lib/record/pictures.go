package record

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"darkroom/lib/lab"
)

// WritePicture keeps a picture of the run, 8 bits a value. kind is "truth", "degraded", "restored", "source" or "translated".
func (w *Writer) WritePicture(name, kind string, im lab.Image) error {
	path := w.picture(name, kind)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, im.Standard()); err != nil {
		return fmt.Errorf("cannot encode %s: %w", path, err)
	}
	return writeWhole(path, b.Bytes())
}

// Picture reads a picture of WritePicture.
func (r *Run) Picture(name, kind string) (lab.Image, error) {
	f, err := os.Open(r.picture(name, kind))
	if err != nil {
		return lab.Image{}, err
	}
	defer func() { _ = f.Close() }()
	p, err := png.Decode(f)
	if err != nil {
		return lab.Image{}, fmt.Errorf("%s: %w: %w", f.Name(), ErrDamaged, err)
	}
	return lab.FromStandard(p), nil
}

// Pictures lists the names of the pictures of a kind, as Picture takes them, in alphabetical order.
func (r *Run) Pictures(kind string) ([]string, error) {
	files, err := os.ReadDir(filepath.Join(r.Dir, "pictures"))
	var names []string
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), "-"+kind+".png"); ok {
			names = append(names, name)
		}
	}
	return names, err
}

func (r *Run) picture(name, kind string) string {
	safe := []byte(filepath.Base(name))
	for i, c := range safe {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			safe[i] = '-'
		}
	}
	return filepath.Join(r.Dir, "pictures", string(safe)+"-"+kind+".png")
}
