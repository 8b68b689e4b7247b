package engine

import (
	"context"
	"fmt"

	"darkroom/lib/features"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/metrics"
	"darkroom/lib/record"
)

// fewPictures is the least number of test images and of samples that measures on features are taken of.
const fewPictures = 20

// enoughSamples refuses, before anything is trained, fewer samples than FID's covariance needs, and a file that has not the weights of Inception-V3.
func (j *job) enoughSamples() error {
	n := j.spec.Eval.Samples
	if n == 0 || !generates(j.method) || min(n, j.testImages()) < fewPictures {
		return nil
	}
	d := features.Squeezed
	switch {
	case j.spec.Eval.Inception != "":
		if _, err := features.ReadInception(j.spec.Eval.Inception); err != nil {
			return usage(err) // now, not after the training
		}
		d = features.InceptionFeatures
	case j.ownFeatures():
		d = new(methods.LeNet).FeatureSize()
	}
	if n <= d {
		return usage(fmt.Errorf("samples = %d, but FID on %d features needs more than %d; give --samples %d, or more: 10000 is what papers take", n, d, d, 10*d))
	}
	return nil
}

// ownFeatures says whether samples are looked at by the classifier of their own classes: it is for grey pictures. SqueezeNet, which has seen
// photographs, looks at colour, and at pictures without classes.
func (j *job) ownFeatures() bool { return j.problem.Classes > 1 && j.problem.Channels == 1 }

// generates says whether a method makes pictures out of nothing.
func generates(m methods.Method) bool {
	_, samples := m.(methods.Sampler)
	_, chooses := m.(methods.Chooser)
	return samples || chooses
}

// generated measures what a generator draws: its classes, and what is made of it by a network that looks at it.
func (j *job) generated(ctx context.Context, w *record.Writer, out map[string]lab.Metric) error {
	p, n := j.problem, j.spec.Eval.Samples
	reference := min(n, j.testImages())
	if reference < fewPictures {
		j.engine.options.Say.Line(fmt.Sprintf("FID and its like are left out: %d pictures are too few, %d are needed", reference, fewPictures))
	}
	if p.Classes < 2 && reference < fewPictures {
		return nil
	}
	j.tell(lab.Event{Step: j.spec.Steps, Stage: "evaluate", Note: "looking at samples"})
	samples := make([][]float32, 0, n)
	if err := j.draw(ctx, &w.Run, lab.Draw{N: n, Seed: evalSeed}, func(pixels []float32) { samples = append(samples, pixels) }); err != nil {
		return err
	}
	at := func(i int) []float32 { return samples[i] }
	var e *eye
	var view seen
	if p.Classes > 1 {
		judge, result, err := j.classifier(ctx, j.task.Data)
		if err != nil {
			return err
		}
		if view, err = judge.see(ctx, n, p.Height, p.Width, p.Channels, at); err != nil {
			return err
		}
		if err := j.classesOf(view, result, out); err != nil {
			return err
		}
		e = judge
	}
	if reference < fewPictures {
		return nil
	}
	if !j.ownFeatures() {
		var err error
		if e, err = j.squeezeNet(ctx); err != nil {
			return err
		}
		if view, err = e.see(ctx, n, p.Height, p.Width, p.Channels, at); err != nil {
			return err
		}
	}
	if err := j.byFeatures(ctx, w, e, samples, view, out); err != nil || j.spec.Eval.Inception == "" {
		return err
	}
	return j.byInception(ctx, at, out)
}

