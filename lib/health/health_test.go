package health

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"darkroom/lib/lab"
)

// kept reads the curves of a real run that testdata/keep.py kept.
func kept(t *testing.T, path string) Run {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Command, Commit string
		Spec            lab.Spec
		Curves          lab.Curves
	}
	if err := json.Unmarshal(b, &r); err != nil || r.Command == "" || r.Commit == "" {
		t.Fatalf("%s: %+v, %v", path, r, err)
	}
	return Run{Spec: r.Spec, Curves: r.Curves}
}

func names(verdicts []lab.Verdict) (out []string) {
	for _, v := range verdicts {
		out = append(out, v.Name)
	}
	return out
}

// TestRealRuns: of runs that were made to suffer from what their file is named after it is said, and of those that were well nothing. More of them are trained by
// lib/engine's tests.
func TestRealRuns(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%v, %v", paths, err)
	}
	for _, path := range paths {
		want := strings.Split(strings.ReplaceAll(strings.TrimSuffix(filepath.Base(path), ".json"), "-", " "), "+")
		if strings.HasPrefix(want[0], "healthy") {
			want = nil
		}
		if verdicts := Check(kept(t, path)); !slices.Equal(names(verdicts), want) {
			t.Errorf("%s: %q", path, verdicts)
		}
	}
}

// run is a run of n events, each ten steps, of curves that are functions of the share that is done.
func run(n int, set lab.Set, curves map[string]func(t float64) float64) Run {
	r := Run{Spec: lab.Spec{Steps: 10 * n, Set: set}}
	for name, f := range curves {
		s := lab.Series{Name: name}
		for i := range n {
			s.X, s.Y = append(s.X, float64(10*(i+1))), append(s.Y, f(float64(i)/float64(n)))
		}
		r.Curves = append(r.Curves, s)
	}
	return r
}

func constant(v float64) func(float64) float64 { return func(float64) float64 { return v } }

func falling(to float64) func(float64) float64 {
	return func(t float64) float64 { return to + (1-to)*math.Exp(-20*t) }
}

