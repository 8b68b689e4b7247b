package engine

import (
	"context"
	"fmt"
	"math"

	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/metrics"
	"darkroom/lib/nn"
	"darkroom/lib/record"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// evalSeed starts every random number that a measure needs. It is the same for all runs, so that all methods see the same
// binarised images and the same noisy pictures.
const evalSeed = 1

// measure runs every measure that the method is able to take, on the test split.
func (j *job) measure(ctx context.Context, w *record.Writer) (map[string]lab.Metric, error) {
	j.tell(lab.Event{Step: j.spec.Steps, Stage: "evaluate"})
	out := map[string]lab.Metric{}
	if m, ok := j.method.(methods.ImportanceSampler); ok && j.spec.Eval.Importance > 0 {
		if err := j.importance(ctx, &w.Run, m, out); err != nil {
			return nil, err
		}
		if err := j.codeUse(ctx, &w.Run, out); err != nil {
			return nil, err
		}
	}
	if m, ok := j.method.(methods.Decoder); ok && j.spec.Eval.Annealing > 0 {
		if err := j.annealed(ctx, &w.Run, m, out); err != nil {
			return nil, err
		}
	}
	if m, ok := j.method.(methods.Density); ok {
		if err := j.density(ctx, &w.Run, m, out); err != nil {
			return nil, err
		}
	}
	if m, ok := j.method.(methods.Classifier); ok {
		if err := j.accuracy(ctx, &w.Run, m, out); err != nil {
			return nil, err
		}
	}
	if m, ok := j.method.(methods.Translator); ok && j.task.Kind == lab.Translate {
		if err := j.translations(ctx, w, m, out); err != nil {
			return nil, err
		}
	}
	if m, ok := j.method.(methods.Restorer); ok && j.task.Kind == lab.Restore {
		if err := j.restorations(ctx, w, m, out); err != nil {
			return nil, err
		}
	}
	if m, ok := j.method.(methods.Segmenter); ok && j.task.Kind == lab.Segment {
		if err := j.segmentations(ctx, w, m, out); err != nil {
			return nil, err
		}
	}
	if generates(j.method) && j.spec.Eval.Samples > 0 {
		if err := j.generated(ctx, w, out); err != nil {
			return nil, err
		}
	}
	for name, m := range out {
		if err := finite(name, m); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// testImages is how many test images are measured.
func (j *job) testImages() int {
	n := len(j.data.Test)
	if k := j.spec.Eval.Images; k > 0 {
		n = min(n, k)
	}
	return n
}

// howMany says which test images are measured.
func (j *job) howMany() string {
	if n := j.testImages(); n < len(j.data.Test) {
		return fmt.Sprintf("%d of the %d test images, evenly spread", n, len(j.data.Test))
	}
	return fmt.Sprintf("%d test images", len(j.data.Test))
}

// testAt is the place in the test split of the i-th image that is measured: those measured are spread evenly over the split.
func (j *job) testAt(i int) int { return i * len(j.data.Test) / j.testImages() }

// testBatch is test images from … from+n as a tensor; past the end the last image is repeated, to keep one shape. With binary each
// pixel becomes 1 with the probability that is its grey value, by noise that depends on the image's place alone.
func (j *job) testBatch(from, n int, binary bool) *tensors.Tensor {
	p := j.problem
	pixels := make([]float32, 0, n*p.Height*p.Width*p.Channels)
	for i := range n {
		at := j.testAt(min(from+i, j.testImages()-1))
		pixels = appendPixels(pixels, j.data.Test[at].Pix)
		if binary {
			r := stepRandom(evalSeed, at)
			for k, v := range pixels[len(pixels)-p.Height*p.Width*p.Channels:] {
				pixels[len(pixels)-p.Height*p.Width*p.Channels+k] = indicator(r.Float32() < v)
			}
		}
	}
	return tensors.FromFlatDataAndDimensions(pixels, n, p.Height, p.Width, p.Channels)
}

// overTest runs a compiled graph over the test images in batches and collects one row of numbers for each image. repeat calls each
// batch so many times, for graphs that draw random numbers; collect sees each call's rows.
func (j *job) overTest(ctx context.Context, r *record.Run, batch, repeat int, binary bool, fn func(s *model.Scope, x *graph.Node) *graph.Node,
	collect func(image int, row []float32)) error {
	store, err := trained(r, evalSeed)
	if err != nil {
		return err
	}
	n := j.testImages()
	batch = min(batch, n)
	return guard(j.spec.Method, func() error {
		exec, err := model.NewExec(j.backend, store, func(s *model.Scope, x *graph.Node) *graph.Node {
			store.SetTraining(x.Graph(), false)
			return fn(s, x)
		})
		if err != nil {
			return err
		}
		defer exec.Finalize()
		for from := 0; from < n; from += batch {
			x := j.testBatch(from, batch, binary)
			for range repeat {
				if ctx.Err() != nil {
					return fmt.Errorf("stopped while measuring; what was learnt is kept, the same command measures again: %w", context.Cause(ctx))
				}
				out, err := exec.Call(x)
				if err != nil {
					return err
				}
				rows, err := tensors.CopyFlatData[float32](out[0])
				if err != nil {
					return err
				}
				width := len(rows) / batch
				for i := range min(batch, n-from) {
					collect(from+i, rows[i*width:(i+1)*width])
				}
			}
			j.tell(lab.Event{Step: j.spec.Steps, Stage: "evaluate", Note: fmt.Sprintf("%d of %d images", min(from+batch, n), n)})
		}
		return nil
	})
}

// rowsAtOnce bounds how many codes are decoded in one call.
const rowsAtOnce = 10_000

// importance measures log p(x) by importance sampling and the ELBO with its two terms.
func (j *job) importance(ctx context.Context, r *record.Run, m methods.ImportanceSampler, out map[string]lab.Metric) error {
	k := j.spec.Eval.Importance
	n := j.testImages()
	chunk := min(k, 500)
	for k%chunk != 0 {
		chunk--
	}
	batch := max(1, min(n, rowsAtOnce/chunk))
	pixels, kind := pixelsOf(m)
	discrete := isDiscrete(m)
	weights := make([][]float64, n)
	collect := func(i int, row []float32) {
		for _, v := range row {
			weights[i] = append(weights[i], float64(v))
		}
	}
	err := j.overTest(ctx, r, batch, k/chunk, m.Binary(), func(s *model.Scope, x *graph.Node) *graph.Node {
		eps := nn.Gaussian(s.Store(), x.Graph(), shapes.Make(dtypes.Float32, batch*chunk, m.LatentSize()))
		return m.Weights(s, x, eps, chunk)
	}, collect)
	if err != nil {
		return err
	}
	values := make([]float64, n)
	for i, w := range weights {
		values[i] = metrics.LogMeanExp(w)
	}
	how := fmt.Sprintf("importance sampling with %d samples, %s, %s", k, pixels, j.howMany())
	out["log-likelihood"] = metric(values, kind+" of the image, "+how, "nats", "higher")
	if discrete {
		out["bits-per-dimension"] = metric(j.bitsPerDimension(values), "−log₂ p(x) for each value of the image, "+how, "bits", "lower")
	}

	reconstruction, kl, elbo := make([]float64, n), make([]float64, n), make([]float64, n)
	err = j.overTest(ctx, r, min(n, 500), 1, m.Binary(), func(s *model.Scope, x *graph.Node) *graph.Node {
		eps := nn.Gaussian(s.Store(), x.Graph(), shapes.Make(dtypes.Float32, x.Shape().Dim(0), m.LatentSize()))
		a, b := m.Terms(s, x, eps)
		return graph.Stack([]*graph.Node{a, b}, -1)
	}, func(i int, row []float32) {
		reconstruction[i], kl[i] = float64(row[0]), float64(row[1])
		elbo[i] = reconstruction[i] - kl[i]
	})
	if err != nil {
		return err
	}
	protocol := fmt.Sprintf("one sample of z, %s, %s", pixels, j.howMany())
	out["elbo"] = metric(elbo, "evidence lower bound, "+protocol, "nats", "higher")
	out["reconstruction"] = metric(reconstruction, "E[log p(x|z)], "+protocol, "nats", "higher")
	out["kl"] = metric(kl, "KL(q(z|x) ‖ p(z)), "+protocol, "nats", "")
	return nil
}

// pixelsOf says what a likelihood is of, for protocols.
func pixelsOf(m methods.ImportanceSampler) (pixels, kind string) {
	switch {
	case m.Binary():
		return "test images binarised once (seed 1)", "log-probability"
	case isDiscrete(m):
		return "pixels of 256 levels", "log-probability"
	}
	return "grey pixels in [0, 1]", "log-density"
}

func isDiscrete(m methods.ImportanceSampler) bool {
	d, ok := m.(methods.Discrete)
	return ok && d.Discrete()
}

// bitsPerDimension is −log₂ p(x) by the number of values of an image, from log p(x) in nats.
func (j *job) bitsPerDimension(nats []float64) []float64 {
	bits := make([]float64, len(nats))
	for i, v := range nats {
		bits[i] = -v / math.Ln2 / float64(j.problem.Height*j.problem.Width*j.problem.Channels)
	}
	return bits
}

// density measures the exact log-density.
func (j *job) density(ctx context.Context, r *record.Run, m methods.Density, out map[string]lab.Metric) error {
	n := j.testImages()
	values := make([]float64, n)
	err := j.overTest(ctx, r, min(n, 500), 1, m.Dequantise(), func(s *model.Scope, x *graph.Node) *graph.Node {
		if m.Dequantise() {
			x = graph.Add(x, s.RandomUniform(x.Graph(), x.Shape()))
		}
		return graph.ExpandAxes(m.LogDensity(s, x), -1)
	}, func(i int, row []float32) { values[i] = float64(row[0]) })
	if err != nil {
		return err
	}
	protocol := fmt.Sprintf("exact log-density of grey pixels in [0, 1], %s", j.howMany())
	if m.Dequantise() {
		protocol = fmt.Sprintf("exact log-density of x + u, x binarised once (seed 1), u uniform on [0, 1): a lower bound on the "+
			"log-probability of x (Theis et al. 2016), %s", j.howMany())
	}
	out["log-density"] = metric(values, protocol, "nats", "higher")
	return nil
}

// accuracy measures the share of test images that are put into the right class.
func (j *job) accuracy(ctx context.Context, r *record.Run, m methods.Classifier, out map[string]lab.Metric) error {
	n := j.testImages()
	values := make([]float64, n)
	err := j.overTest(ctx, r, min(n, 500), 1, false, m.Logits, func(i int, row []float32) {
		if argMax(row) == int(j.data.Test[j.testAt(i)].Label) {
			values[i] = 1
		}
	})
	if err != nil {
		return err
	}
	out["accuracy"] = metric(values, fmt.Sprintf("share of %d test images in the right class", n), "", "higher")
	return nil
}

func indicator(b bool) float32 {
	if b {
		return 1
	}
	return 0
}

func argMax(row []float32) int {
	best := 0
	for i, v := range row {
		if v > row[best] {
			best = i
		}
	}
	return best
}

func metric(values []float64, protocol, unit, better string) lab.Metric {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return lab.Metric{Value: sum / float64(len(values)), Protocol: protocol, Unit: unit, Better: better, Values: values}
}

// finite is an error if a metric is NaN or infinite, which no file could hold.
func finite(name string, m lab.Metric) error {
	for i, v := range append([]float64{m.Value}, m.Values...) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%w: %s is %v at image %d", ErrNotFinite, name, v, i-1)
		}
	}
	return nil
}
