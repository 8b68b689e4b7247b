package engine

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"darkroom/lib/data"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/record"

	"github.com/gomlx/gomlx/core/tensors"
)

// draw makes a picture: number n of a domain, which is blue or red; the drawing is the same.
func draw(side, n int, red bool) *image.NRGBA {
	im := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			v := uint8(128 + 100*math.Sin(float64(x*(n%5+1)+y*(n/5))/3))
			c := color.NRGBA{40, 90, v, 255}
			if red {
				c = color.NRGBA{v, 60, 60, 255}
			}
			im.SetNRGBA(x, y, c)
		}
	}
	return im
}

func writePicture(t *testing.T, path string, im image.Image) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// pairs makes a folder of pairs A|B, 12 to train and 5 to test, and returns its path.
func pairs(t *testing.T, side int) string {
	t.Helper()
	dir := t.TempDir()
	for n := range 17 {
		both := image.NewNRGBA(image.Rect(0, 0, 2*side, side))
		a, b := draw(side, n, false), draw(side, n, true)
		for y := range side {
			for x := range side {
				both.Set(x, y, a.At(x, y))
				both.Set(side+x, y, b.At(x, y))
			}
		}
		split := "train"
		if n >= 12 {
			split = "test"
		}
		writePicture(t, filepath.Join(dir, split, fmt.Sprintf("%02d.png", n)), both)
	}
	return dir
}

// domains makes a folder of pictures in trainA, trainB, testA and testB, as many as counts says.
func domains(t *testing.T, side int, counts map[string]int) string {
	t.Helper()
	dir := t.TempDir()
	for folder, count := range counts {
		for n := range count {
			writePicture(t, filepath.Join(dir, folder, fmt.Sprintf("%02d.png", n)), draw(side, n, strings.HasSuffix(folder, "B")))
		}
	}
	return dir
}

