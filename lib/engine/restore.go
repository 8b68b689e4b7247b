package engine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"darkroom/lib/data"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/metrics"
	"darkroom/lib/physics"
	"darkroom/lib/record"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// restorations degrades each test picture, restores it, measures the result and writes the pictures of the run.
func (j *job) restorations(ctx context.Context, w *record.Writer, m methods.Restorer, out map[string]lab.Metric) error {
	store, err := trained(&w.Run, evalSeed)
	if err != nil {
		return err
	}
	clip := metrics.Options{Clip: true}
	measures := []metrics.Measure{metrics.PSNRMeasure(clip), metrics.SSIMMeasure(clip), metrics.MSEMeasure(clip)}
	more, err := j.newJudge(ctx)
	if err != nil {
		return err
	}
	defer more.close()
	values := make([][]float64, len(measures))
	var paces []float64 // seconds for a million pixels
	var names []string
	for i := range j.testImages() {
		if ctx.Err() != nil {
			return fmt.Errorf("stopped while restoring; what was learnt is kept, the same command measures again: %w", context.Cause(ctx))
		}
		pic := j.data.Test[j.testAt(i)]
		truth, y, aux, err := j.degrade(pic)
		if err != nil {
			return fmt.Errorf("degrading %s: %w", pic.Name, err)
		}
		start, err := start(program{j.backend, j.spec.Method}, j.problem.Operator, y, aux)
		if err != nil {
			return fmt.Errorf("degrading %s: %w", pic.Name, err)
		}
		var x lab.Image
		var took time.Duration
		if a, ok := m.(methods.Adapter); ok {
			begin := time.Now()
			x, err = j.adapt(ctx, &w.Run, a, pic.Name, y, aux)
			took = time.Since(begin)
		} else {
			x, took, err = program{j.backend, j.spec.Method}.timed(store, m.Restore, y, aux)
		}
		if err != nil {
			return fmt.Errorf("restoring %s: %w", pic.Name, err)
		}
		paces = append(paces, took.Seconds()*1e6/float64(x.Height*x.Width))
		for k, measure := range measures {
			v, err := measure.Of(truth, x)
			if err != nil {
				return fmt.Errorf("measuring %s: %w", pic.Name, err)
			}
			values[k] = append(values[k], v)
		}
		if err := more.see(truth, y, aux, x); err != nil {
			return fmt.Errorf("measuring %s: %w", pic.Name, err)
		}
		names = append(names, pic.Name)
		for kind, im := range map[string]lab.Image{"truth": truth, "degraded": start, "restored": x} {
			if err := w.WritePicture(pic.Name, kind, im); err != nil {
				return err
			}
		}
		j.tell(lab.Event{Step: j.spec.Steps, Stage: "evaluate", Note: fmt.Sprintf("%s: %s %.2f %s", pic.Name, measures[0].Name, values[0][i], measures[0].Unit)})
	}
	slices.Sort(paces)
	if err := w.Time(record.Timing{PerMegapixel: paces[len(paces)/2]}); err != nil {
		return err
	}
	channels := "grey (BT.601 luma)"
	if j.problem.Channels == 3 {
		channels = "pictures in colour (RGB)"
	}
	of := fmt.Sprintf("%s, %s, noise seed %d, test split of %d pictures", channels, j.problem.Operator.Describe(), evalSeed, len(names))
	more.metrics(names, of, out)
	for k, measure := range measures {
		mt := metric(values[k], measure.Protocol+", "+of, measure.Unit, measure.Better)
		mt.Names = names
		out[measure.Name] = mt
	}
	return nil
}

// degrade makes the measurement of a test picture: all methods see the same pixels.
func (j *job) degrade(pic data.Picture) (truth, y, aux lab.Image, err error) {
	return degrade(program{j.backend, j.spec.Method}, j.problem.Operator, pic.Name, evalSeed, pic.Image())
}

