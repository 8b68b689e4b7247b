package engine

import (
	"context"
	"fmt"

	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/metrics"
	"darkroom/lib/nn"
	"darkroom/lib/record"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// As Wu et al. 2017 have them.
const (
	annealedChains = 16  // for each image
	leapfrog       = 10  // steps of an integration
	firstStride    = 0.1 // of the integrator
)

// annealed measures log p(x) by annealed importance sampling: the decoder alone counts, however poor the encoder.
func (j *job) annealed(ctx context.Context, r *record.Run, m methods.Decoder, out map[string]lab.Metric) error {
	store, err := trained(r, evalSeed)
	if err != nil {
		return err
	}
	n, latent := j.testImages(), m.LatentSize()
	batch := max(1, min(n, rowsAtOnce/annealedChains))
	rows := batch * annealedChains
	values := make([]float64, 0, n)
	err = guard(j.spec.Method, func() error {
		exec, err := model.NewExec(j.backend, store, func(s *model.Scope, in []*graph.Node) []*graph.Node {
			store.SetTraining(in[0].Graph(), false)
			x := methods.Repeat(in[0], annealedChains)
			a := nn.Anneal{Leapfrog: leapfrog, LogLikelihood: func(z *graph.Node) *graph.Node { return m.LogLikelihood(s, x, z) }}
			next, weight, accepted := a.Step(in[1], in[2], in[3], in[4], in[5], in[6])
			return []*graph.Node{next, weight, accepted}
		})
		if err != nil {
			return err
		}
		defer exec.Finalize()
		beta := nn.AnnealSchedule(j.spec.Eval.Annealing)
		for from := 0; from < n; from += batch {
			random := stepRandom(evalSeed, from)
			noise := func() *tensors.Tensor {
				return tensors.FromFlatDataAndDimensions(normal(random, rows*latent, 0), rows, latent)
			}
			x, z, chance := j.testBatch(from, batch, m.Binary()), noise(), make([]float32, rows)
			weights, stride := make([]float64, rows), firstStride
			for t := 1; t < len(beta); t++ {
				if ctx.Err() != nil {
					return fmt.Errorf("stopped while measuring; what was learnt is kept, the same command measures again: %w", context.Cause(ctx))
				}
				for i := range chance {
					chance[i] = random.Float32()
				}
				got, err := exec.Call(x, z, noise(), chance, float32(beta[t-1]), float32(beta[t]), float32(stride))
				if err != nil {
					return err
				}
				z = got[0]
				added, err := tensors.CopyFlatData[float32](got[1])
				if err != nil {
					return err
				}
				for i, v := range added {
					weights[i] += float64(v)
				}
				stride = nn.AnnealStride(stride, float64(tensors.ToScalar[float32](got[2])))
				if t%100 == 0 {
					j.tell(lab.Event{Step: j.spec.Steps, Stage: "evaluate", Note: fmt.Sprintf("annealing %d of %d images, %d of %d steps", min(from+batch, n), n, t, len(beta)-1)})
				}
			}
			for i := range min(batch, n-from) {
				values = append(values, metrics.LogMeanExp(weights[i*annealedChains:(i+1)*annealedChains]))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	pixels, kind := pixelsOf(m)
	out["log-likelihood-annealed"] = metric(values, fmt.Sprintf("%s of the image, annealed importance sampling (Wu et al. 2017) with %d chains of %d steps of %d leapfrogs, a lower bound in expectation, %s, %s",
		kind, annealedChains, j.spec.Eval.Annealing, leapfrog, pixels, j.howMany()), "nats", "higher")
	return nil
}
