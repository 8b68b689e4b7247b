package data

import (
	"context"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fill writes files, by their names below the folder.
func fill(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, b := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// pictures makes n different PNG pictures, "00.png" and so on.
func pictures(n int) map[string][]byte {
	files := map[string][]byte{}
	for i := range n {
		files[fmt.Sprintf("%02d.png", i)] = pngOf(rgb(6, 8, uint8(i)))
	}
	return files
}

func names(splits ...Split) []string {
	var out []string
	for _, s := range splits {
		for _, p := range s {
			out = append(out, p.Name)
		}
	}
	return out
}

func TestFolderNamesTheBadAndKeepsTheGood(t *testing.T) {
	dir := t.TempDir()
	files := pictures(10)
	for name, c := range bad {
		files[name] = c.b
	}
	files["sub/deeper/cmyk.jpg"] = unbase64(cmykJPEG)
	files["deep.png"] = pngOf(image.NewGray16(image.Rect(0, 0, 8, 6)))
	files["really-bmp.PNG"] = bmpOf(rgb(6, 8, 99))
	files["no-extension"] = tiffOf(rgb(6, 8, 98))
	files["README.txt"] = []byte("BM is how this text begins")
	files[".hidden.png"] = []byte("not looked at")
	files[".git/x.png"] = []byte("not looked at")
	fill(t, dir, files)
	if err := os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "link.png")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "round")); err != nil { // a link to a folder, and a circle at that
		t.Fatal(err)
	}
	d := open(t, "folder:"+dir, Options{})
	if n := len(d.Train) + len(d.Test); n != 14 {
		t.Errorf("%d pictures, want the 10 good ones and 4 that need conversion: %v", n, names(d.Train, d.Test))
	}
	notes := strings.Join(d.Notes, "\n")
	for name, c := range bad {
		if !strings.Contains(notes, name+": ") || !strings.Contains(notes, c.want) {
			t.Errorf("no note on %s that says %q in\n%s", name, c.want, notes)
		}
	}
	for _, want := range []string{
		"sub/deeper/cmyk.jpg: CMYK", "deep.png: 16 bits", "really-bmp.PNG: it is a bmp picture", "no-extension: it is a tiff picture",
		"link.png: open", "1 of 14 pictures are grey",
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note %q in\n%s", want, notes)
		}
	}
	for _, never := range []string{"README", "hidden", ".git", "00.png"} {
		if strings.Contains(notes, never) {
			t.Errorf("a needless note on %s in\n%s", never, notes)
		}
	}
	if len(d.Notes) != len(bad)+6 {
		t.Errorf("%d notes, want one line each for %d", len(d.Notes), len(bad)+6)
	}
	_, err := Open(context.Background(), "folder:"+dir, Options{Strict: true})
	if err == nil || !strings.Contains(err.Error(), "bomb.gif: ") || !strings.Contains(err.Error(), "cannot be used") {
		t.Errorf("strict: error is %v", err)
	}
	for name := range bad {
		_ = os.Remove(filepath.Join(dir, name))
	}
	_ = os.Remove(filepath.Join(dir, "link.png"))
	if _, err = Open(context.Background(), "folder:"+dir, Options{Strict: true}); err != nil {
		t.Errorf("strict, without the bad ones: %v", err)
	}
}

func TestFolderErrors(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, map[string][]byte{
		"file.png": pngOf(rgb(2, 2, 1)), "empty/.keep": nil, "text/notes.txt": []byte("hello"), "bad/a.png": nil,
		"bad/b.jpg": []byte("x"), "one/a.png": pngOf(rgb(2, 2, 1)), "one/b.png": nil, "same/a.png": pngOf(rgb(2, 2, 1)),
		"same/b.bmp": bmpOf(rgb(2, 2, 1)),
	})
	for name, want := range map[string][]string{
		"missing":  {"missing", "does not exist", "check the path"},
		"file.png": {"is a file, not a folder", "folder:" + dir},
		"empty":    {"has no pictures", "PNG, JPEG"},
		"text":     {"has no pictures"},
		"bad":      {"none of the 2 pictures", "a.png: empty", "b.jpg: not a PNG"},
		"one":      {"has one usable picture", "at least 2"},
		"same":     {"2 usable pictures, but all are the same", "at least 2"},
	} {
		_, err := Open(context.Background(), "folder:"+filepath.Join(dir, name), Options{})
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: error %v does not say %q", name, err, w)
			}
		}
	}
	for _, name := range []string{"missing", "file.png", "empty"} {
		if _, err := Digest(context.Background(), "folder:"+filepath.Join(dir, name), Options{}); err == nil {
			t.Errorf("%s has a digest", name)
		}
	}
	if os.Getuid() != 0 { // nothing is unreadable to root
		if err := os.Chmod(filepath.Join(dir, "one"), 0); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.Chmod(filepath.Join(dir, "one"), 0o700) }()
		_, err := Open(context.Background(), "folder:"+filepath.Join(dir, "one"), Options{})
		if err == nil || !strings.Contains(err.Error(), "cannot read folder") || !strings.Contains(err.Error(), "permission") {
			t.Errorf("unreadable: error is %v", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, "folder:"+dir, Options{}); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("cancelled: error is %v", err)
	}
}