// degrade makes the measurement of a picture, which is cropped, at its bottom and right, to a size that the operator fits. It depends on the
// picture's name, the operator and the seed alone.
func degrade(p program, op physics.Operator, name string, seed int, picture lab.Image) (truth, y, aux lab.Image, err error) {
	random := rand.New(rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "%d %s %s", seed, op.Describe(), name))))
	truth = picture
	if h, w := physics.Crop(op, truth.Height, truth.Width); h != truth.Height || w != truth.Width {
		if h == 0 {
			m := physics.Multiple(op)
			return truth, y, aux, fmt.Errorf("the picture is %d×%d, but %s needs at least %d×%d", truth.Width, truth.Height, op.Describe(), m, m)
		}
		truth = truth.Crop(0, 0, h, w)
	}
	if a := op.Aux(random, truth.Height, truth.Width, truth.Channels); a != nil {
		aux = lab.Image{Height: truth.Height, Width: truth.Width, Channels: truth.Channels, Pix: a}
	}
	if y = truth; onlyNoise(op, aux) {
		y.Pix = slices.Clone(truth.Pix)
	} else if y, err = p.apply(model.NewStore(), func(_ *model.Scope, x, aux *graph.Node) *graph.Node { return op.Forward(x, aux) }, truth, aux); err != nil {
		return truth, y, aux, err
	}
	physics.Corrupt(op, random, y)
	return truth, y, aux, nil
}

// start is the measurement as a picture of the truth's size.
func start(p program, op physics.Operator, y, aux lab.Image) (lab.Image, error) {
	if onlyNoise(op, aux) {
		return y, nil
	}
	return p.apply(model.NewStore(), func(_ *model.Scope, y, aux *graph.Node) *graph.Node { return physics.Start(op, y, aux) }, y, aux)
}

// onlyNoise says whether A is the identity, which needs no program and no memory of its own.
func onlyNoise(op physics.Operator, aux lab.Image) bool {
	_, pixelwise := physics.As[physics.Pixelwise](op)
	return pixelwise && aux.Pix == nil
}

func (j *job) restore(store *model.Store, m methods.Restorer, y, aux lab.Image) (lab.Image, error) {
	return program{j.backend, j.spec.Method}.apply(store, m.Restore, y, aux)
}

// program is what runs a graph function for somebody, whom errors name.
type program struct {
	backend compute.Backend
	of      string
}

// apply runs a graph function over one picture and, if it has pixels, the operator's array.
func (p program) apply(store *model.Store, fn func(s *model.Scope, x, aux *graph.Node) *graph.Node, x, aux lab.Image) (lab.Image, error) {
	out, _, err := p.timed(store, fn, x, aux)
	return out, err
}

// timed is apply, and says how long it took once it was compiled.
func (p program) timed(store *model.Store, fn func(s *model.Scope, x, aux *graph.Node) *graph.Node, x, aux lab.Image) (
	out lab.Image, took time.Duration, err error,
) {
	err = guard(p.of, func() error {
		exec, err := model.NewExec(p.backend, store, func(s *model.Scope, in []*graph.Node) *graph.Node {
			store.SetTraining(in[0].Graph(), false)
			if len(in) > 1 {
				return fn(s, in[0], in[1])
			}
			return fn(s, in[0], nil)
		})
		if err != nil {
			return err
		}
		defer exec.Finalize()
		var args []any
		var dims []shapes.Shape
		for _, im := range []lab.Image{x, aux} {
			if im.Pix != nil {
				t := asTensor(im)
				args, dims = append(args, t), append(dims, t.Shape())
			}
		}
		if _, err := exec.Compile(dims...); err != nil {
			return err
		}
		begin := time.Now()
		got, err := exec.Call(args...)
		if err != nil {
			return err
		}
		d := got[0].Shape().Dimensions
		out = lab.Image{Height: d[1], Width: d[2], Channels: d[3]}
		out.Pix, err = tensors.CopyFlatData[float32](got[0])
		took = time.Since(begin)
		return err
	})
	return out, took, err
}

func asTensor(im lab.Image) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(im.Pix, 1, im.Height, im.Width, im.Channels)
}
