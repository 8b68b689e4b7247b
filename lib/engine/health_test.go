package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"darkroom/lib/health"
	"darkroom/lib/lab"
	"darkroom/lib/record"
)

// TestHealth makes runs that suffer from one thing each, and one that is well, and asks what is wrong with them.
func TestHealth(t *testing.T) {
	task := "generate:folder:" + pictures(t, 8)
	vae := func(steps int, set lab.Set) lab.Spec {
		for k, v := range (lab.Set{"hidden": "16", "latent": 2, "batch": 8}) {
			if _, ok := set[k]; !ok {
				set[k] = v
			}
		}
		return lab.Spec{Method: "vae", Task: task, Steps: steps, Set: set}
	}
	e := New(Options{})
	for _, c := range []struct {
		name string
		spec lab.Spec
		says []string // beginnings and figures of what is said
	}{
		{"healthy", vae(1500, lab.Set{"batch": 16, "learning-rate": 0.01, "decay": 0.5}), nil},
		{"posterior collapse", lab.Spec{Method: "beta-vae", Task: task, Steps: 300, Set: lab.Set{"hidden": "16", "latent": 2, "batch": 8, "beta": 100}}, []string{"the posterior has collapsed: since step"}},
		{"overfitting", vae(400, lab.Set{"hidden": "128", "latent": 16, "batch": 16, "learning-rate": 0.01, "likelihood": "gaussian"}),
			[]string{"it has learnt the training images by heart: the ELBO is", "the loss is still falling: -"}},
		// The first steps are so large that a tanh or a logistic loss is flat ever after.
		{"dying updates", lab.Spec{Method: "gan", Task: task, Steps: 150, Set: lab.Set{
			"hidden": "16", "discriminator": "8", "batch": 8, "learning-rate": 3, "dropout": 0, "pieces": 1}}, []string{"the updates have died: since step"}},
		{"codebook collapse", lab.Spec{Method: "vq-vae", Task: "generate:folder:" + pictures(t, 4), Steps: 150, Set: lab.Set{
			"codes": 512, "size": 2, "width": 4, "layers": 1, "batch": 8, "restart": "false"}}, []string{"the codebook has collapsed: since step"}},
		{"exploding", vae(50, lab.Set{"likelihood": "gaussian", "learning-rate": 1e30}), []string{"the training exploded: loss became"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spec.Runs = t.TempDir()
			spec, err := e.Resolve(context.Background(), c.spec)
			if err != nil {
				t.Fatal(err)
			}
			result, err := e.Run(context.Background(), c.spec, nil)
			r, rerr := record.Open(record.Path(spec))
			if rerr != nil || err != nil && !errors.Is(err, ErrNotFinite) {
				t.Fatal(err, rerr)
			}
			events, err := r.Events()
			if err != nil {
				t.Fatal(err)
			}
			verdicts := health.Check(health.RunOf(spec, events, r.AllMetrics()))
			var said, names []string
			for _, v := range verdicts {
				said, names = append(said, v.Line), append(names, v.Name)
				if curves := lab.CurvesOf(events).Select(v.Curves...); len(curves) == 0 && v.Name != "exploding" {
					t.Errorf("%q comes from no curve", v.Line)
				}
			}
			all := strings.Join(said, "\n")
			t.Log(all)
			if len(c.says) == 0 && len(verdicts) > 0 || len(c.says) > 0 && !slices.Contains(names, c.name) {
				t.Errorf("it says %q", all)
			}
			for _, s := range c.says {
				if !strings.Contains(all, s) {
					t.Errorf("it says %q, without %q", all, s)
				}
			}
			if result != nil && len(result.Health) != len(verdicts) {
				t.Errorf("the result says %v", result.Health)
			}
		})
	}
}
