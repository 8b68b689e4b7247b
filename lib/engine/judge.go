package engine

import (
	"context"
	"fmt"

	"darkroom/lib/features"
	"darkroom/lib/lab"
	"darkroom/lib/metrics"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// judge takes the measures of restorations that not every picture has: how far they are by the features of a network, whether what they leave of the
// measurement is white, how blurred they look. A measure that one picture has not is left out for all.
type judge struct {
	job    *job
	net    *features.SqueezeNet // nil where there is none
	exec   *model.Exec
	values map[string][]float64
	lacks  map[string]bool
}

// newJudge fetches the network, if a picture is large enough for it. Without it, since it cannot be fetched, its measure is left out, and that is said.
func (j *job) newJudge(ctx context.Context) (*judge, error) {
	q := &judge{job: j, values: map[string][]float64{}, lacks: map[string]bool{}}
	for i := range j.testImages() {
		if p := j.data.Test[j.testAt(i)]; min(p.Height, p.Width) < features.SmallestSide {
			return q, nil
		}
	}
	net, err := features.OpenSqueezeNet(ctx, j.engine.options.Say)
	if err != nil {
		j.engine.options.Say.Line(fmt.Sprintf("the distance of features is not measured: %v", err))
		return q, nil
	}
	q.net = net
	q.exec, err = model.NewExec(j.backend, model.NewStore(), net.Distance)
	return q, err
}

func (q *judge) close() {
	if q.exec != nil {
		q.exec.Finalize()
	}
}

// see measures one picture, x, restored from y.
func (q *judge) see(truth, y, aux, x lab.Image) error {
	take := func(name string, v float64, err error) {
		if err != nil {
			q.lacks[name] = true
		}
		q.values[name] = append(q.values[name], v)
	}
	v, err := metrics.BlurEffect(clipped(x))
	take("blur-effect", v, err)
	residual, seen, err := q.residual(y, aux, x)
	if err != nil {
		return err
	}
	v, err = metrics.Whiteness(residual, seen)
	take("whiteness", v, err)
	if q.exec == nil || min(truth.Height, truth.Width) < features.SmallestSide {
		q.lacks["feature-distance"] = true
		return nil
	}
	return guard("the feature distance", func() error {
		out, err := q.exec.Call(asTensor(truth), asTensor(clipped(x)))
		if err == nil {
			take("feature-distance", float64(tensors.MustCopyFlatData[float32](out[0])[0]), nil)
		}
		return err
	})
}

// residual is y − Ax, and where it was measured; without pixels if everywhere.
func (q *judge) residual(y, aux, x lab.Image) (residual, seen lab.Image, err error) {
	op, ax := q.job.problem.Operator, x
	if !onlyNoise(op, aux) {
		p := program{q.job.backend, q.job.spec.Method}
		if ax, err = p.apply(model.NewStore(), func(_ *model.Scope, x, aux *graph.Node) *graph.Node { return op.Forward(x, aux) }, x, aux); err != nil {
			return residual, seen, err
		}
		if aux.Pix != nil {
			seen = aux
		}
	}
	residual = lab.NewImage(y.Height, y.Width, y.Channels)
	for i := range residual.Pix {
		residual.Pix[i] = y.Pix[i] - ax.Pix[i]
	}
	return residual, seen, nil
}

// metrics are what was measured, of pictures of those names; of says of what.
func (q *judge) metrics(names []string, of string, out map[string]lab.Metric) {
	protocols := map[string][2]string{"blur-effect": {metrics.BlurProtocol, "lower"}, "whiteness": {metrics.WhitenessProtocol, "lower"}}
	if q.net != nil {
		protocols["feature-distance"] = [2]string{featureProtocol(q.net), "lower"}
	}
	for name, p := range protocols {
		if values := q.values[name]; !q.lacks[name] && len(values) > 0 {
			m := metric(values, p[0]+", "+of, "", p[1])
			m.Names = names
			out[name] = m
		}
	}
}

// clipped is a picture as it is shown, within [0, 1].
func clipped(x lab.Image) lab.Image {
	out := lab.NewImage(x.Height, x.Width, x.Channels)
	for i, v := range x.Pix {
		out.Pix[i] = min(max(v, 0), 1)
	}
	return out
}

// featureProtocol says how the distance of features is measured.
func featureProtocol(net *features.SqueezeNet) string {
	return "distance of features (as LPIPS, Zhang et al. 2018, but channels weighted alike), " + net.Describe() +
		", seven depths, clipped to [0, 1], at the pictures' own size"
}