// TestTranslateMeasures: what identity is measured to be follows from the pictures alone.
func TestTranslateMeasures(t *testing.T) {
	const side = 32
	r, err := New(Options{Say: func(s string) { t.Log(s) }}).Run(context.Background(), lab.Spec{
		Method: "identity", Task: "translate:folder:" + pairs(t, side), Runs: t.TempDir(),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l1 := r.Metrics["l1"]
	for i, n := range []int{12, 13, 14, 15, 16} {
		a, b := draw(side, n, false), draw(side, n, true)
		want := 0.0
		for k := range a.Pix {
			want += math.Abs(float64(a.Pix[k])-float64(b.Pix[k])) / 255 / (3 * side * side) // alpha is the same
		}
		if math.Abs(l1.Values[i]-want) > 1e-6 {
			t.Errorf("l1 of picture %d is %v, want %v", n, l1.Values[i], want)
		}
	}
	if m := r.Metrics["cycle-l1"]; m.Value != 0 || len(m.Values) != 5 {
		t.Errorf("there and back, identity changes pictures: %+v", m)
	}
	if m := r.Metrics["feature-distance"]; m.Value < 0.1 || m.Better != "lower" || !strings.Contains(m.Protocol, "SqueezeNet 1.1 (ImageNet, weights f286bbf493e6)") {
		t.Errorf("feature-distance is %+v", m)
	}
	if m := r.Metrics["ssim"]; m.Value > 0.99 || m.Better != "higher" || !strings.Contains(m.Protocol, "against its true partner, 5 test images") {
		t.Errorf("ssim is %+v", m)
	}
	run, err := record.Open(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for kind, red := range map[string]bool{"source": false, "translated": false, "truth": true} {
		im, err := run.Picture(l1.Names[2], kind)
		if err != nil {
			t.Fatal(err)
		}
		if want := lab.FromStandard(draw(side, 14, red)); !slices.Equal(im.Pix, want.Pix) {
			t.Errorf("the picture %s of %s is another one", kind, l1.Names[2])
		}
	}
}

// TestTranslateWithoutPairs: there is no true partner to measure against, and a method that learns from pairs is refused.
func TestTranslateWithoutPairs(t *testing.T) {
	dir := domains(t, 16, map[string]int{"trainA": 6, "trainB": 4, "testA": 3, "testB": 2})
	e := New(Options{})
	run := func(method, dir string) (*lab.Result, error) {
		return e.Run(context.Background(), lab.Spec{Method: method, Task: "translate:folder:" + dir, Runs: t.TempDir()}, nil)
	}
	r, err := run("color-transfer", dir)
	if err != nil {
		t.Fatal(err)
	}
	if m := r.Metrics["cycle-l1"]; len(r.Metrics) != 1 || len(m.Values) != 3 {
		t.Errorf("the measures are %+v, want cycle-l1 of 3 pictures alone", r.Metrics)
	}
	_, err = run("pix2pix", dir)
	if err == nil || !strings.Contains(err.Error(), "pix2pix learns from pairs, but the pictures of folder:"+dir+" are in two domains without pairs; take a method that needs none, such as cyclegan") {
		t.Errorf("pix2pix without pairs: %v", err)
	}
	_, err = run("identity", domains(t, 16, map[string]int{"trainA": 6, "testA": 3, "testB": 2}))
	if err == nil || !strings.Contains(err.Error(), "it has 6 in trainA, 0 in trainB, 3 in testA and 2 in testB pictures; translation needs at least one in each") {
		t.Errorf("a domain without pictures: %v", err)
	}
	mixed := domains(t, 16, map[string]int{"trainA": 6, "trainB": 4, "testA": 3})
	for n := range 2 {
		writePicture(t, filepath.Join(mixed, "testB", fmt.Sprintf("%02d.png", n)), draw(20, n, true))
	}
	_, err = run("identity", mixed)
	if err == nil || !strings.Contains(err.Error(), "identity needs pictures of one size, but trainA/00.png is 16×16 colour and testB/00.png is 20×20 colour") {
		t.Errorf("domains of two sizes: %v", err)
	}
}

// TestTranslateFeed: without pairs the domains come in orders of their own, with pairs together.
func TestTranslateFeed(t *testing.T) {
	var a, b data.Split
	for n := range 20 {
		p := data.Picture{Height: 1, Width: 1, Channels: 1, Pix: []uint8{uint8(n)}}
		a, b = append(a, p), append(b, p)
	}
	for _, c := range []struct {
		method methods.Method
		pairs  bool
	}{{new(methods.CycleGAN), false}, {new(methods.Pix2Pix), true}} {
		j := &job{method: c.method, data: &data.Dataset{Train: a, TrainB: b}, spec: lab.Spec{Seed: 3}}
		next := j.wholeImages(5)
		together, seen := 0, map[float32]int{}
		for step := range 4 { // one epoch
			batch := next(step)
			x, y := tensors.MustCopyFlatData[float32](batch[0].(*tensors.Tensor)), tensors.MustCopyFlatData[float32](batch[1].(*tensors.Tensor))
			for i := range x {
				seen[y[i]]++
				if x[i] == y[i] {
					together++
				}
			}
		}
		if len(seen) != 20 {
			t.Errorf("%T sees %d of 20 pictures of B in an epoch", c.method, len(seen))
		}
		if c.pairs && together != 20 || !c.pairs && together > 5 {
			t.Errorf("%T sees %d of 20 true pairs together", c.method, together)
		}
	}
}

// TestTranslateAsDomainB: as a set, pictures are nearer to B's the more they look like them, and few are not measured.
func TestTranslateAsDomainB(t *testing.T) {
	measured := func(count int, drawn bool) map[string]lab.Metric {
		dir := t.TempDir()
		for n := range count {
			for _, split := range []string{"train", "test"} {
				a := draw(32, n, true)
				if !drawn { // one colour
					for i := range a.Pix {
						a.Pix[i] = a.Pix[i%4]
					}
				}
				writePicture(t, filepath.Join(dir, split+"A", fmt.Sprintf("%02d.png", n)), a)
				writePicture(t, filepath.Join(dir, split+"B", fmt.Sprintf("%02d.png", n)), draw(32, n+3, true))
			}
		}
		r, err := New(Options{}).Run(context.Background(), lab.Spec{Method: "identity", Task: "translate:folder:" + dir, Runs: t.TempDir()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r.Metrics
	}
	far, near := measured(40, false), measured(40, true)
	if kid := far["kid"]; kid.Low == nil || *kid.Low <= 0 || kid.Better != "lower" ||
		!strings.Contains(kid.Protocol, "40 test pictures of A, brought to B against 40 of the 40 test pictures of B, evenly spread") {
		t.Errorf("of blank pictures KID is %+v", kid)
	}
	if a, b := near["kid"], far["kid"]; *a.High >= *b.Low {
		t.Errorf("KID is %g to %g of pictures drawn alike and %g to %g of blank ones", *a.Low, *a.High, *b.Low, *b.High)
	}
	if _, ok := far["fid"]; ok {
		t.Error("there is an FID of 40 pictures by 512 features")
	}
	if _, ok := measured(fewPictures-1, false)["kid"]; ok {
		t.Errorf("there is a KID of %d pictures", fewPictures-1)
	}
}
