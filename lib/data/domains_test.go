package data

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pairOf is a picture A|B as PNG: A is flat of one level, B of another.
func pairOf(side int, a, b uint8) []byte {
	p := flat("", side, 2*side, a)
	for y := range side {
		for x := side; x < 2*side; x++ {
			p.Pix[y*2*side+x] = b
		}
	}
	return pngOf(colour(p).standard())
}

func openDomainsOf(t *testing.T, files map[string][]byte, o Options) *Dataset {
	t.Helper()
	dir := t.TempDir()
	fill(t, dir, files)
	o.Domains = true
	d := open(t, "folder:"+dir, o)
	if got, err := Digest(context.Background(), "folder:"+dir, o); err != nil || got != d.Digest {
		t.Errorf("Open says digest %s, Digest says %s, %v", d.Digest, got, err)
	}
	return d
}

func TestUnpairedDomains(t *testing.T) {
	files := map[string][]byte{"readme/figure.png": pngOf(rgb(6, 6, 200))}
	for folder, n := range map[string]int{"trainA": 3, "trainB": 5, "testA": 2, "testB": 1} {
		for i := range n {
			files[fmt.Sprintf("%s/%d.png", folder, i)] = pngOf(rgb(6, 8, uint8(len(files))))
		}
	}
	files["testA/copy.png"] = files["trainA/1.png"]
	files["testB/bad.png"] = nil
	d := openDomainsOf(t, files, Options{Size: 4})
	for i, want := range [][]string{
		{"trainA/0.png", "trainA/1.png", "trainA/2.png"}, {"testA/0.png", "testA/1.png", "testA/copy.png"},
		{"trainB/0.png", "trainB/1.png", "trainB/2.png", "trainB/3.png", "trainB/4.png"}, {"testB/0.png"},
	} {
		if got := names([]Split{d.Train, d.Test, d.TrainB, d.TestB}[i]); !slices.Equal(got, want) {
			t.Errorf("split %d has %v, want %v", i, got, want)
		}
	}
	if h, w, _, ok := slices.Concat(d.Train, d.TrainB, d.Test, d.TestB).Uniform(); d.Paired || !ok || h != 4 || w != 4 {
		t.Errorf("paired %t, %d×%d, uniform %t", d.Paired, h, w, ok)
	}
	notes := strings.Join(d.Notes, "\n")
	for _, want := range []string{
		"1 pictures outside trainA, trainB, testA and testB are left out", "testB/bad.png: empty",
		"1 of 3 test pictures of domain A are training pictures too",
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note %q in\n%s", want, notes)
		}
	}
	changed := maps.Clone(files) // what is not in the domains does not count
	delete(changed, "readme/figure.png")
	if other := openDomainsOf(t, changed, Options{Size: 4}); other.Digest != d.Digest {
		t.Error("the digest depends on a picture of neither domain")
	}
	changed["testB/0.png"] = pngOf(rgb(6, 8, 99))
	if other := openDomainsOf(t, changed, Options{Size: 4}); other.Digest == d.Digest {
		t.Error("the digest misses a changed picture")
	}
}

func TestPairs(t *testing.T) {
	files := map[string][]byte{}
	for i := range 10 {
		files[fmt.Sprintf("%d.png", i)] = pairOf(8, uint8(i), uint8(100+i))
	}
	check := func(d *Dataset, size string, train, test int) {
		t.Helper()
		if !d.Paired || len(d.Train) != train || len(d.TrainB) != train || len(d.Test) != test || len(d.TestB) != test {
			t.Fatalf("paired %t, %d and %d to train, %d and %d to test", d.Paired, len(d.Train), len(d.TrainB), len(d.Test), len(d.TestB))
		}
		for i, a := range slices.Concat(d.Train, d.Test) {
			b := slices.Concat(d.TrainB, d.TestB)[i]
			level := a.Pix[0]
			if a.Name != b.Name || !strings.HasSuffix(a.Name, fmt.Sprintf("%d.png", level)) || a.size() != size || b.size() != size {
				t.Errorf("%s %s and %s %s", a.Name, a.size(), b.Name, b.size())
			}
			for j, v := range a.Pix {
				if v != level || b.Pix[j] != 100+level {
					t.Fatalf("pair %d: A has %d and B %d at %d", level, v, b.Pix[j], j)
				}
			}
		}
	}
	d := openDomainsOf(t, files, Options{})
	check(d, "8×8 grey", 8, 2)
	check(openDomainsOf(t, files, Options{Size: 5}), "5×5 grey", 8, 2)
	files["copy-of-3.png"] = files["3.png"] // on the side of its original, whatever that is
	if d := openDomainsOf(t, files, Options{}); len(leaks(d)) > 0 || len(d.Train)+len(d.Test) != 11 || !strings.Contains(strings.Join(d.Notes, "\n"), "1 of 11 pictures are copies") {
		t.Errorf("leaks %v, notes %v", leaks(d), d.Notes)
	}
	sorted := map[string][]byte{}
	for i := range 10 {
		sorted[fmt.Sprintf("%s/%d.png", []string{"train", "train", "train", "val", "test"}[i%5], i)] = files[fmt.Sprintf("%d.png", i)]
	}
	check(openDomainsOf(t, sorted, Options{}), "8×8 grey", 6, 2) // val is left out beside test
	delete(sorted, "test/4.png")
	delete(sorted, "test/9.png")
	check(openDomainsOf(t, sorted, Options{}), "8×8 grey", 6, 2)
}

func TestDomainErrors(t *testing.T) {
	dir := t.TempDir()
	picture, pair := pngOf(rgb(6, 8, 1)), pairOf(4, 1, 2)
	fill(t, dir, map[string][]byte{
		"three/trainA/1.png": picture, "three/trainA/2.png": picture, "three/trainB/1.png": picture, "three/testA/1.png": picture,
		"bad/trainA/1.png": picture, "bad/trainB/1.png": nil, "bad/trainB/2.png": nil, "bad/testA/1.png": picture, "bad/testB/1.png": picture,
		"photos/1.png": picture, "photos/2.png": pair, "photos/3.png": pair,
		"one/1.png": pair, "badtest/train/1.png": pair, "badtest/test/1.png": nil,
	})
	for name, want := range map[string]string{
		"three":   "lacks a side: it has 2 in trainA, 1 in trainB, 1 in testA and 0 in testB pictures",
		"bad":     "lacks a side: it has 1 in trainA, 0 in trainB, 1 in testA and 1 in testB usable pictures",
		"photos":  "1 of the 3 pictures in folder %q do not fit:\n  1.png: it is 8×6 colour, but a pair A|B is twice as wide as high",
		"one":     "has one usable picture",
		"badtest": "lacks a side: it has 1 in train and 0 in test usable pictures",
	} {
		at := filepath.Join(dir, name)
		_, err := Open(context.Background(), "folder:"+at, Options{Domains: true})
		if want = strings.ReplaceAll(want, "%q", fmt.Sprintf("%q", at)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v does not say %q", name, err, want)
		}
	}
	if err := os.Remove(filepath.Join(dir, "photos", "1.png")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), "folder:"+filepath.Join(dir, "photos"), Options{Domains: true}); err == nil || !strings.Contains(err.Error(), "all are the same") {
		t.Errorf("error is %v", err)
	}
	if _, err := Open(context.Background(), "mnist", Options{Domains: true}); err == nil || !strings.Contains(err.Error(), "mnist has one domain") {
		t.Errorf("error is %v", err)
	}
	if _, err := Open(context.Background(), "emoji", Options{Domains: true}); err != nil {
		t.Error(err)
	}
}
