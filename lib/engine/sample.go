package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"darkroom/lib/lab"
	"darkroom/lib/methods"
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
	w, err := e.warm(r)
	if err != nil {
		return nil, err
	}
	w.mu.Lock() // draws from one run come one after the other
	defer w.mu.Unlock()
	if w.sampler == nil {
		j, err := e.prepare(ctx, r.Spec, nil)
		if err != nil {
			return nil, err
		}
		if w.sampler, err = j.sampler(r); err != nil {
			return nil, err
		}
	}
	var out []lab.Image
	err = w.sampler.draw(ctx, d, func(pixels []float32) {
		p := w.sampler.job.problem
		out = append(out, lab.Image{Height: p.Height, Width: p.Width, Channels: p.Channels, Pix: pixels})
	})
	return out, err
}

// sampler draws from a trained generator: its program is compiled once for each size of a batch.
type sampler struct {
	job     *job
	store   *model.Store
	exec    *model.Exec // nil where nothing is computed
	chooses bool        // the class of samples
}

// sampler reads what the run has learnt. Close it when it is no longer needed.
func (j *job) sampler(r *record.Run) (*sampler, error) {
	if !generates(j.method) {
		return nil, usage(fmt.Errorf("%s was made to %s pictures and does not make new ones", r.Spec.Method, j.task.Kind))
	}
	m, ok := j.method.(methods.Sampler)
	if !ok { // a Chooser
		return &sampler{job: j}, nil
	}
	store, err := trained(r, 0)
	if err != nil {
		return nil, err
	}
	return j.samplerOf(m, store)
}

// samplerOf draws with the values of a store.
func (j *job) samplerOf(m methods.Sampler, store *model.Store) (*sampler, error) {
	conditional, chooses := m.(methods.Conditional)
	s := &sampler{job: j, store: store, chooses: chooses}
	err := guard(j.spec.Method, func() (err error) {
		s.exec, err = model.NewExec(j.backend, s.store, func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
			s.store.SetTraining(inputs[0].Graph(), false)
			if chooses {
				return conditional.SampleClass(scope, inputs[0], inputs[1])
			}
			return m.Sample(scope, inputs[0])
		})
		return err
	})
	return s, err
}

func (s *sampler) close() {
	if s != nil && s.exec != nil {
		s.exec.Finalize()
		s.store.Finalize()
	}
}

// draw makes samples in batches of one shape; keep sees the pixels of each.
func (j *job) draw(ctx context.Context, r *record.Run, d lab.Draw, keep func(pixels []float32)) error {
	s, err := j.sampler(r)
	if err != nil {
		return err
	}
	defer s.close()
	return s.draw(ctx, d, keep)
}

// draw makes samples, the same for equal d whatever was drawn before.
func (s *sampler) draw(ctx context.Context, d lab.Draw, keep func(pixels []float32)) error {
	j := s.job
	if c, ok := j.method.(methods.Chooser); ok {
		if d.Class != "" || d.Walk != "" || d.Truncation != 0 {
			return usage(fmt.Errorf("%s draws training images, and has neither classes to choose (%q) nor a way between images (%q) nor noise to truncate (%g); leave them out", j.spec.Method, d.Class, d.Walk, d.Truncation))
		}
		for _, i := range c.Choose(stepRandom(d.Seed, 0), len(j.data.Train), d.N) {
			keep(j.data.Train[i].Image().Pix)
		}
		return nil
	}
	if _, ok := j.method.(methods.Quantiser); ok && d.Truncation != 0 {
		return usage(fmt.Errorf("%s picks codes, which have no order, by its noise: truncation = %g would leave some of them out; leave it out", j.spec.Method, d.Truncation))
	}
	label, err := j.labels(s.chooses, d)
	if err != nil {
		return err
	}
	batch := min(d.N, 256)
	z, err := noise(d, batch, j.method.(methods.Sampler).LatentSize())
	if err != nil {
		return err
	}
	if err := s.store.SetRNGStateFromSeed(d.Seed); err != nil {
		return err
	}
	return guard(j.spec.Method, func() error {
		defer s.store.SetLoader(nil) // the program has the values that it needs: the file's others need no memory
		for from := 0; from < d.N; from += batch {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			inputs := []any{z()}
			if s.chooses {
				labels := make([]int32, batch)
				for i := range labels {
					labels[i] = label()
				}
				inputs = append(inputs, labels)
			}
			out, err := s.exec.Call(inputs...)
			if err != nil {
				return err
			}
			pixels, err := tensors.CopyFlatData[float32](out[0])
			if err == nil {
				err = out[0].FinalizeAll()
			}
			if err != nil {
				return err
			}
			size := len(pixels) / batch
			for i := range min(batch, d.N-from) {
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
