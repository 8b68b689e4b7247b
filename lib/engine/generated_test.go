package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"darkroom/lib/data"
	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/record"

	"github.com/gomlx/gomlx/ml/model"
)

// stripes are grey pictures of 8×8 whose class is the direction of their stripes, with some noise.
func stripes(n int, seed uint64) data.Split {
	r := rand.New(rand.NewPCG(seed, 3))
	out := make(data.Split, n)
	for i := range out {
		p := data.Picture{Height: 8, Width: 8, Channels: 1, Pix: make([]uint8, 64), Label: int32(i % 2)}
		phase := r.IntN(4)
		for k := range p.Pix {
			at := k / 8
			if p.Label == 1 {
				at = k % 8
			}
			p.Pix[k] = uint8(r.IntN(60) + 150*((at+phase)/2%2))
		}
		out[i] = p
	}
	return out
}

// generating is a job on stripes, with an eye that has not been trained: its weights, and so its features, are random.
func generating(t *testing.T, m methods.Method, samples, test int) (*job, *eye) {
	t.Helper()
	e := New(Options{})
	j := &job{
		engine: e, backend: xlatest.Backend(t), method: m, task: lab.Task{Kind: lab.Generate, Data: "stripes"},
		spec:    lab.Spec{Method: "made", Task: "generate:stripes", Eval: lab.Eval{Samples: samples}, Runs: t.TempDir()},
		problem: methods.Problem{Kind: lab.Generate, Height: 8, Width: 8, Channels: 1, Classes: 2},
		data:    &data.Dataset{Info: data.Info{Name: "stripes", Classes: []string{"a", "b"}}, Train: stripes(400, 1), Test: stripes(test, 2)},
	}
	net := new(methods.LeNet)
	for _, m := range []methods.Method{m, net} {
		if err := m.Pose(j.problem); err != nil {
			t.Fatal(err)
		}
	}
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(1); err != nil {
		t.Fatal(err)
	}
	return j, &eye{name: "lenet, not trained", backend: j.backend, store: store, look: net.Look}
}

// scores measures what the job's method draws.
func scores(t *testing.T, j *job, e *eye) (map[string]lab.Metric, *record.Writer) {
	t.Helper()
	w, err := record.Acquire(context.Background(), j.spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	if err := w.Finish(nil); err != nil {
		t.Fatal(err)
	}
	var samples [][]float32
	if err := j.draw(context.Background(), &w.Run, lab.Draw{N: j.spec.Eval.Samples, Seed: evalSeed}, func(p []float32) { samples = append(samples, p) }); err != nil {
		t.Fatal(err)
	}
	view, err := e.see(context.Background(), len(samples), 8, 8, 1, func(i int) []float32 { return samples[i] })
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]lab.Metric{}
	judge := &lab.Result{Hash: "made", Metrics: map[string]lab.Metric{"accuracy": {Value: 1}}}
	if err := errors.Join(j.classesOf(view, judge, out), j.byFeatures(context.Background(), w, e, samples, view, out)); err != nil {
		t.Fatal(err)
	}
	return out, w
}

// TestFloorAndCeiling: training images are near to test images by every measure and are found to be copies; noise is far, and no copy.
func TestFloorAndCeiling(t *testing.T) {
	j, e := generating(t, new(methods.Replay), 300, 300)
	floor, w := scores(t, j, e)
	j, e = generating(t, new(methods.Noise), 300, 300)
	ceiling, _ := scores(t, j, e)
	at := func(m map[string]lab.Metric, name string) float64 {
		t.Helper()
		if m[name].Protocol == "" {
			t.Fatalf("%s was not measured", name)
		}
		return m[name].Value
	}
	for _, name := range []string{"fid", "kid"} {
		if low, high := at(floor, name), at(ceiling, name); low > high/20 {
			t.Errorf("%s: training images %g, noise %g", name, low, high)
		}
	}
	for name, least := range map[string]float64{"prdc-precision": 0.8, "prdc-density": 0.8, "prdc-coverage": 0.8, "memorised": 1, "closer-than-test": 1} {
		if low, high := at(floor, name), at(ceiling, name); low < least || high > 0.2 {
			t.Errorf("%s: training images %g, noise %g", name, low, high)
		}
	}
	if recall := at(floor, "prdc-recall"); recall < 0.8 { // that of noise says little: its balls are wide
		t.Errorf("prdc-recall: training images %g", recall)
	}
	if kid := ceiling["kid"]; kid.Low == nil || *kid.Low >= kid.Value || *kid.High <= kid.Value {
		t.Errorf("the interval of KID is %v", kid)
	}
	if tv := at(floor, "label-tv"); tv > 1 || tv < 0 {
		t.Errorf("label-tv %g", tv)
	}
	want := "300 samples against 300 of the 300 test images of generate:stripes, evenly spread, features: lenet, not trained"
	if p := floor["fid"].Protocol; !strings.Contains(p, want) {
		t.Errorf("protocol %q does not say %q", p, want)
	}
	sample, err := w.Picture("nearest-1", "sample")
	if err != nil {
		t.Fatal(err)
	}
	training, err := w.Picture("nearest-1", "training")
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range sample.Pix {
		if v != training.Pix[k] {
			t.Fatal("the nearest training image of a training image is another one")
		}
	}
}

func TestTooFewForFID(t *testing.T) {
	var misuse UsageError
	j, _ := generating(t, new(methods.Noise), 128, 300)
	if err := j.enoughSamples(); !errors.As(err, &misuse) || !strings.Contains(err.Error(), "samples = 128, but FID on 128 features needs more than 128; give --samples") {
		t.Errorf("128 samples: %v", err)
	}
	j.spec.Eval.Samples = 129
	if err := j.enoughSamples(); err != nil {
		t.Error(err)
	}
	j, e := generating(t, new(methods.Noise), 129, 100)
	var said string
	j.engine.options.Say = func(s string) { said = s }
	out, _ := scores(t, j, e)
	if _, fid := out["fid"]; fid || out["kid"].Protocol == "" || said != "FID is left out: 100 test images are too few for 128 features; KID needs no covariance" {
		t.Errorf("100 test images: %v, said %q", out, said)
	}
}
