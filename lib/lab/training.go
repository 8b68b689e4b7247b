package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

// Training is a run that the session's engine carries out whether or not anybody waits for it. Get one from Start or Attach.
type Training struct {
	Name string // for Attach and Get
	Dir  string // the run directory
	Hash string
	Spec Spec // as resolved

	// StopOnInterrupt makes an interrupt of the cell stop the training when it waits. If it is false, as it is at first, the cell stops waiting,
	// and the training goes on.
	StopOnInterrupt bool

	remote Remote
}

// Start begins a run, or goes on with it, and returns at once. The error says what is wrong with the spec.
func (r Remote) Start(ctx context.Context, s Spec) (*Training, error) {
	return r.training(ctx, Request{Call: "start", Spec: s, Eval: s.Eval, Runs: s.Runs, Name: s.Name})
}

// Attach finds a run by the name that its spec gave it, by its run directory's name or by at least 4 digits of its hash: one that goes on, or
// one that is complete. One that was cut short goes on. runs is the folder of run directories, empty for the default one.
func (r Remote) Attach(ctx context.Context, runs, name string) (*Training, error) {
	return r.training(ctx, Request{Call: "attach", Runs: runs, Name: name})
}

func (r Remote) training(ctx context.Context, q Request) (*Training, error) {
	var of *Result
	if err := r.call(ctx, q, func(p Reply) {
		if p.Result != nil {
			of = p.result(q.Runs)
		}
	}); err != nil {
		return nil, err
	}
	if of == nil {
		return nil, errNoAnswer
	}
	t := &Training{Name: q.Name, Dir: of.Dir, Hash: of.Hash, Spec: of.Spec, remote: r}
	if t.Name == "" {
		t.Name = of.Hash[:12]
	}
	return t, nil
}

// Follow waits until the training is done; watch, if not nil, sees its events from the first on. In a notebook it shows a live view under the
// cell. When ctx ends, it stops the training after a checkpoint if StopOnInterrupt says so; if not, the error is ErrDetached.
func (t *Training) Follow(ctx context.Context, watch func(Event)) (*Run, error) {
	asked, leave := ctx, (<-chan struct{})(nil)
	if !t.StopOnInterrupt {
		asked, leave = context.WithoutCancel(ctx), ctx.Done()
	}
	type end struct {
		run *Run
		err error
	}
	ended := make(chan end, 1)
	go func() {
		run, err := collect(t.remote, func(see func(Event)) (*Result, error) {
			return t.remote.follow(asked, Request{Call: "run", Spec: t.Spec, Eval: t.Spec.Eval, Runs: filepath.Dir(t.Dir)}, func(e Event) {
				see(e)
				if watch != nil {
					watch(e)
				}
			})
		})
		ended <- end{run, err}
	}()
	select {
	case e := <-ended:
		return e.run, e.err
	case <-leave:
		return nil, fmt.Errorf("%w: lab.Attach(%q).Wait() shows it again, and lab.Attach(%q).Stop() stops it", ErrDetached, t.Name, t.Name)
	}
}

// ErrDetached is wrapped by the error for a training that goes on without the one who waited.
var ErrDetached = errors.New("the training goes on")

// stop returns when the training has stopped. One that does not go on is left as it is.
func (r Remote) stop(ctx context.Context, t *Training) error {
	return r.call(ctx, Request{Call: "stop", Runs: filepath.Dir(t.Dir), Name: t.Hash}, nil)
}

// Get returns a run that is complete, by its name, its directory's name or at least 4 digits of its hash, and trains nothing.
func (r Remote) Get(ctx context.Context, runs, name string) (*Run, error) {
	return collect(r, func(watch func(Event)) (*Result, error) {
		return r.follow(ctx, Request{Call: "get", Runs: runs, Name: name}, watch)
	})
}

// here is the Remote that cells ask.
func here() Remote {
	r, _ := Default.(Remote)
	return r
}

// Start begins a run and returns while it trains, in a notebook's cell: other cells may draw, look and train meanwhile. An error ends the cell
// with its message.
func Start(s Spec) *Training { return must(here().Start(context.Background(), s)) }

// Attach finds a run that Start or MustRun began, also after the kernel was restarted: see Remote.Attach. An error ends the cell.
func Attach(name string) *Training { return must(here().Attach(context.Background(), "", name)) }

// Get returns a run that is complete, without training: see Remote.Get. An error ends the cell.
func Get(name string) *Run { return must(here().Get(context.Background(), "", name)) }

// Wait shows the training until it is done, and returns the run. Interrupting the cell leaves the training alone, unless StopOnInterrupt says
// otherwise. An error ends the cell with its message.
func (t *Training) Wait() *Run {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return must(t.Follow(ctx, nil))
}

// Stop stops the training after a checkpoint: Start with the same spec, or Attach, goes on with it. An error ends the cell with its message.
func (t *Training) Stop() {
	if err := t.remote.stop(context.Background(), t); err != nil {
		fail(err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		fail(err)
	}
	return v
}
