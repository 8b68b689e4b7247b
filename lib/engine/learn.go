package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"darkroom/lib/data"
	"darkroom/lib/features"
	"darkroom/lib/health"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/nn"
	"darkroom/lib/record"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// learn trains or fits the method and writes its weights. It says whether it went on from a checkpoint.
func (j *job) learn(ctx context.Context, w *record.Writer) (resumed bool, err error) {
	state, notes, err := w.Resume()
	if err != nil {
		return false, err
	}
	for _, n := range notes {
		j.engine.options.Say.Line(n)
	}
	if err := j.sameGround(w, state.Step); err != nil {
		return false, err
	}
	if err := w.Session(j.engine.Environment()); err != nil {
		return false, err
	}
	if j.spec.From != "" {
		return false, w.Finish(nil)
	}
	switch m := j.method.(type) {
	case methods.Trainable:
		err = j.train(ctx, w, m, state)
	case methods.PatchFitter:
		err = j.fit(w, func() (map[string]methods.Array, error) {
			x, err := j.fitPatches(m.FitPatches(), j.problem.Height)
			if err != nil {
				return nil, err
			}
			return m.Fit(runner{ctx, j.backend}, x)
		})
	case methods.Fitter:
		err = j.fit(w, func() (map[string]methods.Array, error) { return m.Fit(runner{ctx, j.backend}, images(j.data.Train)) })
	case methods.DomainFitter:
		err = j.fit(w, func() (map[string]methods.Array, error) {
			return m.FitDomains(images(j.data.Train), images(j.data.TrainB))
		})
	default:
		err = w.Finish(nil)
	}
	return state.Step > 0, err
}

// ground is what must not change within a run, since the last bits of its numbers depend on it.
var ground = []string{"kernels", "plugin-sha256", "processor", "threads"}

// sameGround refuses to go on with a run that began on other kernels, another plugin or another processor.
func (j *job) sameGround(w *record.Writer, step int) error {
	sessions := w.Environments()
	if step == 0 || len(sessions) == 0 || j.engine.options.Force {
		return nil
	}
	was, is := sessions[len(sessions)-1], j.engine.Environment()
	for _, k := range ground {
		if was[k] != is[k] {
			return usage(fmt.Errorf("the run %s stopped at step %d with %s = %q, and this is %q: going on may change the last bits of its numbers; "+
				"give --force to go on all the same, or choose another folder with --runs", w.Dir, step, k, was[k], is[k]))
		}
	}
	return nil
}

// images are the pictures of a split, which are all of one size.
func images(s data.Split) methods.Images {
	return methods.Images{
		N: len(s), Height: s[0].Height, Width: s[0].Width, Channels: s[0].Channels, At: func(i int) []uint8 { return s[i].Pix },
	}
}

// fit carries out a fit and writes its variables.
func (j *job) fit(w *record.Writer, do func() (map[string]methods.Array, error)) error {
	j.tell(lab.Event{Stage: "fit"})
	begin := time.Now()
	vars, err := do()
	if err != nil {
		return err
	}
	store := model.NewStore()
	if err := create(store, vars); err != nil {
		return err
	}
	ts, err := save(store, func(string) bool { return true })
	if err != nil {
		return err
	}
	if err := w.Time(record.Timing{Elapsed: time.Since(begin).Seconds(), Session: len(w.Environments())}); err != nil {
		return err
	}
	return w.Finish(ts)
}

// create makes variables that are not trained.
func create(store *model.Store, vars map[string]methods.Array) error {
	for path, a := range vars {
		v, err := store.CreateVariable(path, fromArray(a))
		if err != nil {
			return err
		}
		v.SetTrainable(false)
	}
	return nil
}

// pendingPath is where a checkpoint keeps the scalars of the steps since the last event.
const pendingPath = "/#pending"

// logEvery is how many steps lie between two events, whose scalars are the means over those steps: scalars are read from the device that
// seldom.
func logEvery(steps int) int { return max(1, min(50, steps/100)) }

// trainer is a training under way.
type trainer struct {
	*job
	w       *record.Writer
	store   *model.Store
	names   []string    // of the scalars that a step returns
	pending [][]float32 // of the steps since the last event
	unread  []*tensors.Tensor
	step    int // steps done
	begin   time.Time
	inside  time.Duration // time inside the compiled step
	compile time.Duration
	session int
	first   int // steps done when the session began
}

