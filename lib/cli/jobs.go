package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"darkroom/lib/health"
	"darkroom/lib/lab"
	"darkroom/lib/record"
	"darkroom/lib/serve"
	"darkroom/plots"
)

// run carries out a spec as a job, which goes on when the client has gone, and follows it unless it is only to be started.
func (c *call) run(ctx context.Context, q lab.Request) error {
	spec, err := c.Resolve(ctx, q.Spec)
	if err != nil {
		return err
	}
	if q.Name != "" {
		if err := record.SetName(q.Name, spec); err != nil {
			return err
		}
	}
	of := &lab.Result{Dir: record.Path(spec), Hash: spec.Hash(), Spec: spec}
	of.Spec.Name = q.Name
	job, err := c.jobs.Start(of.Dir+" "+spec.Eval.Hash(), of, func(ctx context.Context, tell func(lab.Reply)) error {
		own := c.to(q, func(p lab.Reply) error { tell(p); return nil })
		r, err := (&drawing{Engine: own.Engine, app: &own.app}).Run(ctx, spec, func(ev lab.Event) { tell(lab.Reply{Event: &ev}) })
		if err == nil {
			err = own.result(r)
		}
		return err
	})
	if err != nil {
		return err
	}
	if q.Call == "start" {
		return c.result(of)
	}
	return c.follow(ctx, job, q.Live)
}

// previewed is how many samples the view of a generator in training shows.
const previewed = 16

// follow tells the client all that a job says, from the first on, with a drawing of its curve now and then.
func (c *call) follow(ctx context.Context, job *serve.Job, live bool) error {
	view := plots.Live(job.Of.Spec.Method + " on " + job.Of.Spec.Task)
	drawn, shown := 0, false // drawn is the step of the samples that the view shows
	err := job.Follow(ctx, func(p lab.Reply) error {
		if p.Event != nil {
			view.Add(*p.Event)
			if live && view.Due() {
				if step, images, _ := c.Preview(ctx, job.Of.Dir, drawn, previewed); step > 0 { // without them the view is true, too
					view.Samples(step, images)
					drawn = step
				}
				_ = c.send(lab.Reply{Live: view.HTML()})
				shown = true
			}
		}
		return c.send(p)
	})
	view.Finish()
	if live && (shown || len(view.Curves()) > 0) {
		_ = c.send(lab.Reply{Live: view.HTML()})
	}
	return err
}

// named answers for a run that the client has named.
func (c *call) named(ctx context.Context, q lab.Request) error {
	r, err := record.Find(q.Runs, q.Name)
	jobs := c.jobs.Find(func(j *serve.Job) bool {
		return err == nil && j.Of.Dir == r.Dir || q.Name == j.Of.Spec.Name || q.Name == filepath.Base(j.Of.Dir) || len(q.Name) >= 4 && strings.HasPrefix(j.Of.Hash, q.Name)
	})
	switch {
	case err != nil && len(jobs) == 0:
		return err
	case q.Call == "get" && err != nil:
		return fmt.Errorf("the run %s has only begun: lab.Attach(%q).Wait() waits for it", q.Name, q.Name)
	case q.Call == "get":
		return c.get(r)
	case q.Call == "stop":
		for _, j := range jobs {
			j.Stop()
			if err := j.Follow(ctx, func(lab.Reply) error { return nil }); err != nil && ctx.Err() == nil {
				_ = c.send(lab.Reply{Say: err.Error()}) // where it stopped
			}
		}
		return nil
	case len(jobs) > 0:
		return c.result(jobs[0].Of)
	}
	q.Spec, q.Call, q.Name = r.Spec, "start", ""
	q.Spec.Runs = filepath.Dir(r.Dir)
	if spec, err := c.Resolve(ctx, q.Spec); err != nil {
		return err
	} else if spec.Hash() != r.Spec.Hash() {
		return fmt.Errorf("the run %s cannot go on: its data have changed since, or what its parameters mean", r.Dir)
	}
	return c.run(ctx, q)
}

// get sends a run that is complete, with its events.
func (c *call) get(r *record.Run) error {
	if !r.Trained() {
		return fmt.Errorf("the run %s is not finished: lab.Attach(%q).Wait() goes on with it", r.Dir, r.Spec.Hash()[:12])
	}
	events, _ := r.Events() // those before a damaged line say what they can
	for _, e := range events {
		if err := c.send(lab.Reply{Event: &e}); err != nil {
			return err
		}
	}
	metrics := r.AllMetrics()
	return c.result(&lab.Result{
		Dir: r.Dir, Hash: r.Spec.Hash(), Spec: r.Spec, Metrics: metrics, Cached: true, Health: health.Check(health.RunOf(r.Spec, events, metrics)),
	})
}
