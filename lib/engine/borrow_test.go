package engine

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"darkroom/lib/lab"
)

// TestFrom: a run that takes its weights from another one is measured as that is on the same task, and can be on another one; it is another
// run than one that was trained; what does not fit is named.
func TestFrom(t *testing.T) {
	e, ctx := New(Options{}), context.Background()
	folder := ":folder:" + pictures(t, 24)
	trained := lab.Spec{Method: "dncnn", Task: "restore:denoise5-55" + folder, Steps: 3, Seed: 4, Runs: t.TempDir(),
		Set: lab.Set{"depth": 3, "width": 4, "patch": 8, "batch": 2}, Eval: lab.Eval{Images: 1}}
	own, err := e.Run(ctx, trained, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range []string{"restore:denoise5-55", "restore:denoise40"} {
		s := lab.Spec{Method: "dncnn", Task: task + folder, Runs: trained.Runs, From: own.Hash[:8], Eval: lab.Eval{Images: 1}}
		r, err := e.Run(ctx, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Dir == own.Dir || r.Spec.From != filepath.Base(own.Dir) || r.Spec.Seed != 4 || r.Spec.Steps != 0 || r.Spec.Set["width"] != 4 {
			t.Errorf("%s: %+v", task, r.Spec)
		}
		if same := slices.Equal(r.Metrics["psnr"].Values, own.Metrics["psnr"].Values); same != (s.Task == trained.Task) {
			t.Errorf("%s: PSNR %v, and %v where it was trained", task, r.Metrics["psnr"].Values, own.Metrics["psnr"].Values)
		}
		if again, err := e.Run(ctx, s, nil); err != nil || !again.Cached || again.PerMegapixel != r.PerMegapixel || r.PerMegapixel <= 0 {
			t.Errorf("%s, once more: %v, after %v s for a megapixel", task, err, r.PerMegapixel)
		}
		resolved := r.Spec // as a notebook's engine gets it, its numbers as JSON has them
		resolved.Runs, resolved.Eval, resolved.Set = s.Runs, s.Eval, maps.Clone(resolved.Set)
		resolved.Set["width"] = 4.0
		if again, err := e.Run(ctx, resolved, nil); err != nil || !again.Cached {
			t.Errorf("%s, resolved: %v", task, err)
		}
	}
	pnp := lab.Spec{Method: "pnp", Task: "restore:gaussian0.6+denoise2" + folder, Runs: trained.Runs, From: own.Hash, Set: lab.Set{"iterations": 1}, Eval: lab.Eval{Images: 1}}
	r, err := e.Run(ctx, pnp, nil)
	if err != nil || r.Spec.Seed != 4 || r.Spec.Set["iterations"] != 1 {
		t.Fatalf("pnp: %+v, %v", r, err)
	}
	pnp.From = ""
	if _, err := e.Run(ctx, pnp, nil); err == nil || !strings.Contains(err.Error(), "pnp works with what another method learnt; name a run of it with --run") {
		t.Errorf("pnp without a run: %v", err)
	}
	csgm := lab.Spec{Method: "csgm", Task: pnp.Task, Runs: trained.Runs, From: own.Hash}
	if _, err := e.Run(ctx, csgm, nil); err == nil || !strings.Contains(err.Error(), "the run of dncnn did not learn to make pictures") {
		t.Errorf("csgm with a denoiser: %v", err)
	}
	for want, change := range map[string]func(s *lab.Spec){
		"no run \"dncnn-restore\" in":                       func(s *lab.Spec) { s.From = "dncnn-restore" },
		"is of dncnn, not of srcnn":                         func(s *lab.Spec) { s.Method, s.Set = "srcnn", nil },
		"identity, so set, learns nothing; leave --run out": func(s *lab.Spec) { s.Method, s.Set = "identity", nil },
		"parameters and steps do not go with a run":         func(s *lab.Spec) { s.Steps = 3 },
		"is not in the folder of runs":                      func(s *lab.Spec) { s.From, s.Runs = own.Dir, t.TempDir() },
	} {
		s := lab.Spec{Method: "dncnn", Task: trained.Task, Runs: trained.Runs, From: own.Hash}
		change(&s)
		if _, err := e.Resolve(ctx, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