func (j *job) train(ctx context.Context, w *record.Writer, m methods.Trainable, state record.State) error {
	t := &trainer{job: j, w: w, store: model.NewStore(), step: state.Step, first: state.Step, begin: time.Now(), session: len(w.Environments())}
	if state.Step > 0 {
		l := newLoader(state.Tensors)
		t.pending = pendingOf(l)
		t.store.SetLoader(l)
		t.store.GetVariable(rngPath) // first, as in a fresh store
	} else if err := t.store.SetRNGStateFromSeed(j.spec.Seed); err != nil {
		return err
	}
	if f, ok := m.(methods.DomainFitter); ok { // if the training goes on, the variables are the checkpoint's, and all of them are asked for
		vars, err := f.FitDomains(images(j.data.Train), images(j.data.TrainB))
		if err == nil {
			err = create(t.store, vars)
		}
		if err != nil {
			return err
		}
	}
	for _, e := range state.Events {
		j.tell(e)
	}
	if m, ok := m.(methods.Perceptive); ok && m.Perceives() {
		net, err := features.OpenSqueezeNet(ctx, j.engine.options.Say)
		if err != nil {
			return fmt.Errorf("the network that %s looks at pictures by: %w", j.spec.Method, err)
		}
		m.Perceive(methods.Sight{Distance: net.Distance, Maps: net.Maps})
	}
	feed, err := newFeed(j, m, t.step)
	if err != nil {
		return err
	}
	defer feed.stop()

	j.tell(lab.Event{Step: t.step, Stage: "compile"})
	exec, err := model.NewExec(j.backend, t.store, func(s *model.Scope, inputs []*graph.Node) []*graph.Node {
		return t.graph(s, m, inputs)
	})
	if err != nil {
		return err
	}
	defer exec.Finalize()
	return t.loop(ctx, exec, feed)
}

func (t *trainer) loop(ctx context.Context, exec *model.Exec, feed *feed) error {
	every := logEvery(t.spec.Steps)
	saved := time.Now()
	for t.step < t.spec.Steps {
		if ctx.Err() != nil {
			return t.interrupted(ctx)
		}
		batch := feed.next()
		at := time.Now()
		err := guard(t.spec.Method, func() error {
			out, err := exec.Call(batch...)
			if err == nil {
				t.unread = append(t.unread, out[0])
			}
			return err
		})
		if err != nil {
			return err
		}
		t.step++
		if t.step == t.first+1 {
			t.compile = time.Since(at)
			t.tell(lab.Event{Step: t.step, Stage: "train", Note: fmt.Sprintf("compiled in %.1f s", t.compile.Seconds())})
		} else {
			t.inside += time.Since(at)
		}
		if t.step%every != 0 && t.step < t.spec.Steps {
			continue
		}
		if err := t.log(); err != nil {
			return err
		}
		if t.step < t.spec.Steps && time.Since(saved) > t.engine.options.Checkpoint {
			if err := t.checkpoint(); err != nil {
				return err
			}
			saved = time.Now()
		}
	}
	ts, err := save(t.store, func(path string) bool { return !isState(path) })
	if err != nil {
		return err
	}
	return t.w.Finish(ts)
}

// interrupted writes a checkpoint and says how to go on.
func (t *trainer) interrupted(ctx context.Context) error {
	if t.step > t.first {
		if err := t.read(); err != nil {
			return err
		}
		if err := t.checkpoint(); err != nil {
			return err
		}
	}
	return fmt.Errorf("stopped after step %d of %d, which is kept in %s; the same command goes on from there: %w",
		t.step, t.spec.Steps, t.w.Dir, context.Cause(ctx))
}

// read fetches the scalars of the steps that were not looked at, and stops at the first that is not finite.
func (t *trainer) read() error {
	at := time.Now()
	defer func() { t.inside += time.Since(at) }() // the device is asynchronous: this waits for the steps
	if len(t.pending) > 0 && len(t.pending[0]) != len(t.names) {
		t.pending = nil // of an older darkroom, which had other scalars
	}
	for i, out := range t.unread {
		values, err := tensors.CopyFlatData[float32](out)
		if err != nil {
			return short(err)
		}
		if err := out.FinalizeAll(); err != nil {
			return err
		}
		for k, v := range values {
			if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
				return t.notFinite(t.step-len(t.unread)+i+1, t.names[k], f)
			}
		}
		t.pending = append(t.pending, values)
	}
	t.unread = t.unread[:0]
	return nil
}

// ErrNotFinite is wrapped by the error for a loss that became NaN or infinite.
var ErrNotFinite = errors.New("training diverged")

func (t *trainer) notFinite(step int, term string, v float64) error {
	kept := "no checkpoint was written before it"
	if c := t.w.Checkpoints(); len(c) > 0 {
		kept = fmt.Sprintf("the checkpoint at step %d is kept in %s", c[0].Step, t.w.Dir)
	}
	e := lab.Event{Step: step, Stage: health.Diverged, Note: fmt.Sprintf("%s became %v at step %d", term, v, step)}
	return errors.Join(fmt.Errorf("%w: %s; %s; try a lower learning-rate", ErrNotFinite, e.Note, kept), t.w.Event(e))
}

