package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"darkroom/lib/lab"
	"darkroom/lib/record"
)

// pictures makes a folder of 20 small pictures with some structure, and returns its path.
func pictures(t *testing.T, side int) string {
	t.Helper()
	dir := t.TempDir()
	for n := range 20 {
		im := image.NewGray(image.Rect(0, 0, side, side))
		for y := range side {
			for x := range side {
				v := 0.5 + 0.4*math.Sin(float64(x*(n%5+1)+y*(n/5))/3)
				im.SetGray(x, y, color.Gray{uint8(255 * v)})
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, im); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.png", n)), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// tiny are small specs of every way in which a method can be carried out.
func tiny(t *testing.T) map[string]lab.Spec {
	small, big := pictures(t, 8), pictures(t, 24)
	return map[string]lab.Spec{
		"identity": {Method: "identity", Task: "restore:denoise25:folder:" + big},
		"fista":    {Method: "fista", Task: "restore:inpaint50:folder:" + big},
		"linear":   {Method: "linear", Task: "restore:superres3:folder:" + big, Set: lab.Set{"window": 3, "patch": 10, "patches": 9}},
		"pca":      {Method: "pca", Task: "generate:folder:" + small, Set: lab.Set{"latent": 3}},
		"vae":      {Method: "vae", Task: "generate:folder:" + small, Steps: 12, Set: lab.Set{"hidden": "8", "latent": 2, "batch": 4}, Eval: lab.Eval{Annealing: 5}},
		"vae-gaussian": {Method: "vae", Task: "generate:folder:" + small, Steps: 12,
			Set: lab.Set{"hidden": "8", "latent": 2, "batch": 4, "likelihood": "gaussian"}},
		"iwae-logistic": {Method: "iwae", Task: "generate:folder:" + small, Steps: 12,
			Set: lab.Set{"hidden": "8", "latent": 2, "batch": 4, "likelihood": "logistic"}},
		"beta-vae": {Method: "beta-vae", Task: "generate:folder:" + small, Steps: 12,
			Set: lab.Set{"hidden": "8", "latent": 2, "batch": 4, "warm-up": 9, "free-bits": 0.1}},
		"vq-vae": {Method: "vq-vae", Task: "generate:folder:" + small, Steps: 12,
			Set: lab.Set{"codes": 5, "size": 3, "width": 3, "layers": 1, "batch": 4}},
		"dcgan": {Method: "dcgan", Task: "generate:folder:" + small, Steps: 12, Set: lab.Set{"width": 4, "latent": 3, "batch": 4}},
		"dcgan-spectral": {Method: "dcgan", Task: "generate:folder:" + small, Steps: 12,
			Set: lab.Set{"width": 4, "latent": 3, "batch": 4, "loss": "hinge", "norm": "spectral", "critic": 2, "penalty": 1}},
		"dncnn": {Method: "dncnn", Task: "restore:denoise25:folder:" + big, Steps: 12,
			Set: lab.Set{"depth": 3, "width": 4, "patch": 8, "batch": 2}},
		"ksvd": {Method: "ksvd", Task: "restore:inpaint50:folder:" + big,
			Set: lab.Set{"patch": 4, "atoms": 5, "most": 3, "sparsity": 2, "learn": 2, "adapt": 1, "learn-batch": 40}},
		"odl": {Method: "odl", Task: "restore:denoise25:folder:" + big, Set: lab.Set{"patch": 4, "atoms": 5, "most": 3, "batch": 10, "learn": 40}},
		"dip": {Method: "dip", Task: "restore:inpaint50:folder:" + big, Seed: 3, Set: lab.Set{"steps": 4, "levels": 1, "width": 2, "channels": 2}, Eval: lab.Eval{Images: 2}},
		"cyclegan": {Method: "cyclegan", Task: "translate:folder:" + pairs(t, 32), Steps: 12, // which has an image pool, and a network that does not learn
			Set: lab.Set{"width": 2, "layers": 1, "pool": 5, "identity": 0, "batch": 2, "content": 1, "resize": true, "register": true,
				"projected": true, "norm": "none", "ratio": 2, "average": 0.5, "generator": "unet", "fine": true, "enlarge": true, "relax": 9}},
		"pix2pix-perceptual": {Method: "pix2pix", Task: "translate:folder:" + pairs(t, 32), Steps: 12,
			Set: lab.Set{"width": 2, "layers": 1, "batch": 2, "perceptual": 10, "resize": true, "register": true, "projected": true, "average": 0.5, "norm": "none", "fine": true}},
	}
}

// content reads what of a run must be reproducible.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		name := filepath.Base(p)
		if name == "weights.safetensors" || name == "events.jsonl" || name == "spec.json" || strings.HasPrefix(name, "metrics-") {
			b, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = string(b)
		}
	}
	if len(out) < 3 {
		t.Fatalf("%s holds only %d of a run's files", dir, len(out))
	}
	return out
}

func same(t *testing.T, a, b map[string]string) {
	t.Helper()
	for name := range a {
		if a[name] != b[name] {
			t.Errorf("%s differs (%d and %d bytes)", name, len(a[name]), len(b[name]))
		}
	}
	if len(a) != len(b) {
		t.Errorf("%d files and %d files", len(a), len(b))
	}
}

func TestNotFinite(t *testing.T) {
	spec := tiny(t)["vae"]
	spec.Runs = t.TempDir()
	spec.Set["likelihood"] = "gaussian"
	spec.Set["learning-rate"] = 1e30
	_, err := New(Options{}).Run(context.Background(), spec, nil)
	if !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), "at step") {
		t.Errorf("a diverging run: %v", err)
	}
}

