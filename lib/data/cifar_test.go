package data

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var tenClasses = Info{Name: "cifar-10", Classes: make([]string, 10)}

// cifarArchive packs files as CIFAR-10's archive has them.
func cifarArchive(t *testing.T, files map[string][]byte) string {
	t.Helper()
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	archive := tar.NewWriter(gz)
	for name, content := range files {
		if err := archive.WriteHeader(&tar.Header{Name: "cifar-10-batches-bin/" + name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := gz.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cifar.tar.gz")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// cifarSmall is an archive with two records a file: of label and grey level file and picture, with one red, one green and one blue pixel as the
// format's description (https://www.cs.toronto.edu/~kriz/cifar.html) places them.
func cifarSmall() map[string][]byte {
	files := map[string][]byte{"batches.meta.txt": []byte("airplane\n"), "readme.html": nil}
	for f, name := range cifarMembers {
		for i := range 2 {
			record := append([]byte{byte(f + i)}, bytes.Repeat([]byte{byte(10*f + i)}, 3072)...)
			record[1+0] = 255           // red of row 0, column 0
			record[1+1024+33] = 254     // green of row 1, column 1
			record[1+2048+2*32+5] = 253 // blue of row 2, column 5
			files[name] = append(files[name], record...)
		}
	}
	return files
}

func TestCIFAR(t *testing.T) {
	d := &Dataset{Info: tenClasses}
	if err := readCIFARArchive(context.Background(), d, cifarArchive(t, cifarSmall()), 2, Options{}); err != nil {
		t.Fatal(err)
	}
	if got := names(d.Train, d.Test); len(d.Train) != 10 || len(d.Test) != 2 || got[0] != "train/00000" || got[9] != "train/00009" || got[11] != "test/00001" {
		t.Fatalf("%v", got)
	}
	p := d.Train[5] // the second of the third file
	if p.Label != 3 || p.Height != 32 || p.Width != 32 || p.Channels != 3 || len(p.Pix) != 3072 {
		t.Errorf("label %d, %s", p.Label, p.size())
	}
	at := func(y, x int) []uint8 { return p.Pix[(y*32+x)*3:][:3] }
	for _, c := range []struct {
		y, x int
		want []uint8
	}{{0, 0, []uint8{255, 21, 21}}, {1, 1, []uint8{21, 254, 21}}, {2, 5, []uint8{21, 21, 253}}, {31, 31, []uint8{21, 21, 21}}} {
		if got := at(c.y, c.x); !slices.Equal(got, c.want) {
			t.Errorf("row %d, column %d: %v, want %v", c.y, c.x, got, c.want)
		}
	}
	grey := &Dataset{Info: tenClasses}
	if err := readCIFARArchive(context.Background(), grey, cifarArchive(t, cifarSmall()), 2, Options{Grey: true, Size: 16}); err != nil || grey.Test[1].size() != "16×16 grey" {
		t.Errorf("%s, %v", grey.Test[1].size(), err)
	}
}

func TestBadCIFAR(t *testing.T) {
	spoilt := func(do func(files map[string][]byte)) string {
		files := cifarSmall()
		do(files)
		return cifarArchive(t, files)
	}
	noGzip := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(noGzip, []byte("this is not gzip"), 0o600); err != nil {
		t.Fatal(err)
	}
	cut := spoilt(func(map[string][]byte) {})
	if b, err := os.ReadFile(cut); err != nil || os.WriteFile(cut, b[:len(b)/2], 0o600) != nil {
		t.Fatal(err)
	}
	for want, path := range map[string]string{
		"it has no test_batch.bin":                                spoilt(func(f map[string][]byte) { delete(f, "test_batch.bin") }),
		"data_batch_2.bin has 6145 bytes, not":                    spoilt(func(f map[string][]byte) { f["data_batch_2.bin"] = f["data_batch_2.bin"][:6145] }),
		"data_batch_3.bin: label 10 of picture 1 is not below 10": spoilt(func(f map[string][]byte) { f["data_batch_3.bin"][cifarRecord] = 10 }),
		"gzip":           noGzip,
		"unexpected EOF": cut,
	} {
		err := readCIFARArchive(context.Background(), &Dataset{Info: tenClasses}, path, 2, Options{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "delete it and it is fetched again") {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	if _, err := parseCIFAR(make([]byte, cifarRecord+1), 10); err == nil || !strings.Contains(err.Error(), "3074 bytes are not records of 3073") {
		t.Errorf("error is %v", err)
	}
}

// Needs 170 MB from its authors' server, so it runs only where they have been fetched before (darkroom run on cifar-10).
func TestCIFARIsThePublishedOne(t *testing.T) {
	if !cifarFiles()[0].Have() {
		t.Skip("CIFAR-10 has not been fetched on this machine")
	}
	d := open(t, "cifar-10", Options{})
	if got := histogram(d.Train); !slices.Equal(got, slices.Repeat([]int{5000}, 10)) {
		t.Errorf("training labels %v", got)
	}
	if got := histogram(d.Test); !slices.Equal(got, slices.Repeat([]int{1000}, 10)) {
		t.Errorf("test labels %v", got)
	}
	// The means that everyone normalises with are 0.4914, 0.4822 and 0.4465.
	if mean, _ := moments(d.Train); math.Abs(mean-(0.4914+0.4822+0.4465)/3) > 1e-4 {
		t.Errorf("mean %.4f", mean)
	}
}
