package data

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// photos are the files that testdata/make_photos.py made with Pillow.
func photos(t *testing.T) (files map[string][]byte, profile []byte, rgb, grey16 []int) {
	t.Helper()
	b, err := os.ReadFile("testdata/photos.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	files = map[string][]byte{}
	for k, v := range all {
		switch v := v.(type) {
		case string:
			if files[k], err = base64.StdEncoding.DecodeString(v); err != nil && k != "made_with" {
				t.Fatal(err)
			}
		case []any:
			for _, x := range v {
				if k == "rgb" {
					rgb = append(rgb, int(x.(float64)))
				} else {
					grey16 = append(grey16, int(x.(float64)))
				}
			}
		}
	}
	return files, files["profile"], rgb, grey16
}

func write(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPhoto: pixels and profile of each format, and both again after our own file was written and read.
func TestPhoto(t *testing.T) {
	files, profile, rgb, grey16 := photos(t)
	for _, kind := range []string{"png", "tiff", "webp", "deep"} {
		p, err := ReadPhoto(write(t, "p."+kind, files[kind]))
		if err != nil {
			t.Fatal(err)
		}
		again := p
		for range 2 {
			bits, channels, want := 8, 3, rgb
			if kind == "deep" {
				bits, channels, want = 16, 1, grey16
			} else if !bytes.Equal(again.ICC, profile) {
				t.Errorf("%s: a profile of %d bytes, want %d", kind, len(again.ICC), len(profile))
			}
			if again.Bits != bits || again.Channels != channels || again.Height != 4 || again.Width != 6 || len(again.Notes) > 0 {
				t.Fatalf("%s: %d bits, %d×%d×%d, %v", kind, again.Bits, again.Height, again.Width, again.Channels, again.Notes)
			}
			for i, v := range again.Pix {
				if got := float64(v) * float64(int(1)<<bits-1); math.Abs(got-float64(want[i])) > 1e-2 {
					t.Fatalf("%s: value %d is %g, want %d", kind, i, got, want[i])
				}
			}
			b, err := again.PNG()
			if err != nil {
				t.Fatal(err)
			}
			if again, err = ReadPhoto(write(t, "again.png", b)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestPhotoStandsUpright: a JPEG with orientation 6 is turned clockwise, and its profile kept. Its pixels are within JPEG's loss of the original's.
func TestPhotoStandsUpright(t *testing.T) {
	files, profile, _, _ := photos(t)
	p, err := ReadPhoto(write(t, "p.jpg", files["jpeg_orientation6"]))
	if err != nil {
		t.Fatal(err)
	}
	if p.Height != 6 || p.Width != 4 || !bytes.Equal(p.ICC, profile) || !slices.ContainsFunc(p.Notes, func(n string) bool { return strings.Contains(n, "upright") }) {
		t.Errorf("%d×%d, profile of %d bytes, %v", p.Height, p.Width, len(p.ICC), p.Notes)
	}
	lying, err := decode(files["jpeg_orientation6"], 100)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range lying.Pix {
		if math.Abs(float64(v)/255-float64(p.Pix[i])) > 1e-6 {
			t.Fatalf("value %d is %g, a folder's has %d", i, p.Pix[i], v)
		}
	}
}

// TestProfileInSegments: a JPEG's profile may come in several segments, in any order.
func TestProfileInSegments(t *testing.T) {
	segment := func(n byte, body string) []byte {
		s := append([]byte("ICC_PROFILE\x00"), n, 2)
		s = append(s, body...)
		return append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe2}, uint16(len(s)+2)), s...)
	}
	b := slices.Concat([]byte{0xff, 0xd8}, segment(2, "world"), segment(1, "hello "), []byte{0xff, 0xda, 0, 2})
	if got := string(jpegProfile(b)); got != "hello world" {
		t.Errorf("%q", got)
	}
	for n := range b { // cut anywhere, it is no more than that
		if got := jpegProfile(b[:n]); len(got) > 11 {
			t.Errorf("of %d bytes: %q", n, got)
		}
	}
}

func TestPhotoRefuses(t *testing.T) {
	files, _, _, _ := photos(t)
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"alpha.png": {files["alpha"], "alpha.png: it has an alpha channel"},
		"empty.png": {nil, "empty.png: empty: the file has 0 bytes"},
		"text.png":  {[]byte("no picture"), "text.png: not a PNG, JPEG"},
		"cut.png":   {files["png"][:len(files["png"])-30], "cut.png: "},
	} {
		if _, err := ReadPhoto(write(t, name, c.content)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
	if fits(make([]byte, 200), 3) || fits([]byte("short"), 1) {
		t.Error("zeros are taken for a profile")
	}
}

func TestPhotoFiles(t *testing.T) {
	files, _, _, _ := photos(t)
	dir := t.TempDir()
	for _, name := range []string{"a.png", "a.jpg", "b-mask.png", "sub/b.png"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), files["png"], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := PhotoFiles(t.Context(), dir, "-mask")
	var names []string
	for _, f := range got {
		names = append(names, f.Name)
	}
	if want := []string{"a-jpg", "a-png", "sub/b"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%v, %v; want %v", names, err, want)
	}
	one, err := PhotoFiles(t.Context(), filepath.Join(dir, "b-mask.png"), "-mask")
	if err != nil || len(one) != 1 || one[0].Name != "b-mask" {
		t.Errorf("%v, %v", one, err)
	}
	if _, err := PhotoFiles(t.Context(), filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "there is no picture or folder") {
		t.Error(err)
	}
}
