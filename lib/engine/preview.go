package engine

import (
	"context"

	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/record"
)

// Preview draws n images with what a run that goes on has learnt up to its newest checkpoint, and says of which step that is: 0, with no images,
// where there is none beyond the step after, or the method draws nothing out of noise. The run is left alone.
func (e *Engine) Preview(ctx context.Context, dir string, after, n int) (step int, images []lab.Image, err error) {
	r, err := record.Open(dir)
	if err != nil {
		return 0, nil, err
	}
	if entry, err := methods.Lookup(r.Spec.Method); err != nil {
		return 0, nil, err
	} else if _, ok := entry.New().(methods.Sampler); !ok {
		return 0, nil, nil
	}
	step, ts := r.Latest(after)
	if step == 0 {
		return 0, nil, nil
	}
	j, err := e.prepare(ctx, r.Spec, nil)
	if err != nil {
		return step, nil, err
	}
	store, err := averages(ts).store(0)
	if err != nil {
		return step, nil, err
	}
	s, err := j.samplerOf(j.method.(methods.Sampler), store)
	if err != nil {
		return step, nil, err
	}
	defer s.close()
	err = s.draw(ctx, lab.Draw{N: n}, func(pixels []float32) {
		images = append(images, lab.Image{Height: j.problem.Height, Width: j.problem.Width, Channels: j.problem.Channels, Pix: pixels})
	})
	return step, images, err
}
