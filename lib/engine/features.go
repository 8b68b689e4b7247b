package engine

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"

	"darkroom/lib/features"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/metrics"
	"darkroom/lib/nn"
	"darkroom/lib/record"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// classifierSteps is how long the classifier trains that looks at samples.
const classifierSteps = 1500

// eye is a network that looks at pictures for the measures of generators.
type eye struct {
	batch   int    // pictures at a time; 0 means 256
	name    string // the network and its layer, the hash of its weights, and how pictures are resized for it: part of every protocol
	backend compute.Backend
	store   *model.Store
	// look gives features [n, d] and class scores [n, classes] of pictures [n, height, width, channels] in [0, 1].
	look func(s *model.Scope, x *graph.Node) (features, logits *graph.Node)
}

// seen is what an eye makes of n pictures.
type seen struct {
	n             int
	features      []float32 // [n, d]
	probabilities []float32 // [n, classes]
}

// classifier is the eye that is trained on the pictures and classes of a dataset, such as the task's own, in a run of its own.
func (j *job) classifier(ctx context.Context, dataset string) (*eye, *lab.Result, error) {
	task := lab.Task{Kind: lab.Classify, Data: dataset, Size: j.task.Size}
	result, err := j.engine.Run(ctx, lab.Spec{Method: "lenet", Task: task.String(), Steps: classifierSteps, Runs: j.spec.Runs}, func(ev lab.Event) {
		if ev.Values != nil {
			j.tell(lab.Event{Step: j.spec.Steps, Stage: "evaluate", Note: fmt.Sprintf("training the classifier: %d of %d", ev.Step, classifierSteps)})
		}
	})
	if err != nil {
		return nil, nil, fmt.Errorf("the classifier for the samples: %w", err)
	}
	r, err := record.Open(result.Dir)
	if err != nil {
		return nil, nil, err
	}
	judge, err := j.engine.prepare(ctx, r.Spec, nil)
	if err != nil {
		return nil, nil, err
	}
	weights, err := r.Weights()
	if err != nil {
		return nil, nil, err
	}
	store, err := trained(r, evalSeed)
	if err != nil {
		return nil, nil, err
	}
	m := judge.method.(*methods.LeNet)
	name := fmt.Sprintf("the %d hidden units of lenet (%d steps on %s, weights %.12s), pictures of %d×%d not resized",
		m.FeatureSize(), classifierSteps, task.String(), hashOf(weights), j.problem.Width, j.problem.Height)
	return &eye{name: name, backend: j.backend, store: store, look: m.Look}, result, nil
}

// squeezed is the least side of the pictures that SqueezeNet looks at here.
const squeezed = 64

// squeezeNet is the eye for colour and for pictures without classes.
func (j *job) squeezeNet(ctx context.Context) (*eye, error) {
	net, err := features.OpenSqueezeNet(ctx, j.engine.options.Say)
	if err != nil {
		return nil, fmt.Errorf("the network for the samples' features: %w", err)
	}
	h, w := j.problem.Height, j.problem.Width
	size := fmt.Sprintf("pictures of %d×%d not resized", w, h)
	small := min(h, w) < squeezed
	if small {
		size = fmt.Sprintf("pictures of %d×%d resized to %d×%d, bilinear", w, h, squeezed, squeezed)
	}
	name := fmt.Sprintf("the mean over the picture of the %d deepest features of %s, %s", features.Squeezed, net.Describe(), size)
	return &eye{name: name, backend: j.backend, store: model.NewStore(), look: func(s *model.Scope, x *graph.Node) (*graph.Node, *graph.Node) {
		if small {
			x = nn.Resize(x, squeezed, squeezed, nn.Bilinear, false)
		}
		return net.Vector(s, x), net.Logits(s, x)
	}}, nil
}

// hashOf is the SHA-256 of tensors with their names, types and shapes.
func hashOf(ts []record.Tensor) string {
	h := sha256.New()
	for _, t := range ts {
		_, _ = fmt.Fprintf(h, "%s %s %v\n", t.Name, t.DType, t.Shape)
		_, _ = h.Write(t.Data)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// see looks at n pictures [height, width, channels], at(i) being the pixels of the i-th.
func (e *eye) see(ctx context.Context, n, height, width, channels int, at func(i int) []float32) (seen, error) {
	out := seen{n: n}
	batch := min(n, cmp.Or(e.batch, 256))
	err := guard(e.name, func() error {
		exec, err := model.NewExec(e.backend, e.store, func(s *model.Scope, x *graph.Node) (*graph.Node, *graph.Node) {
			e.store.SetTraining(x.Graph(), false)
			features, logits := e.look(s, x)
			return features, graph.Softmax(logits)
		})
		if err != nil {
			return err
		}
		defer exec.Finalize()
		for from := 0; from < n; from += batch {
			if ctx.Err() != nil {
				return fmt.Errorf("stopped while measuring; what was learnt is kept, the same command measures again: %w", context.Cause(ctx))
			}
			pixels := make([]float32, 0, batch*height*width*channels)
			for i := range batch {
				pixels = append(pixels, at(min(from+i, n-1))...) // past the end the last one again, to keep one shape
			}
			got, err := exec.Call(tensors.FromFlatDataAndDimensions(pixels, batch, height, width, channels))
			if err != nil {
				return err
			}
			for k, to := range []*[]float32{&out.features, &out.probabilities} {
				values, err := tensors.CopyFlatData[float32](got[k])
				if err != nil {
					return err
				}
				*to = append(*to, values[:len(values)/batch*min(batch, n-from)]...)
			}
		}
		return nil
	})
	return out, err
}

// of makes them the features of metrics; what says which pictures they are.
func (e *eye) of(what string, s seen) (metrics.Features, error) {
	return metrics.NewFeatures(e.name, what, s.n, len(s.features)/s.n, s.features)
}
