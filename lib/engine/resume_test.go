package engine

import (
	"context"
	"errors"
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
