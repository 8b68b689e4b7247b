package engine

import (
	"cmp"
	"context"
	"fmt"

	"darkroom/lib/data"
	"darkroom/lib/features"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/metrics"
	"darkroom/lib/record"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// translateBatch is how many pictures are translated at once.
const translateBatch = 16

// fewForClasses is the least number of test pictures of which is told how many keep their class: of fewer the share is known to no more than ±0.07.
const fewForClasses = 200

// shownTranslations is how many translated pictures a run keeps, evenly spread over those that are measured.
const shownTranslations = 12

// translation is what became of the test pictures of domain A. returned is empty for a method that does not know the way back, truth for data without
// pairs.
type translation struct {
	names                               []string
	source, translated, returned, truth []lab.Image
}

// translations translates the test pictures, measures how far each is from its true partner, if the data has pairs, and from itself on the way there
// and back, if the method knows the way, and writes some of the pictures of the run.
func (j *job) translations(ctx context.Context, w *record.Writer, m methods.Translator, out map[string]lab.Metric) error {
	t, err := j.translateTest(ctx, &w.Run, m)
	if err != nil {
		return err
	}
	add := func(name, protocol, better string, values []float64) {
		mt := metric(values, protocol+", "+j.howMany(), "", better)
		mt.Names = t.names
		out[name] = mt
	}
	clipped := metrics.Options{Clip: true}
	if len(t.returned) > 0 {
		measure := metrics.L1Measure(clipped)
		values, err := t.compare(measure, t.source, t.returned)
		if err != nil {
			return err
		}
		add("cycle-l1", measure.Protocol+", a picture of A against itself, brought to B and back", measure.Better, values)
	}
	if j.data.Paired {
		const of = ", a picture of A, brought to B, against its true partner"
		side := min(j.problem.Height, j.problem.Width)
		measures := []metrics.Measure{metrics.L1Measure(clipped)}
		if side >= metrics.SSIMSide {
			measures = append(measures, metrics.SSIMMeasure(clipped))
		}
		for _, measure := range measures {
			values, err := t.compare(measure, t.truth, t.translated)
			if err != nil {
				return err
			}
			add(measure.Name, measure.Protocol+of, measure.Better, values)
		}
		if side >= features.SmallestSide {
			values, protocol, err := j.featureDistances(ctx, t.truth, t.translated)
			if err != nil {
				return err
			}
			add("feature-distance", protocol+of, "lower", values)
		}
	}
	if j.data.DomainB != "" && len(t.names) >= fewForClasses {
		values, protocol, err := j.classesKept(ctx, t)
		if err != nil {
			return err
		}
		add("class-preserved", protocol, "higher", values)
	}
	if err := j.asDomainB(ctx, t, out); err != nil {
		return err
	}
	return t.write(w)
}

// asDomainB measures how near the translations are, as a set, to test pictures of B, which needs no pairs: with too few of either nothing is measured,
// and no FID without more of both than features.
func (j *job) asDomainB(ctx context.Context, t translation, out map[string]lab.Metric) error {
	p, all := j.problem, j.data.TestB
	n := len(all)
	if k := j.spec.Eval.Images; k > 0 {
		n = min(n, k)
	}
	if min(n, len(t.translated)) < fewPictures {
		return nil
	}
	j.tell(lab.Event{Step: j.spec.Steps, Stage: "evaluate", Note: "looking at translations"})
	e, err := j.squeezeNet(ctx)
	if err != nil {
		return err
	}
	look := func(what string, n int, at func(i int) []float32) (metrics.Features, error) {
		view, err := e.see(ctx, n, p.Height, p.Width, p.Channels, at)
		if err != nil {
			return metrics.Features{}, err
		}
		return e.of(what, view)
	}
	made, err := look("test pictures of A, brought to B", len(t.translated), func(i int) []float32 { return clipped(t.translated[i]).Pix })
	if err != nil {
		return err
	}
	real, err := look(fmt.Sprintf("of the %d test pictures of B, evenly spread", len(all)), n, func(i int) []float32 { return all[i*len(all)/n].Image().Pix })
	if err != nil {
		return err
	}
	scores, err := distances(real, made)
	if err != nil {
		return err
	}
	for _, s := range scores {
		out[s.Name] = s.Metric()
	}
	return nil
}

// classesKept says of each picture whether a classifier of domain B puts its translation into its own class, 1 or 0.
func (j *job) classesKept(ctx context.Context, t translation) (values []float64, protocol string, err error) {
	judge, result, err := j.classifier(ctx, j.data.DomainB)
	if err != nil {
		return nil, "", err
	}
	p := j.problem
	view, err := judge.see(ctx, len(t.translated), p.Height, p.Width, p.Channels, func(i int) []float32 { return t.translated[i].Pix })
	if err != nil {
		return nil, "", err
	}
	classes := len(view.probabilities) / view.n
	for i := range view.n {
		right := argMax(view.probabilities[i*classes:(i+1)*classes]) == int(j.data.Test[j.testAt(i)].Label)
		values = append(values, float64(indicator(right)))
	}
	return values, fmt.Sprintf("share of pictures of A whose translation has their class of %d, by lenet (%d steps on %s, run %.12s, which is right about %.4f of B's own test pictures)",
		classes, classifierSteps, j.data.DomainB, result.Hash, result.Metrics["accuracy"].Value), nil
}

// translateTest translates the test pictures that are measured.
func (j *job) translateTest(ctx context.Context, r *record.Run, m methods.Translator) (t translation, err error) {
	p := j.problem
	size := p.Height * p.Width * p.Channels
	invertible, returns := m.(methods.Invertible)
	picture := func(pixels []float32) lab.Image {
		return lab.Image{Height: p.Height, Width: p.Width, Channels: p.Channels, Pix: pixels}
	}
	err = j.overTest(ctx, r, translateBatch, 1, false, func(s *model.Scope, x *graph.Node) *graph.Node {
		y := m.Translate(s, x)
		if !returns {
			return y
		}
		return graph.Concatenate([]*graph.Node{y, invertible.TranslateBack(s, y)}, 1)
	}, func(i int, row []float32) {
		a := j.data.Test[j.testAt(i)]
		t.names = append(t.names, a.Name)
		t.source = append(t.source, a.Image())
		t.translated = append(t.translated, picture(row[:size]))
		if returns {
			t.returned = append(t.returned, picture(row[size:]))
		}
		if j.data.Paired {
			t.truth = append(t.truth, j.data.TestB[j.testAt(i)].Image())
		}
	})
	return t, err
}

// compare measures picture for picture.
func (t translation) compare(measure metrics.Measure, want, got []lab.Image) ([]float64, error) {
	values := make([]float64, len(want))
	for i := range values {
		var err error
		if values[i], err = measure.Of(want[i], got[i]); err != nil {
			return nil, fmt.Errorf("measuring %s: %w", t.names[i], err)
		}
	}
	return values, nil
}

// write keeps some of the pictures in the run.
func (t translation) write(w *record.Writer) error {
	n := min(len(t.names), shownTranslations)
	for k := range n {
		i := k * len(t.names) / n
		for kind, of := range map[string][]lab.Image{"source": t.source, "translated": t.translated, "truth": t.truth} {
			if len(of) == 0 {
				continue
			}
			if err := w.WritePicture(t.names[i], kind, of[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// featureDistances is how far pairs of pictures, all of one size, are apart by the features of a fixed network, and the protocol of that.
func (j *job) featureDistances(ctx context.Context, a, b []lab.Image) (values []float64, protocol string, err error) {
	net, err := features.OpenSqueezeNet(ctx, j.engine.options.Say)
	if err != nil {
		return nil, "", err
	}
	batch := func(of []lab.Image, from int) *tensors.Tensor {
		var pixels []float32
		for i := range translateBatch {
			pixels = append(pixels, clipped(of[min(from+i, len(of)-1)]).Pix...)
		}
		return tensors.FromFlatDataAndDimensions(pixels, translateBatch, of[0].Height, of[0].Width, of[0].Channels)
	}
	err = guard("the feature distance", func() error {
		exec, err := model.NewExec(j.backend, model.NewStore(), net.Distance)
		if err != nil {
			return err
		}
		defer exec.Finalize()
		for from := 0; from < len(a); from += translateBatch {
			if ctx.Err() != nil {
				return fmt.Errorf("stopped while measuring; what was learnt is kept, the same command measures again: %w", context.Cause(ctx))
			}
			out, err := exec.Call(batch(a, from), batch(b, from))
			if err != nil {
				return err
			}
			row, err := tensors.CopyFlatData[float32](out[0])
			if err != nil {
				return err
			}
			for _, v := range row[:min(translateBatch, len(a)-from)] {
				values = append(values, float64(v))
			}
		}
		return nil
	})
	return values, featureProtocol(net), err
}

// Translate brings the pictures of a folder to domain B by the run in the directory dir, or to domain A with back. They are cropped and resized to
// what the method was trained on. keep sees each with the name of its file.
func (e *Engine) Translate(ctx context.Context, dir, folder string, back bool, keep func(name string, im lab.Image) error) error {
	r, err := record.Open(dir)
	if err != nil {
		return err
	}
	j, err := e.prepare(ctx, r.Spec, nil)
	if err != nil {
		return err
	}
	m, ok := j.method.(methods.Translator)
	if !ok || j.task.Kind != lab.Translate {
		return usage(fmt.Errorf("%s on %s does not translate; give a run of a translate task", r.Spec.Method, r.Spec.Task))
	}
	way := m.Translate
	if back {
		m, ok := m.(methods.Invertible)
		if !ok {
			return usage(fmt.Errorf("%s does not know the way back; leave --back out, or take cyclegan", r.Spec.Method))
		}
		way = m.TranslateBack
	}
	p := j.problem
	o := data.Options{Say: e.options.Say, Strict: e.options.Strict, Grey: p.Channels == 1}
	if p.Height == p.Width {
		o.Size = p.Height
	}
	pictures, notes, err := data.Pictures(ctx, folder, o)
	if err != nil {
		return err
	}
	for _, note := range notes {
		e.options.Say.Line(note)
	}
	for _, pic := range pictures {
		if pic.Height != p.Height || pic.Width != p.Width || pic.Channels != p.Channels {
			return usage(fmt.Errorf("%s is %d×%d with %d channels, and %s learnt from pictures of %d×%d with %d; convert it",
				pic.Name, pic.Width, pic.Height, pic.Channels, r.Spec.Method, p.Width, p.Height, p.Channels))
		}
	}
	j.data, j.spec.Eval = &data.Dataset{Test: pictures}, lab.Eval{}
	var failed error
	err = j.overTest(ctx, r, translateBatch, 1, false, way, func(i int, row []float32) {
		if failed == nil {
			failed = keep(pictures[i].Name, lab.Image{Height: p.Height, Width: p.Width, Channels: p.Channels, Pix: row})
		}
	})
	return cmp.Or(err, failed)
}
