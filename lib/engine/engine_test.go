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
	"time"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/nn"
	"darkroom/lib/record"

	"github.com/gomlx/gomlx/core/graph"
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
		"cyclegan": {Method: "cyclegan", Task: "translate:folder:" + pairs(t, 16), Steps: 12, // which has an image pool
			Set: lab.Set{"width": 2, "layers": 1, "blocks": 1, "pool": 5, "identity": 0, "batch": 2}},
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

// TestReproducible carries out each spec in two fresh folders, in a third with an interruption in the middle, and once more: all
// must agree byte for byte.
func TestReproducible(t *testing.T) {
	e := New(Options{Say: func(s string) { t.Log(s) }})
	for name, spec := range tiny(t) {
		t.Run(name, func(t *testing.T) {
			spec.Runs = t.TempDir()
			first, err := e.Run(context.Background(), spec, nil)
			if err != nil {
				t.Fatal(err)
			}
			for n, m := range first.Metrics {
				if n == "bits-per-dimension" && math.Abs(m.Value+first.Metrics["log-likelihood"].Value/math.Ln2/64) > 1e-9 {
					t.Errorf("%g bits for each of 64 pixels, but log p(x) is %g nats", m.Value, first.Metrics["log-likelihood"].Value)
				}
				if m.Protocol == "" || math.IsNaN(m.Value) {
					t.Errorf("metric %s = %v with protocol %q", n, m.Value, m.Protocol)
				}
			}
			again, err := e.Run(context.Background(), spec, nil)
			if err != nil || !again.Cached || again.Dir != first.Dir {
				t.Errorf("the second call: cached %v, %v", again != nil && again.Cached, err)
			}
			want := content(t, first.Dir)

			spec.Runs = t.TempDir()
			fresh, err := e.Run(context.Background(), spec, nil)
			if err != nil {
				t.Fatal(err)
			}
			same(t, want, content(t, fresh.Dir))

			spec.Runs = t.TempDir()
			if spec.Steps == 0 {
				if strings.HasPrefix(spec.Task, "restore:") {
					same(t, want, content(t, stopped(t, e, spec).Dir))
				}
				return
			}
			cut, resumed := interrupted(t, e, spec)
			if !resumed {
				t.Error("the interrupted run did not go on from a checkpoint")
			}
			same(t, want, content(t, cut.Dir))
		})
	}
}

// stopped carries out a spec of a restorer, stops it when one picture is restored, and begins it again.
func stopped(t *testing.T, e *Engine, spec lab.Spec) *lab.Result {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	_, err := e.Run(ctx, spec, func(ev lab.Event) {
		if ev.Stage == "evaluate" && ev.Note != "" {
			cancel(errors.New("enough"))
		}
	})
	if err == nil || !strings.Contains(err.Error(), "enough") || !strings.Contains(err.Error(), "the same command") {
		t.Fatalf("a run that was stopped says: %v", err)
	}
	r, err := e.Run(context.Background(), spec, nil)
	if err != nil || r.Cached {
		t.Fatalf("after it was stopped: %v", err)
	}
	return r
}

// TestFitStops: what is learnt at once is given up where the context has ended.
func TestFitStops(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	calls := 0
	fit := runner{ctx, xlatest.Backend(t)}.Compile(func(in []*graph.Node) []*graph.Node { return in })
	one := methods.Array{Shape: []int{1}, Data: []float32{1}}
	for range 3 {
		if _, err := fit(one); err != nil {
			if !strings.Contains(err.Error(), "enough") || !strings.Contains(err.Error(), "begins again") {
				t.Error(err)
			}
			break
		}
		if calls++; calls == 2 {
			cancel(errors.New("enough"))
		}
	}
	if calls != 2 {
		t.Errorf("%d calls went through, want 2", calls)
	}
}

// interrupted carries out a spec, interrupts it after the fifth event and lets it go on.
func interrupted(t *testing.T, e *Engine, spec lab.Spec) (*lab.Result, bool) {
	t.Helper()
	resumed := false
	for range 2 {
		ctx, cancel := context.WithCancelCause(context.Background())
		events := 0
		r, err := e.Run(ctx, spec, func(ev lab.Event) {
			if ev.Elapsed > 0 { // of this session
				if events++; events == 5 && !resumed {
					cancel(errors.New("enough"))
				}
			}
		})
		cancel(nil)
		if err == nil {
			return r, r.Resumed
		}
		resumed = true
		if !strings.Contains(err.Error(), "enough") || !strings.Contains(err.Error(), "goes on from there") {
			t.Fatalf("an interrupted run says: %v", err)
		}
	}
	t.Fatal("the run was never finished")
	return nil, false
}

// tuned is a method that trains with all that an optimizer has a state for.
type tuned struct{ *methods.VAE }

// Objectives implements methods.Trainable.
func (m tuned) Objectives() []methods.Objective {
	o := m.VAE.Objectives()
	o[0].Average = 0.9
	o[0].Optimizer = nn.Adam{LearningRate: m.LearningRate, UpdateConfig: nn.UpdateConfig{
		Accumulate: 3, ClipNorm: 5, WeightDecay: 0.01, Schedule: nn.WarmUp(2, nn.Cosine(0.1)),
	}}
	return o
}

