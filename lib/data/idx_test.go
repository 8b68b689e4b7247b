package data

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// label3 is a well-formed IDX file: 3 bytes in one dimension.
var label3 = []byte{0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9}

func TestParseIDX(t *testing.T) {
	got, err := parseIDX(label3)
	if err != nil || !slices.Equal(got.shape, []int{3}) || !slices.Equal(got.bytes, []uint8{7, 8, 9}) {
		t.Errorf("parseIDX = %+v, %v", got, err)
	}
	cube := append([]byte{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2}, 1, 2, 3, 4)
	if got, err = parseIDX(cube); err != nil || !slices.Equal(got.shape, []int{2, 1, 2}) || len(got.bytes) != 4 {
		t.Errorf("parseIDX = %+v, %v", got, err)
	}
	for _, c := range []struct {
		name, want string
		b          []byte
	}{
		{"empty", "truncated", nil},
		{"truncated header", "truncated", cube[:9]},
		{"truncated content", "fewer", label3[:10]},
		{"too long", "says 3", append(slices.Clone(label3), 1)},
		{"gzip", "not an IDX file", []byte{0x1f, 0x8b, 8, 0, 0}},
		{"floats", "element type 0xd", []byte{0, 0, 13, 1, 0, 0, 0, 0}},
		{"no dimension", "0 dimensions", []byte{0, 0, 8, 0}},
		{"nothing in it", "is 0", []byte{0, 0, 8, 1, 0, 0, 0, 0}},
		{"lies hugely", "fewer", append([]byte{0, 0, 8, 3}, slices.Repeat([]byte{0xff}, 40)...)},
		{"product overflows", "fewer", append([]byte{0, 0, 8, 3, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 4}, 1, 2, 3)},
	} {
		if _, err := parseIDX(c.b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v does not say %q", c.name, err, c.want)
		}
	}
}

func TestIDXFilesMustAgree(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	images := write("images", []byte{0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6})
	good := write("labels", []byte{0, 0, 8, 1, 0, 0, 0, 3, 1, 0, 1})
	s, err := readIDXSplit(context.Background(), "train", images, good, 2, Options{})
	if err != nil || len(s) != 3 || s[2].Label != 1 || !slices.Equal(s[1].Pix, []uint8{3, 4}) || s[2].Name != "train/00002" {
		t.Errorf("split %+v, %v", s, err)
	}
	for want, labels := range map[string]string{
		"2 labels":       write("few", []byte{0, 0, 8, 1, 0, 0, 0, 2, 1, 0}),
		"not below 2":    write("high", label3),
		"3 dimensions":   images,
		"no such file":   filepath.Join(dir, "missing"),
		"fetched again":  write("short", label3[:9]),
		"IDX file holds": write("long", append(slices.Clone(label3), 0)),
	} {
		_, err := readIDXSplit(context.Background(), "train", images, labels, 2, Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func FuzzIDX(f *testing.F) {
	f.Add(label3)
	f.Add([]byte{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4})
	f.Add([]byte{0, 0, 8, 3, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 4, 1, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := parseIDX(b)
		if err != nil {
			return
		}
		n := 1
		for _, d := range x.shape {
			if d < 1 {
				t.Fatalf("shape %v", x.shape)
			}
			n *= d
		}
		if n != len(x.bytes) || len(x.bytes)+4+4*len(x.shape) != len(b) {
			t.Fatalf("shape %v of %d bytes in a file of %d", x.shape, len(x.bytes), len(b))
		}
	})
}
