package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"darkroom/lib/features"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/gomlx/ml/model"
)

// resolveInception fills in which weights of Inception-V3 samples are looked at with.
func (e *Engine) resolveInception(m methods.Method, v lab.Eval) (lab.Eval, error) {
	v.InceptionSHA256 = ""
	switch {
	case v.Inception == "":
		return v, nil
	case !generates(m):
		return v, errors.New("weights of Inception-V3 are given, but the method draws no samples that it could look at; leave them out")
	case v.Samples == 0:
		return v, fmt.Errorf("weights of Inception-V3 are given, but no samples are asked for; give --samples %d", 10*features.InceptionFeatures)
	}
	if !filepath.IsAbs(v.Inception) {
		v.Inception = filepath.Join(e.options.Folder, v.Inception)
	}
	f, err := os.Open(v.Inception)
	if err != nil {
		return v, fmt.Errorf("the weights of Inception-V3: %w; give a safetensors file", err)
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return v, fmt.Errorf("the weights of Inception-V3: %w", err)
	}
	v.InceptionSHA256 = fmt.Sprintf("%x", h.Sum(nil))
	return v, nil
}

// byInception measures samples by Inception-V3, in place of what another network said; at(i) is the i-th sample. How near they are to training images
// stays as it was: all training images would have to be looked at for it.
func (j *job) byInception(ctx context.Context, at func(i int) []float32, out map[string]lab.Metric) error {
	net, err := features.ReadInception(j.spec.Eval.Inception)
	if err != nil {
		return err
	}
	p := j.problem
	e := &eye{
		name: fmt.Sprintf("the %d pooled features of %s, pictures of %d×%d in 8 bits resized to 299×299 as TensorFlow 1 does, bilinear",
			features.InceptionFeatures, net.Describe(), p.Width, p.Height),
		backend: j.backend, store: model.NewStore(), look: net.Look, batch: 32,
	}
	j.tell(lab.Event{Step: j.spec.Steps, Stage: "evaluate", Note: "looking with Inception-V3"})
	view, err := e.see(ctx, j.spec.Eval.Samples, p.Height, p.Width, p.Channels, at)
	if err != nil {
		return err
	}
	delete(out, "fid") // of the other network, if there are too few test images for this one
	_, _, err = j.againstTest(ctx, e, view, out)
	return err
}