// log writes an event with the means of the scalars since the last one.
func (t *trainer) log() error {
	if err := t.read(); err != nil {
		return err
	}
	values := map[string]float64{}
	for k, name := range t.names {
		sum := 0.0
		for _, v := range t.pending {
			sum += float64(v[k])
		}
		values[name] = sum / float64(len(t.pending))
	}
	t.pending = nil
	e := lab.Event{Step: t.step, Values: values}
	if err := t.w.Event(e); err != nil {
		return err
	}
	e.Elapsed, e.InsideStep = time.Since(t.begin), t.inside
	done := t.step - t.first
	if rest := e.Elapsed - t.compile; done > 1 && rest > 0 {
		m := t.method.(methods.Trainable)
		e.PerSecond = float64((done-1)*m.BatchSize()*updates(m)) / rest.Seconds()
		e.Left = time.Duration(float64(rest) / float64(done-1) * float64(t.spec.Steps-t.step))
	}
	t.tell(e)
	return t.w.Time(record.Timing{
		Step: t.step, Elapsed: e.Elapsed.Seconds(), Inside: (t.inside + t.compile).Seconds(), PerSecond: e.PerSecond, Session: t.session,
	})
}

func (t *trainer) checkpoint() error {
	ts, err := save(t.store, func(string) bool { return true })
	if err != nil {
		return err
	}
	if p := pendingTensor(t.pending); p != nil {
		ts = append(ts, *p)
	}
	return t.w.Save(t.step, ts)
}

// graph builds one training step: each objective in turn, its gradients and its updates. It returns all scalars as one vector.
func (t *trainer) graph(s *model.Scope, m methods.Trainable, inputs []*graph.Node) []*graph.Node {
	g := inputs[0].Graph()
	t.store.SetTraining(g, true)
	t.names = nil
	var scalars []*graph.Node
	batches := split(inputs, updates(m))
	for _, o := range m.Objectives() {
		var names []string
		var values []*graph.Node
		for i := range max(o.Updates, 1) { // the scalars are the last update's
			names, values = t.update(s, g, o, batches[i])
		}
		t.names, scalars = append(t.names, names...), append(scalars, values...)
	}
	for i, v := range scalars {
		scalars[i] = graph.Reshape(v, 1)
	}
	return []*graph.Node{graph.Concatenate(scalars, 0)}
}

// updates is into how many batches the images of a step fall.
func updates(m methods.Trainable) int {
	n := 1
	for _, o := range m.Objectives() {
		n = max(n, o.Updates)
	}
	return n
}

// split cuts the images of a step, and their targets and labels if there are any, into n equal batches.
func split(inputs []*graph.Node, n int) []methods.Batch {
	batches := make([]methods.Batch, n)
	for i := range batches {
		part := func(x *graph.Node) *graph.Node {
			if n == 1 {
				return x
			}
			size := x.Shape().Dim(0) / n
			return graph.SliceAxis(x, 0, graph.AxisRange(i*size, (i+1)*size))
		}
		batches[i].X = part(inputs[0])
		for _, x := range inputs[1:] {
			if x.Rank() == 1 {
				batches[i].Label = part(x)
			} else {
				batches[i].Target = part(x)
			}
		}
	}
	return batches
}

// update builds one update of an objective and returns its scalars by name.
func (t *trainer) update(s *model.Scope, g *graph.Graph, o methods.Objective, batch methods.Batch) (names []string, scalars []*graph.Node) {
	add := func(objective, name string, v *graph.Node) {
		if objective != "" {
			name = objective + "/" + name
		}
		names, scalars = append(names, name), append(scalars, v)
	}
	loss := o.Loss(s, batch)
	var vars []*model.Variable
	var nodes []*graph.Node
	for _, v := range t.below(g, o.Scopes) {
		if v.Trainable {
			vars = append(vars, v)
			nodes = append(nodes, v.NodeValue(g))
		}
	}
	if len(vars) == 0 {
		panic(fmt.Errorf("objective %q trains no variable below %v", o.Name, o.Scopes))
	}
	grads := graph.Gradient(loss.Total, nodes...)
	norm := nn.GlobalNorm(grads)
	step := o.Optimizer.Update(t.store, cmp.Or(o.Name, "all"), t.spec.Steps*max(o.Updates, 1), vars, grads)
	if o.Average > 0 {
		nn.MoveAverages(t.store, o.Average, step, t.below(g, o.Scopes))
	}
	add(o.Name, "loss", loss.Total)
	for _, term := range loss.Terms {
		add(o.Name, term.Name, term.Value)
	}
	if step.Norm != nil { // what is clipped: with accumulation it is not this step's gradient alone
		norm = step.Norm
	}
	add("gradient", cmp.Or(o.Name, "norm"), norm) // panels of their own: their scales are others
	switch {
	case step.Rate == nil:
	case o.Name == "":
		add("", "learning-rate", step.Rate)
	default:
		add("learning-rate", o.Name, step.Rate)
	}
	return names, scalars
}

// below lists the variables of the graph that live below the scopes, in the order in which they were made.
func (t *trainer) below(g *graph.Graph, scopes []string) []*model.Variable {
	var out []*model.Variable
	for v := range t.store.IterVariables() {
		if v.InUseByGraph(g) && slices.ContainsFunc(scopes, func(s string) bool { return strings.HasPrefix(v.Path(), "/"+s+"/") }) {
			out = append(out, v)
		}
	}
	return out
}