// TestTuned interrupts a training with accumulation, clipping, warm-up, cosine and averages again and again, at each place between two updates,
// and compares it with an undisturbed one, byte for byte.
func TestTuned(t *testing.T) {
	e, spec := New(Options{}), tiny(t)["vae"]
	spec.Steps = 16
	learn := func(runs string, sessionSteps int) (sessions int, dir string) {
		t.Helper()
		spec.Runs = runs
		spec, err := e.Resolve(context.Background(), spec)
		if err != nil {
			t.Fatal(err)
		}
		for {
			sessions++
			ctx, cancel := context.WithCancelCause(context.Background())
			steps := 0
			j, err := e.prepare(ctx, spec, func(ev lab.Event) {
				if ev.Elapsed > 0 { // of this session
					if steps++; steps == sessionSteps {
						cancel(errors.New("enough"))
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			j.method = tuned{j.method.(*methods.VAE)}
			w, err := record.Acquire(ctx, spec, func(s string) { t.Log(s) })
			if err != nil {
				t.Fatal(err)
			}
			_, err = j.learn(ctx, w)
			w.Close()
			cancel(nil)
			if err == nil {
				return sessions, w.Dir
			}
			if !strings.Contains(err.Error(), "enough") {
				t.Fatal(err)
			}
		}
	}
	_, whole := learn(t.TempDir(), 0)
	sessions, cut := learn(t.TempDir(), 4)
	if sessions != 4 {
		t.Errorf("%d sessions, want 4", sessions)
	}
	same(t, content(t, whole), content(t, cut))
	r, err := record.Open(whole)
	if err != nil {
		t.Fatal(err)
	}
	events, err := r.Events()
	if err != nil {
		t.Fatal(err)
	}
	for i, ev := range events { // the rates of 5 updates: half, whole, and the cosine over what is left
		update := i / 3
		want := 1e-3 * float64(update+1) / 2
		if update > 1 {
			want = 1e-3 * (0.1 + 0.9*0.5*(1+math.Cos(math.Pi*float64(update-2)/3)))
		}
		if got := ev.Values["learning-rate"]; math.Abs(got-want) > 1e-9 {
			t.Errorf("step %d: the learning rate is %g, want %g", ev.Step, got, want)
		}
		if norm := ev.Values["gradient/norm"]; (norm > 0) != (ev.Step >= 3) {
			t.Errorf("step %d: the gradients of the last update have norm %g", ev.Step, norm)
		}
	}
}

// TestDamage cuts and edits the files of an unfinished run: it falls back to the last good checkpoint, says so, and ends as if
// nothing had happened.
func TestDamage(t *testing.T) {
	spec := tiny(t)["vae"]
	e := New(Options{Checkpoint: time.Nanosecond})
	spec.Runs = t.TempDir()
	want, err := e.Run(context.Background(), spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(path string, at int64) {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b[(at+int64(len(b)))%int64(len(b))] ^= 1
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		damage func(r *record.Run)
		says   string
	}{
		"checkpoint edited": {func(r *record.Run) { flip(r.Checkpoints()[0].Path, -3) }, "passed over"},
		"events truncated":  {func(r *record.Run) { _ = os.Truncate(filepath.Join(r.Dir, "events.jsonl"), 20) }, "beginning anew"},
	} {
		t.Run(name, func(t *testing.T) {
			var said []string
			e := New(Options{Checkpoint: time.Nanosecond, Say: func(s string) { said = append(said, s) }})
			s := spec
			s.Runs = t.TempDir()
			ctx, cancel := context.WithCancelCause(context.Background())
			if _, err := e.Run(ctx, s, func(ev lab.Event) {
				if ev.Step == 9 {
					cancel(errors.New("enough"))
				}
			}); err == nil {
				t.Fatal("not interrupted")
			}
			resolved, err := e.Resolve(context.Background(), s)
			if err != nil {
				t.Fatal(err)
			}
			r, err := record.Open(record.Path(resolved))
			if err != nil {
				t.Fatal(err)
			}
			c.damage(r)
			got, err := e.Run(context.Background(), s, nil)
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(said, "\n"); !strings.Contains(all, c.says) {
				t.Errorf("it said %q, without %q", all, c.says)
			}
			same(t, content(t, want.Dir), content(t, got.Dir))
		})
	}
	t.Run("spec edited", func(t *testing.T) {
		s := spec
		s.Runs = t.TempDir()
		ctx, cancel := context.WithCancelCause(context.Background())
		_, _ = e.Run(ctx, s, func(lab.Event) { cancel(errors.New("enough")) })
		resolved, err := e.Resolve(context.Background(), s)
		if err != nil {
			t.Fatal(err)
		}
		flip(filepath.Join(record.Path(resolved), "spec.json"), 200)
		if _, err := e.Run(context.Background(), s, nil); !errors.Is(err, record.ErrDamaged) {
			t.Errorf("an edited spec: %v", err)
		}
	})
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
