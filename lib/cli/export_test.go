package cli

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"darkroom/lib/lab"
)

// testdata/images.npy is what NumPy 2 saves of the same values: numpy.save("images.npy", numpy.array([[[[0, 128, 255]], [[1, 2, 3]]],
// [[[4, 5, 6]], [[7, 8, 9]]]], dtype=numpy.uint8)).
func TestExport(t *testing.T) {
	images := []lab.Image{lab.FromBytes(2, 1, 3, []uint8{0, 128, 255, 1, 2, 3}), lab.FromBytes(2, 1, 3, []uint8{4, 5, 6, 7, 8, 9})}
	dir := t.TempDir()
	npy, folder := filepath.Join(dir, "a.npy"), filepath.Join(dir, "png")
	if err := export(images, npy, folder); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(npy)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/images.npy")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q, want %q, %v", got, want, err)
	}
	f, err := os.Open(filepath.Join(folder, "00001.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	im, err := png.Decode(f)
	if err != nil || !bytes.Equal(lab.FromStandard(im).Bytes(), []uint8{4, 5, 6, 7, 8, 9}) {
		t.Errorf("%v, %v", im, err)
	}
	if err := export(images, filepath.Join(dir, "none", "a.npy"), ""); err == nil {
		t.Error("a file in a folder that is not there is written")
	}
}

// testdata/floats.npy is what NumPy 2 saves of the same values: numpy.save("floats.npy", numpy.array([[[-0.5], [1.25]], [[0.1], [3]], [[0], [1e-9]]],
// numpy.float32)).
func TestNumpyFloats(t *testing.T) {
	want, err := os.ReadFile("testdata/floats.npy")
	got := numpyFloats(lab.Image{Height: 3, Width: 2, Channels: 1, Pix: []float32{-0.5, 1.25, 0.1, 3, 0, 1e-9}})
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q, want %q, %v", got, want, err)
	}
}
