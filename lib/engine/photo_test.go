package engine

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"darkroom/lib/data"
	"darkroom/lib/lab"
	"darkroom/lib/record"
)

// scene is a picture with edges, texture and smooth shading, in colour.
func scene(h, w, channels int) lab.Image {
	im := lab.NewImage(h, w, channels)
	for i := range im.Pix {
		y, x, c := i/channels/w, i/channels%w, i%channels
		v := 0.5 + 0.2*math.Sin(float64(x*y)/90+float64(c)) + 0.001*float64(x)
		if (x/13+y/17)%2 == 0 {
			v -= 0.25
		}
		im.Pix[i] = float32(v)
	}
	return im
}

func restorer(t *testing.T, e *Engine, method, operator string, set lab.Set, run *record.Run) *Restorer {
	t.Helper()
	r, err := e.Restorer(t.Context(), method, operator, set, run)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func furthest(a, b lab.Image) float64 {
	d := 0.0
	for i, v := range a.Pix {
		d = math.Max(d, math.Abs(float64(v-b.Pix[i])))
	}
	return d
}

// TestTiledIsWhole: what a local method restores by tiles, whatever their size, is what it restores at once; so no border of a tile can be seen.
func TestTiledIsWhole(t *testing.T) {
	e := New(Options{})
	for _, c := range []struct {
		method, operator string
		set              lab.Set
		tile             int
	}{
		{"identity", "denoise25", nil, 16}, {"median", "salt10", nil, 20}, {"wiener", "denoise25", nil, 33}, {"bicubic", "superres3", nil, 16},
		{"nlm", "denoise25", lab.Set{"search": 7, "patch": 3}, 24}, {"median", "denoise25", lab.Set{"window": 9}, 64},
		{"dncnn", "inpaint50", lab.Set{"depth": 4, "width": 3, "patch": 8, "batch": 2}, 24},
		{"vdsr", "superres2", lab.Set{"depth": 3, "width": 3, "patch": 8, "batch": 3}, 24},
	} {
		var run *record.Run
		set := c.set
		if needs, err := NeedsRun(c.method); err != nil {
			t.Fatal(err)
		} else if needs {
			spec := lab.Spec{Method: c.method, Task: "restore:" + c.operator + ":folder:" + pictures(t, 24), Steps: 2, Set: set, Runs: t.TempDir()}
			result, err := e.Run(t.Context(), spec, nil)
			if err != nil {
				t.Fatal(err)
			}
			if run, err = record.Open(result.Dir); err != nil {
				t.Fatal(err)
			}
			set = nil
		}
		r := restorer(t, e, c.method, c.operator, set, run)
		d, err := e.Degrade(t.Context(), c.operator, "scene", 1, scene(90, 138, 3))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := r.Restore(t.Context(), d.Y, d.Mask, 1000, nil)
		if err != nil {
			t.Fatal(err)
		}
		var last, all int
		tiled, err := r.Restore(t.Context(), d.Y, d.Mask, c.tile, func(done, total int) {
			if done != last+1 {
				t.Errorf("%s: tile %d after %d", c.method, done, last)
			}
			last, all = done, total
		})
		if err != nil {
			t.Fatal(err)
		}
		if last != all || all < 2 {
			t.Errorf("%s: %d of %d tiles", c.method, last, all)
		}
		if tiled.Height != d.Truth.Height || tiled.Width != d.Truth.Width || tiled.Channels != 3 {
			t.Errorf("%s: %d×%d×%d", c.method, tiled.Height, tiled.Width, tiled.Channels)
		}
		if apart := furthest(whole, tiled); apart > 2e-6 {
			t.Errorf("%s of %s: by tiles of %d it is %g apart", c.method, c.operator, c.tile, apart)
		}
	}
}

// TestTilesBlend: a method that looks at the whole picture restores nearly the same by tiles, and the error is no larger where tiles meet than
// elsewhere. When a whole picture does not fit in memory, it takes tiles by itself and says so.
func TestTilesBlend(t *testing.T) {
	var said []string
	e := New(Options{Say: func(s string) { said = append(said, s) }})
	truth := scene(150, 260, 1)
	d, err := e.Degrade(t.Context(), "denoise25", "scene", 1, truth)
	if err != nil {
		t.Fatal(err)
	}
	for method, set := range map[string]lab.Set{"tv": {"iterations": 60}} {
		r := restorer(t, e, method, "denoise25", set, nil)
		whole, err := r.Restore(t.Context(), d.Y, lab.Image{}, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		r = restorer(t, e, method, "denoise25", set, nil)
		r.limit = 4 * 100 * 200 // what an array of half the picture takes
		said = nil
		tiled, err := r.Restore(t.Context(), d.Y, lab.Image{}, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(said) != 1 || !strings.Contains(said[0], method+" looks at the whole picture, which does not fit in memory; it is restored by tiles of 130 pixels that blend") {
			t.Errorf("%s said %q", method, said)
		}
		// Tiles of 130 begin at 0, 82 and 130: they meet about columns 98 to 114 and, the last being moved back, 146 to 196.
		var seam, rest, seams, rests float64
		for i, v := range tiled.Pix {
			e := math.Pow(float64(v-truth.Pix[i]), 2)
			if x := i % 260; x >= 98 && x < 114 || x >= 146 && x < 196 {
				seam, seams = seam+e, seams+1
			} else {
				rest, rests = rest+e, rests+1
			}
		}
		reference := 0.0
		for i, v := range whole.Pix {
			if x := i % 260; x >= 98 && x < 114 || x >= 146 && x < 196 {
				reference += math.Pow(float64(v-truth.Pix[i]), 2)
			}
		}
		if seam > 1.03*reference || furthest(whole, tiled) > 0.08 {
			t.Errorf("%s: squared error %g where tiles meet, %g when whole, %g elsewhere; %g apart",
				method, seam/seams, reference/seams, rest/rests, furthest(whole, tiled))
		}
	}
}

// TestTilesShrink: tiles of a local method that do not fit in memory are halved, which is said, and the picture is the same.
func TestTilesShrink(t *testing.T) {
	var said []string
	e := New(Options{Say: func(s string) { said = append(said, s) }})
	y := scene(60, 60, 1)
	r := restorer(t, e, "median", "denoise25", nil, nil)
	whole, err := r.Restore(t.Context(), y, lab.Image{}, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	r = restorer(t, e, "median", "denoise25", nil, nil)
	r.limit, said = 4*25*30*30, nil // its 25 windows of half the side
	tiled, err := r.Restore(t.Context(), y, lab.Image{}, 0, nil)
	if err != nil || furthest(whole, tiled) > 0 {
		t.Errorf("%v, %g apart", err, furthest(whole, tiled))
	}
	if len(said) != 1 || said[0] != "tiles of 60 pixels do not fit in memory; they are 30 now" {
		t.Errorf("it said %q", said)
	}
}

// TestTiling: the tiles have one size, lie in the picture, and their weights leave no pixel out.
func TestTiling(t *testing.T) {
	for _, c := range []tiling{
		{pixels: 100, tile: 30, margin: 5}, {pixels: 31, tile: 30, margin: 5}, {pixels: 20, tile: 30, margin: 5}, {pixels: 97, tile: 40, margin: 7, feather: 9},
		{pixels: 1000, tile: 64, margin: 16, feather: 16}, {pixels: 45, tile: 16}, {pixels: 17, tile: 16, margin: 0, feather: 3},
	} {
		got, err := newTiling(c.pixels, c.tile, c.margin, c.feather)
		if err != nil {
			t.Fatal(err)
		}
		sum := make([]float32, c.pixels)
		for _, at := range got.starts {
			if at < 0 || at+got.tile > c.pixels {
				t.Fatalf("%+v: a tile at %d", got, at)
			}
			for i, w := range got.weights(at) {
				sum[at+i] += w
			}
		}
		for i, w := range sum {
			if !(w > 0.05) {
				t.Errorf("%+v: pixel %d has weight %g", got, i, w)
			}
		}
	}
	if _, err := newTiling(100, 30, 15, 0); err == nil || !strings.Contains(err.Error(), "use at least 41") {
		t.Error(err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	e := New(Options{})
	ctx := context.Background()
	nan := scene(20, 24, 3)
	nan.Pix[(24*3+7)*3] = float32(math.NaN())
	mask := lab.NewImage(20, 24, 1)
	for _, c := range []struct {
		method, operator string
		y, mask          lab.Image
		tile             int
		want             string
	}{
		{"identity", "denoise25", nan, lab.Image{}, 0, "the picture is NaN at row 3, column 7: only finite pixels"},
		{"identity", "denoise25", scene(20, 24, 3), mask, 0, "has no mask"},
		{"identity", "denoise25", scene(20, 24, 3), lab.Image{}, 7, "tiles of 7 pixels are too small; use at least 16"},
		{"nlm", "denoise25", scene(50, 54, 1), lab.Image{}, 20, "tiles of 20 pixels are too small: they overlap by 24; use at least 33"},
		{"tv", "inpaint50", scene(20, 24, 3), lab.Image{}, 0, "there is none; name it with --mask"},
		{"tv", "inpaint50", scene(20, 24, 3), mask, 0, "the mask hides every pixel"},
		{"tv", "inpaint50", scene(21, 24, 3), mask, 0, "the mask is 24×20 and the picture 24×21"},
		{"wiener", "gaussian1.6+denoise2", scene(20, 24, 3), lab.Image{}, 16, "joins the pixels of the whole picture"},
		{"fista", "denoise25", scene(5, 24, 3), lab.Image{}, 0, "fista: the picture is 24×5, smaller than the patch of 8×8"},
		{"median", "denoise25", scene(2, 24, 3), lab.Image{}, 0, "median: the picture is 24×2, smaller than half a window"},
	} {
		_, err := restorer(t, e, c.method, c.operator, nil, nil).Restore(ctx, c.y, c.mask, c.tile, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %s: %v; want %q", c.method, c.operator, err, c.want)
		}
	}
	if _, err := e.Degrade(ctx, "superres8", "scene", 1, scene(5, 24, 1)); err == nil || !strings.Contains(err.Error(), "the picture is 24×5, but bicubic downsampling ×8") ||
		!strings.Contains(err.Error(), "needs at least 8×8") {
		t.Error(err)
	}
	for _, c := range [][3]string{
		{"dncnn", "denoise25", "dncnn restores only with what it has learnt"}, {"vae", "denoise25", "vae does not restore; those that do are identity"},
		{"median", "inpaint50", "is more than noise"}, {"tv", "denois25", `did you mean "denoise25"?`}, {"tvv", "denoise25", `did you mean "tv"?`},
		{"tv", "fourier25", "its measurement is no picture that a file could hold; a run measures and restores"},
	} {
		if _, err := e.Restorer(ctx, c[0], c[1], nil, nil); err == nil || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// TestColourise: colours are looked for by a method that works on colour pictures; a grey picture of any size is restored by tiles to one in
// colour, grey training pictures being left out.
func TestColourise(t *testing.T) {
	e := New(Options{})
	dir := t.TempDir()
	for i := range 12 {
		im, name := scene(20+i, 24, 3), "colour"
		if i%6 == 0 {
			im, name = scene(20+i, 24, 1), "grey"
		}
		b, err := data.Photo{Image: im, Bits: 8}.PNG()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s%d.png", name, i)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	spec := lab.Spec{Method: "dncnn", Task: "restore:grey:folder:" + dir, Steps: 2, Runs: t.TempDir(), Set: lab.Set{"depth": 3, "width": 3, "patch": 8, "batch": 3}}
	result, err := e.Run(t.Context(), spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m := result.Metrics["psnr"]; len(m.Values) == 0 || !strings.Contains(m.Protocol, "in colour (RGB), colours taken out") {
		t.Errorf("%d pictures measured: %s", len(m.Values), m.Protocol)
	} else if i := slices.IndexFunc(m.Names, func(n string) bool { return !strings.HasPrefix(n, "colour") }); i >= 0 {
		t.Errorf("%s has no colours, and was measured", m.Names[i])
	}
	run, err := record.Open(result.Dir)
	if err != nil {
		t.Fatal(err)
	}
	r := restorer(t, e, "dncnn", "grey", nil, run)
	d, err := e.Degrade(t.Context(), "grey", "scene", 1, scene(40, 50, 3))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := r.Restore(t.Context(), d.Y, lab.Image{}, 1000, nil)
	if err != nil {
		t.Fatal(err)
	}
	tiled, err := r.Restore(t.Context(), d.Y, lab.Image{}, 24, nil)
	if err != nil {
		t.Fatal(err)
	}
	if whole.Channels != 3 || tiled.Channels != 3 || furthest(whole, tiled) > 2e-6 || d.Y.Channels != 1 || d.Start.Channels != 3 {
		t.Errorf("%d and %d channels, %g apart; the measurement has %d and the start %d", whole.Channels, tiled.Channels, furthest(whole, tiled), d.Y.Channels, d.Start.Channels)
	}
	if _, err := r.Restore(t.Context(), d.Truth, lab.Image{}, 0, nil); err == nil || !strings.Contains(err.Error(), "make it grey first") {
		t.Error(err)
	}
	spec.Task = "restore:grey:folder:" + pictures(t, 24)
	if _, err := e.Run(t.Context(), spec, nil); err == nil || !strings.Contains(err.Error(), "needs at least one of each; take pictures in colour") {
		t.Error(err)
	}
}

// TestJudge: the other measures of a restoration are there where they can be told, and only there: nothing is left of the measurement by identity, and
// pictures of 24×24 are too small for the network.
func TestJudge(t *testing.T) {
	e := New(Options{})
	for _, c := range []struct {
		method, operator string
		side             int
		want             []string
	}{
		{"identity", "denoise25", 24, []string{"blur-effect"}}, {"median", "denoise25", 36, []string{"blur-effect", "feature-distance", "whiteness"}},
		{"tv", "inpaint50+denoise5", 24, []string{"blur-effect", "whiteness"}},
	} {
		result, err := e.Run(t.Context(), lab.Spec{Method: c.method, Task: "restore:" + c.operator + ":folder:" + pictures(t, c.side), Runs: t.TempDir()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"blur-effect", "feature-distance", "whiteness"} {
			m, ok := result.Metrics[name]
			if ok != slices.Contains(c.want, name) {
				t.Errorf("%s of %s: %s is there: %v", c.method, c.operator, name, ok)
			}
			if ok && (len(m.Values) != len(result.Metrics["psnr"].Values) || !(m.Value > 0) || !strings.Contains(m.Protocol, "noise seed 1")) {
				t.Errorf("%s of %s: %s %v, %s", c.method, c.operator, name, m.Values, m.Protocol)
			}
		}
	}
}