// TestWaiting asks for one run from two engines at once: the second gets the first's result.
func TestWaiting(t *testing.T) {
	spec := tiny(t)["vae"]
	spec.Runs = t.TempDir()
	type answer struct {
		r   *lab.Result
		err error
	}
	answers := make(chan answer)
	for range 2 {
		go func() {
			r, err := New(Options{}).Run(context.Background(), spec, nil)
			answers <- answer{r, err}
		}()
	}
	cached := 0
	for range 2 {
		a := <-answers
		if a.err != nil {
			t.Fatal(a.err)
		}
		if a.r.Cached {
			cached++
		}
	}
	if cached != 1 {
		t.Errorf("%d of two equal runs were cached", cached)
	}
}

func resolved(t *testing.T, e *Engine, spec lab.Spec) lab.Spec {
	t.Helper()
	out, err := e.Resolve(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	out.Runs = spec.Runs
	return out
}

func TestSample(t *testing.T) {
	e := New(Options{})
	spec := tiny(t)["dcgan"]
	spec.Runs = t.TempDir()
	ctx, cancel := context.WithCancelCause(context.Background())
	dir := record.Path(resolved(t, e, spec))
	if step, _, err := e.Preview(ctx, dir, 0, 3); step != 0 || err == nil {
		t.Errorf("before the run there are samples of step %d, %v", step, err)
	}
	_, err := e.Run(ctx, spec, func(ev lab.Event) {
		if ev.Step == 5 {
			cancel(errors.New("enough"))
		}
	})
	step, early, perr := e.Preview(context.Background(), dir, 0, 3)
	if err == nil || perr != nil || step < 5 || len(early) != 3 || early[0].Height != 8 {
		t.Errorf("in its middle there are %d samples of step %d, %v; the run was stopped by %v", len(early), step, perr, err)
	}
	if again, _, err := e.Preview(context.Background(), dir, step, 3); again != 0 || err != nil {
		t.Errorf("after step %d there is step %d, %v", step, again, err)
	}
	r, err := e.Run(context.Background(), spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	if step, _, err := e.Preview(context.Background(), dir, 0, 3); step != 0 || err != nil {
		t.Errorf("when it is over there is a checkpoint of step %d, %v", step, err)
	}
	a, err := e.Sample(context.Background(), r.Dir, lab.Draw{N: 5, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := e.Sample(context.Background(), r.Dir, lab.Draw{N: 5, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	other, err := e.Sample(context.Background(), r.Dir, lab.Draw{N: 5, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(a) != 5 || a[0].Height != 8 || fmt.Sprint(a) != fmt.Sprint(b) || fmt.Sprint(a) == fmt.Sprint(other) {
		t.Error("samples are not a function of the seed")
	}
	if now, err := e.Sample(context.Background(), r.Dir, lab.Draw{N: 3}); err != nil || fmt.Sprint(now) == fmt.Sprint(early) {
		t.Errorf("the last steps have changed nothing, %v", err)
	}
}

// TestGround refuses to go on with a run on other ground, unless it is forced.
func TestGround(t *testing.T) {
	spec := tiny(t)["vae"]
	spec.Runs = t.TempDir()
	e := New(Options{})
	ctx, cancel := context.WithCancelCause(context.Background())
	_, _ = e.Run(ctx, spec, func(ev lab.Event) {
		if ev.Step == 5 {
			cancel(errors.New("enough"))
		}
	})
	resolved, err := e.Resolve(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(record.Path(resolved), "environment.jsonl")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(b, []byte(`"threads":"`), []byte(`"threads":"9`), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	var misuse UsageError
	if _, err := e.Run(context.Background(), spec, nil); !errors.As(err, &misuse) || !strings.Contains(err.Error(), "--force") {
		t.Errorf("on other ground: %v", err)
	}
	if _, err := New(Options{Force: true}).Run(context.Background(), spec, nil); err != nil {
		t.Errorf("forced: %v", err)
	}
}