// TestChecks puts each check on both sides of what it looks for.
func TestChecks(t *testing.T) {
	type curves map[string]func(t float64) float64
	spike := func(size float64) func(t float64) float64 {
		return func(t float64) float64 {
			if t >= 0.5 && t < 0.505 {
				return size
			}
			return 1 + 0.2*math.Sin(60*t)
		}
	}
	for _, c := range []struct {
		name   string
		ill    Run
		well   Run
		figure string // in the line
	}{
		{"exploding", run(100, nil, curves{"gradient/norm": spike(150)}), run(100, nil, curves{"gradient/norm": spike(50)}), "norm 150 at step 510"},
		{"dying updates", run(100, nil, curves{"gradient/generator": falling(1e-8)}), run(100, nil, curves{"gradient/generator": falling(1e-4)}), "the generator's gradient is"},
		{"discriminator wins", run(100, nil, curves{"discriminator/accuracy": constant(0.99), "gradient/generator": falling(0.01)}),
			run(100, nil, curves{"discriminator/accuracy": constant(0.9)}), "99.0 % accuracy for 990 steps"},
		{"discriminator wins", run(100, nil, curves{"discriminators/accuracy-a": constant(0.6), "discriminators/accuracy-b": constant(0.99)}),
			run(100, nil, curves{"discriminators/accuracy-a": constant(0.6), "discriminators/accuracy-b": constant(0.9)}), "the discriminator of B wins: 99.0 % accuracy for 990 steps"},
		{"saturated losses", run(100, nil, curves{"discriminator/loss": constant(0.01), "gradient/generator": falling(0.001)}),
			run(100, nil, curves{"discriminator/loss": constant(0.5), "gradient/generator": falling(0.001)}), "the discriminator's loss is 0.01"},
		{"mode collapse", run(100, nil, curves{"generator/diversity": falling(0.1)}), run(100, nil, curves{"generator/diversity": falling(0.5)}), "12 % of the 0.85 at step 10"},
		{"posterior collapse", run(100, nil, curves{"kl": constant(0.1)}), run(100, nil, curves{"kl": constant(2)}), "the code carries 0.1 nats"},
		{"posterior collapse", run(100, lab.Set{"latent": 50.0}, curves{"kl": constant(9), "units/active": constant(3)}),
			run(100, lab.Set{"latent": 50.0}, curves{"kl": constant(9), "units/active": constant(10)}), "only 3.0 of the code's 50 units"},
		{"posterior collapse", run(100, nil, curves{"encoder/kl": constant(0.1)}), run(100, nil, curves{"encoder/kl": constant(2)}), "the code carries 0.1 nats"},
		{"codebook collapse", run(100, lab.Set{"codes": 256}, curves{"autoencoder/codes/perplexity": constant(4)}),
			run(100, lab.Set{"codes": 256}, curves{"autoencoder/codes/perplexity": constant(100)}), "4.0 entries of 256"},
		{"still falling", run(100, nil, curves{"loss": func(t float64) float64 { return 2 - t }}), run(100, nil, curves{"loss": falling(0.2)}), "try --steps 4000"},
	} {
		verdicts := Check(c.ill)
		i := slices.Index(names(verdicts), c.name)
		if i < 0 {
			t.Errorf("%s: it says %q", c.name, verdicts)
			continue
		}
		if v := verdicts[i]; !strings.Contains(v.Line, c.figure) || len(c.ill.Curves.Select(v.Curves...)) == 0 {
			t.Errorf("%s: %q of %q does not say %q", c.name, v.Line, v.Curves, c.figure)
		}
		if verdicts := Check(c.well); slices.Contains(names(verdicts), c.name) {
			t.Errorf("%s: of the one that is well it says %q", c.name, verdicts)
		}
		short := c.ill
		for k := range short.Curves {
			short.Curves[k].X, short.Curves[k].Y = short.Curves[k].X[:least-1], short.Curves[k].Y[:least-1]
		}
		if verdicts := Check(short); len(verdicts) > 0 {
			t.Errorf("%s: of a beginning it says %q", c.name, verdicts)
		}
	}
}

// TestOverfitting compares what was seen last with what was measured.
func TestOverfitting(t *testing.T) {
	vae := run(100, nil, map[string]func(float64) float64{"reconstruction": constant(70), "kl": constant(20)})
	lenet := run(100, nil, map[string]func(float64) float64{"accuracy": constant(0.99)})
	for _, c := range []struct {
		run    Run
		metric string
		value  float64
		says   string
	}{
		{vae, "elbo", -95, ""},
		{vae, "elbo", -102, "the ELBO is -90 nats on them, and -102 on test images"},
		{lenet, "accuracy", 0.96, ""},
		{lenet, "accuracy", 0.9, "99.0 % of them are put into the right class, and 90.0 % of test images"},
	} {
		c.run.Metrics = map[string]lab.Metric{c.metric: {Value: c.value}}
		verdicts := Check(c.run)
		if c.says == "" && len(verdicts) > 0 || c.says != "" && (len(verdicts) != 1 || !strings.Contains(verdicts[0].Line, c.says)) {
			t.Errorf("%s %g: %q", c.metric, c.value, verdicts)
		}
	}
}

func TestDiverged(t *testing.T) {
	r := RunOf(lab.Spec{}, []lab.Event{{Step: 1, Values: map[string]float64{"loss": 1}}, {Step: 2, Stage: Diverged, Note: "loss became NaN at step 2"}}, nil)
	if v := Check(r); len(v) != 1 || !strings.Contains(v[0].Line, "loss became NaN at step 2; try a lower learning rate") {
		t.Errorf("%q", v)
	}
	if v := Check(RunOf(lab.Spec{}, nil, nil)); len(v) > 0 {
		t.Errorf("of nothing it says %q", v)
	}
}