// classesOf measures how many of the classes occur among samples and how far their shares are from the data's.
func (j *job) classesOf(view seen, judge *lab.Result, out map[string]lab.Metric) error {
	classes := j.problem.Classes
	of, labels := make([]int, len(j.data.Train)), make([]int, view.n)
	for i, p := range j.data.Train {
		of[i] = int(p.Label)
	}
	for i := range labels {
		labels[i] = argMax(view.probabilities[i*classes : (i+1)*classes])
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
	protocol := fmt.Sprintf("%d samples, classes by lenet (%d steps, run %.12s, test accuracy %.4f)", view.n, classifierSteps, judge.Hash, judge.Metrics["accuracy"].Value)
	out["coverage"] = lab.Metric{Value: float64(got.Coverage()), Protocol: fmt.Sprintf("classes of %d that occur in ", classes) + protocol, Unit: "classes", Better: "higher"}
	out["label-tv"] = lab.Metric{Value: tv, Protocol: "total variation distance between the label histograms of the training data and of " + protocol, Better: "lower"}
	return nil
}

// byFeatures measures samples by what a network makes of them, and how near they are to training images.
func (j *job) byFeatures(ctx context.Context, w *record.Writer, e *eye, samples [][]float32, view seen, out map[string]lab.Metric) error {
	made, test, err := j.againstTest(ctx, e, view, out)
	if err != nil {
		return err
	}
	p, train := j.problem, j.data.Train
	known, err := e.see(ctx, len(train), p.Height, p.Width, p.Channels, func(i int) []float32 { return train[i].Image().Pix })
	if err != nil {
		return err
	}
	training, err := e.of("training images", known)
	if err != nil {
		return err
	}
	j.tell(lab.Event{Step: j.spec.Steps, Stage: "evaluate", Note: "nearest training images"})
	memory, err := metrics.Memorisation(training, test, made)
	if err != nil {
		return err
	}
	for _, s := range []metrics.Score{memory.Share, memory.Closer} {
		out[s.Name] = s.Metric()
	}
	return j.keepNearest(w, memory, samples)
}

// againstTest measures samples against as many test images, evenly spread over those that are measured. FID is left out where there are no more
// test images than features. The features of both are returned.
func (j *job) againstTest(ctx context.Context, e *eye, view seen, out map[string]lab.Metric) (made, test metrics.Features, err error) {
	n, p := min(view.n, j.testImages()), j.problem
	unseen, err := e.see(ctx, n, p.Height, p.Width, p.Channels, func(i int) []float32 {
		return j.data.Test[j.testAt(i*j.testImages()/n)].Image().Pix
	})
	if err != nil {
		return made, test, err
	}
	if made, err = e.of("samples", view); err != nil {
		return made, test, err
	}
	if test, err = e.of(fmt.Sprintf("of the %d test images of %s, evenly spread", len(j.data.Test), j.spec.Task), unseen); err != nil {
		return made, test, err
	}
	if d := test.Dim(); n <= d {
		j.engine.options.Say.Line(fmt.Sprintf("FID is left out: %d test images are too few for %d features; KID needs no covariance", n, d))
	}
	scores, err := distances(test, made)
	if err != nil {
		return made, test, err
	}
	j.tell(lab.Event{Step: j.spec.Steps, Stage: "evaluate", Note: "precision, recall, density, coverage"})
	manifold, err := metrics.PRDC(test, made, 0)
	if err != nil {
		return made, test, err
	}
	probabilities, err := metrics.NewFeatures(e.name, "samples", view.n, len(view.probabilities)/view.n, view.probabilities)
	if err != nil {
		return made, test, err
	}
	inception, err := metrics.InceptionScore(probabilities, 0)
	if err != nil {
		return made, test, err
	}
	for _, s := range append(scores, append(manifold.Scores(), inception)...) {
		out[s.Name] = s.Metric()
	}
	return made, test, nil
}

// distances are KID and, where there are more pictures of both than features, FID.
func distances(reference, made metrics.Features) ([]metrics.Score, error) {
	kid, err := metrics.KID(reference, made, metrics.KIDOptions{})
	if err != nil {
		return nil, err
	}
	if min(reference.N(), made.N()) <= reference.Dim() {
		return []metrics.Score{kid}, nil
	}
	fid, err := metrics.FID(reference, made)
	if err != nil {
		return nil, err
	}
	return []metrics.Score{fid, kid}, nil
}

// keptNearest is how many samples are kept with their nearest training images.
const keptNearest = 8

// keepNearest keeps, as pictures of the run, the samples that are nearest to training images and these.
func (j *job) keepNearest(w *record.Writer, memory metrics.Memorised, samples [][]float32) error {
	for i, near := range memory.Closest(keptNearest) {
		sample := lab.Image{Height: j.problem.Height, Width: j.problem.Width, Channels: j.problem.Channels, Pix: samples[near.Sample]}
		name := fmt.Sprintf("nearest-%d", i+1)
		if err := w.WritePicture(name, "sample", sample); err != nil {
			return err
		}
		if err := w.WritePicture(name, "training", j.data.Train[near.Train].Image()); err != nil {
			return err
		}
	}
	return nil
}
