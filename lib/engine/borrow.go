package engine

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"

	"darkroom/lib/data"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/physics"
	"darkroom/lib/record"
)

// lender finds the run that a spec takes its weights from, which lies in the same folder of runs.
func lender(s lab.Spec) (*record.Run, error) {
	r, err := record.Find(s.Runs, s.From)
	if err != nil {
		return nil, usage(err)
	}
	there := r.Spec
	there.Runs = s.Runs
	beside := record.Path(there)
	if at, err := filepath.Abs(r.Dir); err != nil || at != beside {
		return nil, usage(fmt.Errorf("the run %s is not in the folder of runs %s; name that of the run with --runs", r.Dir, filepath.Dir(beside)))
	}
	switch {
	case !r.Trained():
		return nil, usage(fmt.Errorf("the run %s is not finished; go on with it first: darkroom run %s %s", r.Dir, r.Spec.Method, r.Spec.Task))
	case r.Spec.From != "":
		return nil, usage(fmt.Errorf("the run %s has its weights from %s; take that", r.Dir, r.Spec.From))
	}
	return r, nil
}

// resolveFrom names the run that the spec takes its weights from in full, or says what is wrong with it. A method that learns by itself has
// the parameters of its run.
func resolveFrom(m methods.Method, s lab.Spec) (lab.Spec, error) {
	borrower, borrows := m.(methods.Borrower)
	borrows = borrows && borrower.Borrows()
	switch {
	case s.From == "" && borrows:
		return s, usage(fmt.Errorf("%s works with what another method learnt; name a run of it with --run (darkroom list runs shows them)", s.Method))
	case s.From == "":
		return s, nil
	case !borrows && !learns(m):
		return s, usage(fmt.Errorf("%s, so set, learns nothing; leave --run out", s.Method))
	}
	r, err := lender(s)
	if err != nil {
		return s, err
	}
	if !borrows {
		switch {
		case r.Spec.Method != s.Method:
			return s, usage(fmt.Errorf("the run %s is of %s, not of %s", r.Dir, r.Spec.Method, s.Method))
		case s.Steps > 0 || len(s.Set) > 0 && !(s.From == r.Spec.Dir() && sameSet(s, r.Spec)): // a resolved spec may be resolved again
			return s, usage(fmt.Errorf("parameters and steps do not go with a run: %s has its own", r.Dir))
		}
		s.Set = r.Spec.Set
	}
	s.From, s.Seed = r.Spec.Dir(), r.Spec.Seed // the run's chance is all that there is
	return s, nil
}

// sameSet says whether two specs of one method have the same parameters, whatever the types of their numbers are.
func sameSet(a, b lab.Spec) bool {
	entry, err := methods.Lookup(a.Method)
	if err != nil {
		return false
	}
	first, err := methods.Apply(a.Method, entry.New(), a.Set)
	if err != nil {
		return false
	}
	second, err := methods.Apply(b.Method, entry.New(), b.Set)
	return err == nil && maps.Equal(first, second)
}

// Borrows says whether a method with these parameters restores with what a run of another method learnt.
func Borrows(method string, set lab.Set) bool {
	entry, err := methods.Lookup(method)
	if err != nil {
		return false
	}
	m := entry.New()
	_, err = methods.Apply(method, m, set)
	b, ok := m.(methods.Borrower)
	return err == nil && ok && b.Borrows()
}

// learns says whether a method has weights of its own.
func learns(m methods.Method) bool {
	_, trains := m.(methods.Trainable)
	_, fits := m.(methods.Fitter)
	return trains || fits
}

// lend hands the method of a run to one that borrows.
func (e *Engine) lend(ctx context.Context, r *record.Run, to methods.Borrower) error {
	entry, err := methods.Lookup(r.Spec.Method)
	if err != nil {
		return usage(err)
	}
	m := entry.New()
	if _, err := methods.Apply(r.Spec.Method, m, r.Spec.Set); err != nil {
		return usage(err)
	}
	task, err := lab.ParseTask(r.Spec.Task)
	if err != nil {
		return err
	}
	p := methods.Problem{Kind: task.Kind}
	if task.Kind == lab.Restore {
		op, err := physics.Parse(task.Operator)
		if err != nil {
			return usage(err)
		}
		p = restoreProblem(m, op)
	} else {
		d, err := data.Open(ctx, task.Data, e.dataOptions(task))
		if err != nil {
			return err
		}
		p.Height, p.Width, p.Channels, _ = d.Train.Uniform()
		p.Classes = len(d.Classes)
	}
	if err := m.Pose(p); err != nil {
		return usage(err)
	}
	return usage(to.Lend(m, r.Spec.Method, p))
}

// borrowed are the weights of the run that a run takes them from, where its method looks for them.
func borrowed(r *record.Run) (loader, error) {
	from, err := record.Open(filepath.Join(filepath.Dir(r.Dir), r.Spec.From))
	if err != nil {
		return nil, fmt.Errorf("the run %s takes its weights from %s: %w", r.Dir, r.Spec.From, err)
	}
	entry, err := methods.Lookup(r.Spec.Method)
	if err != nil {
		return nil, err
	}
	_, below := entry.New().(methods.Borrower)
	return lent(from, below)
}

// lent are the weights of a run, below the scope of those that are borrowed if that is so.
func lent(from *record.Run, below bool) (loader, error) {
	l, err := weights(from)
	if err != nil || !below {
		return l, err
	}
	moved := loader{}
	for path, t := range l {
		moved["/"+methods.Borrowed+path] = t
	}
	return moved, nil
}