func TestFolderSplit(t *testing.T) {
	dir := t.TempDir()
	files := pictures(20)
	files["copies/of-03.bmp"] = bmpOf(rgb(6, 8, 3)) // the same pixels in other files
	files["copies/of-04.tif"] = tiffOf(rgb(6, 8, 4))
	for i := range 20 {
		files[fmt.Sprintf("more/%02d.png", i)] = files[fmt.Sprintf("%02d.png", i)]
	}
	fill(t, dir, files)
	d := open(t, "folder:"+dir, Options{})
	if got := leaks(d); len(got) > 0 {
		t.Errorf("copies on both sides: %v", got)
	}
	if len(d.Train)+len(d.Test) != 42 || len(d.Test) < 8 || len(d.Test) > 10 { // 4 of 20 distinct pictures, with their copies
		t.Errorf("%d training and %d test pictures", len(d.Train), len(d.Test))
	}
	if last := d.Notes[len(d.Notes)-1]; !strings.Contains(last, "22 of 42 pictures are copies") {
		t.Errorf("last note is %q", last)
	}
	for _, s := range []Split{d.Train, d.Test} {
		if got := names(s); !slices.IsSorted(got) {
			t.Errorf("not in the order of names: %v", got)
		}
	}
	again := open(t, "folder:"+dir+"/", Options{})
	if fmt.Sprint(names(again.Test)) != fmt.Sprint(names(d.Test)) || again.Digest != d.Digest {
		t.Error("opened twice, split twice")
	}
	for n := 2; n < 12; n++ {
		var all Split
		for i := range n {
			all = append(all, flat(fmt.Sprint(i), 2, 2, uint8(i)))
		}
		train, test, copies, err := divide(all)
		if want := max(1, (n+2)/5); err != nil || len(test) != want || len(train) != n-want || copies != 0 {
			t.Errorf("%d pictures: %d to train, %d to test, want %d; %v", n, len(train), len(test), want, err)
		}
	}
}

func TestFolderOfManySizes(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, map[string][]byte{
		"a.png": pngOf(rgb(6, 8, 1)), "b.png": pngOf(rgb(60, 40, 2)), "c.png": pngOf(rgb(9, 9, 3)),
		"grey.png": pngOf(flat("", 5, 5, 9).standard()),
	})
	d := open(t, "folder:"+dir, Options{})
	all := slices.Concat(d.Train, d.Test)
	if err := all.RequireUniform("vae"); err == nil || !strings.Contains(err.Error(), "@32") {
		t.Errorf("error is %v", err)
	}
	d = open(t, "folder:"+dir, Options{Size: 32})
	if h, w, c, ok := slices.Concat(d.Train, d.Test).Uniform(); !ok || h != 32 || w != 32 || c != 3 {
		t.Errorf("%d×%d×%d, uniform %t", h, w, c, ok)
	}
	d = open(t, "folder:"+dir, Options{Size: 16, Grey: true})
	if h, w, c, ok := slices.Concat(d.Train, d.Test).Uniform(); !ok || h != 16 || w != 16 || c != 1 {
		t.Errorf("%d×%d×%d, uniform %t", h, w, c, ok)
	}
	info, err := Lookup("folder:" + dir)
	if err != nil || info.Name != "folder:"+dir || d.Name != info.Name {
		t.Errorf("Lookup = %+v, %v", info, err)
	}
}

func TestFolderDigest(t *testing.T) {
	ctx := context.Background()
	digest := func(dir string, o Options) string {
		t.Helper()
		d, err := Digest(ctx, "folder:"+dir, o)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	dir, moved := t.TempDir(), t.TempDir()
	fill(t, dir, pictures(5))
	fill(t, moved, pictures(5))
	want := digest(dir, Options{})
	if got := open(t, "folder:"+dir, Options{}).Digest; got != want {
		t.Errorf("Open says %s, Digest says %s", got, want)
	}
	if digest(moved, Options{}) != want {
		t.Error("the digest depends on where the folder lies")
	}
	if digest(dir, Options{Size: 32}) == want || digest(dir, Options{Grey: true}) == want {
		t.Error("the digest misses size or grey")
	}
	fill(t, moved, map[string][]byte{"notes.txt": []byte("no picture")})
	if digest(moved, Options{}) != want {
		t.Error("the digest depends on a file that is no picture")
	}
	fill(t, moved, map[string][]byte{"00.png": pngOf(rgb(6, 8, 77))})
	changed := digest(moved, Options{})
	if err := os.Rename(filepath.Join(moved, "00.png"), filepath.Join(moved, "zz.png")); err != nil {
		t.Fatal(err)
	}
	if changed == want || digest(moved, Options{}) == changed || digest(moved, Options{}) == want {
		t.Error("the digest misses a changed or a renamed picture")
	}
}

func TestFolderNamesStayOnOneLine(t *testing.T) {
	dir := t.TempDir()
	files := pictures(2)
	files["two\nlines.png"] = nil
	fill(t, dir, files)
	notes := open(t, "folder:"+dir, Options{}).Notes
	if len(notes) != 1 || !strings.HasPrefix(notes[0], `"two\nlines.png": `) || strings.Contains(notes[0], "\n") {
		t.Errorf("notes %q", notes)
	}
}
