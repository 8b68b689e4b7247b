package engine

import (
	"context"
	"fmt"
	"slices"

	"darkroom/lib/data"
	"darkroom/lib/health"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/physics"
	"darkroom/lib/record"

	"github.com/gomlx/compute"
)

// job is a resolved spec with everything that it needs in hand.
type job struct {
	engine  *Engine
	backend compute.Backend
	spec    lab.Spec
	task    lab.Task
	method  methods.Method
	problem methods.Problem
	data    *data.Dataset
	watch   func(lab.Event)
}

// prepare makes the method, opens the data and the backend, and poses the problem.
func (e *Engine) prepare(ctx context.Context, s lab.Spec, watch func(lab.Event)) (*job, error) {
	j := &job{engine: e, spec: s, watch: watch}
	var err error
	if j.task, err = lab.ParseTask(s.Task); err != nil {
		return nil, usage(err)
	}
	entry, err := methods.Lookup(s.Method)
	if err != nil {
		return nil, usage(err)
	}
	j.method = entry.New()
	if _, err := methods.Apply(s.Method, j.method, s.Set); err != nil {
		return nil, usage(err)
	}
	if b, ok := j.method.(methods.Borrower); ok && s.From != "" {
		r, err := lender(s)
		if err != nil {
			return nil, err
		}
		if err := e.lend(ctx, r, b); err != nil {
			return nil, err
		}
	}
	if j.data, err = data.Open(ctx, j.task.Data, e.dataOptions(j.task)); err != nil {
		return nil, err
	}
	for _, note := range j.data.Notes {
		e.options.Say.Line(note)
	}
	if coloured(j.task) {
		if err := j.dropGrey(); err != nil {
			return nil, err
		}
	}
	if err := j.pose(); err != nil {
		return nil, usage(err)
	}
	j.backend, err = e.Backend(ctx)
	return j, err
}

// coloured says whether a task is about colours.
func coloured(t lab.Task) bool {
	op, err := physics.Parse(t.Operator)
	_, is := physics.As[physics.Coloured](op)
	return t.Kind == lab.Restore && err == nil && is
}

// dropGrey leaves the pictures without colours out.
func (j *job) dropGrey() error {
	grey := func(p data.Picture) bool {
		for i := 0; i+2 < len(p.Pix) && p.Channels == 3; i += 3 {
			if p.Pix[i] != p.Pix[i+1] || p.Pix[i] != p.Pix[i+2] {
				return false
			}
		}
		return true
	}
	d := *j.data
	d.Train, d.Test = slices.DeleteFunc(slices.Clone(d.Train), grey), slices.DeleteFunc(slices.Clone(d.Test), grey)
	if len(d.Train) == 0 || len(d.Test) == 0 {
		return fmt.Errorf("%s has %d pictures in colour to learn from and %d to test with, and %s needs at least one of each; take pictures in colour, such as naturals",
			j.task.Data, len(d.Train), len(d.Test), j.task)
	}
	j.data = &d
	return nil
}

// pose tells the method what it will be fitted to.
func (j *job) pose() error {
	p := methods.Problem{Kind: j.task.Kind, Classes: len(j.data.Classes)}
	if j.task.Kind == lab.Restore {
		op, err := physics.Parse(j.task.Operator)
		if err != nil {
			return err
		}
		p = restoreProblem(j.method, op)
		if p.Height > 0 {
			for _, pic := range j.data.Train {
				if pic.Height < p.Height || pic.Width < p.Width {
					return fmt.Errorf("%s learns from patches of %d×%d, but the picture %s is %d×%d; set patch to at most %d",
						j.spec.Method, p.Height, p.Width, pic.Name, pic.Width, pic.Height, min(pic.Width, pic.Height))
				}
			}
		}
	} else {
		all := j.data.Train
		if j.task.Kind == lab.Translate {
			if _, pairs := j.method.(methods.Supervised); pairs && !j.data.Paired {
				return fmt.Errorf("%s learns from pairs, but the pictures of %s are in two domains without pairs; "+
					"take a method that needs none, such as cyclegan, or pictures that show pairs A|B side by side", j.spec.Method, j.task.Data)
			}
			all = slices.Concat(all, j.data.TrainB, j.data.Test, j.data.TestB)
		}
		if err := all.RequireUniform(j.spec.Method); err != nil {
			return err
		}
		p.Height, p.Width, p.Channels, _ = j.data.Train.Uniform()
		if j.task.Kind == lab.Segment {
			p.Classes = len(j.data.Regions)
			if m, ok := j.method.(methods.Picky); ok {
				if zooms, _ := m.PatchChoice(); zooms > 1 {
					return fmt.Errorf("%s: zooms = %d, but masks are not shrunk; leave zooms at 1 to segment", j.spec.Method, zooms)
				}
			}
			if m, ok := j.method.(methods.Patcher); ok && m.PatchSize() > min(p.Height, p.Width) {
				return fmt.Errorf("%s learns from patches of %d×%d, but the pictures are %d×%d; set patch to at most %d",
					j.spec.Method, m.PatchSize(), m.PatchSize(), p.Width, p.Height, min(p.Height, p.Width))
			}
		}
	}
	j.problem = p
	return j.method.Pose(p)
}

