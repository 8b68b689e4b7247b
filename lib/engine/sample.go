package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/metrics"
	"darkroom/lib/record"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// maxSamples bounds what one call returns.
const maxSamples = 1_000_000

// Sample implements lab.Lab.
func (e *Engine) Sample(ctx context.Context, dir string, d lab.Draw) ([]lab.Image, error) {
	if d.N < 1 || d.N > maxSamples {
		return nil, usage(fmt.Errorf("n = %d samples, but it must be 1 to %d", d.N, maxSamples))
	}
	r, err := record.Open(dir)
	if err != nil {
		return nil, err
	}
	j, err := e.prepare(ctx, r.Spec, nil)
	if err != nil {
		return nil, err
	}
	m, ok := j.method.(methods.Sampler)
	if !ok {
		return nil, usage(fmt.Errorf("%s restores pictures and does not make new ones", r.Spec.Method))
	}
	var out []lab.Image
	err = j.draw(ctx, r, m, d, func(pixels []float32) {
		p := j.problem
		out = append(out, lab.Image{Height: p.Height, Width: p.Width, Channels: p.Channels, Pix: pixels})
	})
	return out, err
}

// draw makes samples in batches of one shape; keep sees the pixels of each.
func (j *job) draw(ctx context.Context, r *record.Run, m methods.Sampler, d lab.Draw, keep func(pixels []float32)) error {
	conditional, chooses := m.(methods.Conditional)
	label, err := j.labels(chooses, d)
	if err != nil {
		return err
	}
	store, err := trained(r, d.Seed)
	if err != nil {
		return err
	}
	return guard(j.spec.Method, func() error {
		exec, err := model.NewExec(j.backend, store, func(s *model.Scope, inputs []*graph.Node) *graph.Node {
			store.SetTraining(inputs[0].Graph(), false)
			if chooses {
				return conditional.SampleClass(s, inputs[0], inputs[1])
			}
			return m.Sample(s, inputs[0])
		})
		if err != nil {
			return err
		}
		defer exec.Finalize()
		random, n := stepRandom(d.Seed, 0), d.N
		batch := min(n, 256)
		for from := 0; from < n; from += batch {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			inputs := []any{normals(random, batch, m.LatentSize())}
			if chooses {
				labels := make([]int32, batch)
				for i := range labels {
					labels[i] = label()
				}
				inputs = append(inputs, labels)
			}
			out, err := exec.Call(inputs...)
			if err != nil {
				return err
			}
			pixels, err := tensors.CopyFlatData[float32](out[0])
			if err != nil {
				return err
			}
			size := len(pixels) / batch
			for i := range min(batch, n-from) {
				keep(pixels[i*size : (i+1)*size])
			}
		}
		return nil
	})
}

// labels returns a function for the labels of consecutive samples: all of the class that was asked for, or of training images at random.
func (j *job) labels(chooses bool, d lab.Draw) (func() int32, error) {
	if d.Class == "" {
		random := stepRandom(d.Seed, 1)
		return func() int32 { return j.data.Train[random.IntN(len(j.data.Train))].Label }, nil
	}
	if !chooses {
		return nil, usage(fmt.Errorf("%s cannot choose the class of its samples, and class is %q; leave it out, or train cgan", j.spec.Method, d.Class))
	}
	i := slices.Index(j.data.Classes, d.Class)
	if i < 0 {
		return nil, usage(fmt.Errorf("%s has no class %q%s; it has %s",
			j.task.Data, d.Class, lab.Suggest(d.Class, j.data.Classes), strings.Join(j.data.Classes, ", ")))
	}
	return func() int32 { return int32(i) }, nil
}

func normals(r *rand.Rand, n, d int) *tensors.Tensor {
	z := make([]float32, n*d)
	for i := range z {
		z[i] = float32(r.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(z, n, d)
}

// classifierSteps is how long the classifier trains that looks at samples.
const classifierSteps = 1500

// coverage puts samples into classes by a classifier that is trained on the same data, in a run of its own, and measures how many of the
// classes occur and how far their shares are from the data's.
func (j *job) coverage(ctx context.Context, r *record.Run, m methods.Sampler, out map[string]lab.Metric) error {
	j.tell(lab.Event{Step: j.spec.Steps, Stage: "evaluate", Note: "classifying samples"})
	task := j.task
	task.Kind = lab.Classify
	judge, err := j.engine.Run(ctx, lab.Spec{Method: "lenet", Task: task.String(), Steps: classifierSteps, Runs: j.spec.Runs}, func(ev lab.Event) {
		if ev.Values != nil {
			j.tell(lab.Event{Step: j.spec.Steps, Stage: "evaluate", Note: fmt.Sprintf("training the classifier: %d of %d", ev.Step, classifierSteps)})
		}
	})
	if err != nil {
		return fmt.Errorf("the classifier for the samples: %w", err)
	}
	n, classes := j.spec.Eval.Samples, j.problem.Classes
	var pixels []float32
	if err := j.draw(ctx, r, m, lab.Draw{N: n, Seed: evalSeed}, func(p []float32) { pixels = append(pixels, p...) }); err != nil {
		return err
	}
	labels, err := j.engine.classify(ctx, judge.Dir, pixels, n)
	if err != nil {
		return err
	}
	of := make([]int, len(j.data.Train))
	for i, p := range j.data.Train {
		of[i] = int(p.Label)
	}
	want, err := metrics.CountLabels(of, classes)
	if err != nil {
		return err
	}
	got, err := metrics.CountLabels(labels, classes)
	if err != nil {
		return err
	}
	tv, err := metrics.TotalVariation(want, got)
	if err != nil {
		return err
	}
	present := 0
	for _, c := range got {
		if c > 0 {
			present++
		}
	}
	protocol := fmt.Sprintf("%d samples, classes by lenet (%d steps, run %.12s, test accuracy %.4f)", n, classifierSteps, judge.Hash, judge.Metrics["accuracy"].Value)
	out["coverage"] = lab.Metric{Value: float64(present), Protocol: fmt.Sprintf("classes of %d that occur in ", classes) + protocol, Unit: "classes", Better: "higher"}
	out["label-tv"] = lab.Metric{Value: tv, Protocol: "total variation distance between the label histograms of the training data and of " + protocol, Better: "lower"}
	return nil
}

// classify returns the class of each of n images by a trained classifier.
func (e *Engine) classify(ctx context.Context, dir string, pixels []float32, n int) ([]int, error) {
	r, err := record.Open(dir)
	if err != nil {
		return nil, err
	}
	j, err := e.prepare(ctx, r.Spec, nil)
	if err != nil {
		return nil, err
	}
	store, err := trained(r, evalSeed)
	if err != nil {
		return nil, err
	}
	m, p := j.method.(methods.Classifier), j.problem
	size := p.Height * p.Width * p.Channels
	var labels []int
	err = guard(r.Spec.Method, func() error {
		exec, err := model.NewExec(j.backend, store, m.Logits)
		if err != nil {
			return err
		}
		defer exec.Finalize()
		batch := min(n, 256)
		block := make([]float32, batch*size)
		for from := 0; from < n; from += batch {
			copy(block, pixels[from*size:min(from+batch, n)*size])
			out, err := exec.Call(tensors.FromFlatDataAndDimensions(block, batch, p.Height, p.Width, p.Channels))
			if err != nil {
				return err
			}
			scores, err := tensors.CopyFlatData[float32](out[0])
			if err != nil {
				return err
			}
			for i := range min(batch, n-from) {
				labels = append(labels, argMax(scores[i*p.Classes:(i+1)*p.Classes]))
			}
		}
		return nil
	})
	return labels, err
}