// restoreProblem is to restore what op did to grey pictures, learning from patches if the method does.
func restoreProblem(m methods.Method, op physics.Operator) methods.Problem {
	p := methods.Problem{Kind: lab.Restore, Operator: op, Channels: 1}
	if _, coloured := physics.As[physics.Coloured](op); coloured {
		p.Channels = 3
	}
	if patcher, ok := m.(methods.Patcher); ok {
		multiple := physics.Multiple(op)
		p.Height = patcher.PatchSize() / multiple * multiple
		p.Width = p.Height
	}
	return p
}

func (j *job) tell(e lab.Event) {
	if j.watch != nil {
		e.Steps = j.spec.Steps
		j.watch(e)
	}
}

// Run implements lab.Lab. When ctx ends it finishes the step, writes a checkpoint and returns an error that wraps ctx's.
func (e *Engine) Run(ctx context.Context, s lab.Spec, watch func(lab.Event)) (*lab.Result, error) {
	s, err := e.Resolve(ctx, s)
	if err != nil {
		return nil, err
	}
	if r := cached(s, watch); r != nil {
		return r, nil
	}
	j, err := e.prepare(ctx, s, watch)
	if err != nil {
		return nil, err
	}
	if err := j.enoughSamples(); err != nil {
		return nil, err
	}
	w, err := record.Acquire(ctx, s, e.options.Say.Line)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if r := cached(s, watch); r != nil { // another process has just finished it
		return r, nil
	}
	resumed := false
	if !w.Trained() {
		if resumed, err = j.learn(ctx, w); err != nil {
			return nil, err
		}
	}
	metrics, err := j.measure(ctx, w)
	if err != nil {
		return nil, err
	}
	if err := w.Measured(s.Eval, metrics); err != nil {
		return nil, err
	}
	events, _ := w.Events() // those before a damaged line say what they can
	return &lab.Result{
		Dir: w.Dir, Hash: s.Hash(), Spec: s, Metrics: metrics, Resumed: resumed, Seconds: seconds(&w.Run), PerMegapixel: pace(&w.Run), Health: health.Check(health.RunOf(s, events, metrics)),
	}, nil
}

// cached returns the result of a complete run, or nil. watch sees the events that were recorded.
func cached(s lab.Spec, watch func(lab.Event)) *lab.Result {
	r, err := record.Open(record.Path(s))
	if err != nil || !r.Trained() || r.Spec.Hash() != s.Hash() {
		return nil
	}
	metrics, err := r.Metrics(s.Eval)
	if err != nil {
		return nil
	}
	events, _ := r.Events() // those before a damaged line are still worth seeing
	if watch != nil {
		for _, e := range events {
			e.Steps = s.Steps
			watch(e)
		}
	}
	return &lab.Result{
		Dir: r.Dir, Hash: s.Hash(), Spec: s, Metrics: metrics, Cached: true, Seconds: seconds(r), PerMegapixel: pace(r),
		Health: health.Check(health.RunOf(s, events, metrics)),
	}
}

// seconds is the time of all sessions of a run.
func seconds(r *record.Run) float64 {
	last := map[int]float64{}
	for _, t := range r.Timings() {
		last[t.Session] = t.Elapsed
	}
	total := 0.0
	for _, s := range last {
		total += s
	}
	return total
}

// pace is the time that a run took last to restore a million pixels, 0 if it has none.
func pace(r *record.Run) (seconds float64) {
	for _, t := range r.Timings() {
		if t.PerMegapixel > 0 {
			seconds = t.PerMegapixel
		}
	}
	return seconds
}
