package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"darkroom/experiments"
	"darkroom/lib/engine"
	"darkroom/lib/lab"
	"darkroom/lib/serve"
	"darkroom/plots"

	"github.com/spf13/cobra"
)

// Environment variables for the engine that a notebook's cell starts.
const (
	idleEnv  = "DARKROOM_ENGINE_IDLE"  // end after so long without work, such as 30m
	ownerEnv = "DARKROOM_ENGINE_OWNER" // end when this process has ended
)

func (a *app) engineCommand() *cobra.Command {
	var listen, stop bool
	cmd := &cobra.Command{
		Use:   "engine [SESSION]",
		Short: "List or end the processes that train for notebooks",
		Long: `Lists the engines that are at work, or ends one.

An engine is the process that trains, measures and draws for the cells of a notebook, its session. The first cell that needs it
starts it. It goes on when the cell is interrupted and the kernel restarts, and ends by itself after half an hour without work
(or as long as DARKROOM_ENGINE_IDLE says, such as 5m). What --stop interrupts is kept: asking for the run again goes on with it.`,
		Example: `  darkroom engine                  what is at work
  darkroom engine --stop           end it, if it is the only one
  darkroom engine --stop default   end the engine of programs outside of notebooks`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			session := ""
			if len(args) > 0 {
				session = args[0]
			}
			switch {
			case listen && stop:
				return engine.UsageError{Err: errors.New("--listen and --stop do not go together")}
			case listen:
				return a.listen(cmd.Context(), session)
			case stop:
				return a.stopEngine(cmd.Context(), session)
			case session != "":
				return engine.UsageError{Err: fmt.Errorf("what of the engine %s? give --stop to end it", session)}
			}
			for _, r := range lab.Engines() {
				if _, err := fmt.Fprintf(a.out, "%-40s process %d, %s\n", r.Session, r.PID, r.Command); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&listen, "listen", false, "be the engine of the session (a cell's first call does this)")
	cmd.Flags().BoolVar(&stop, "stop", false, "end the session's engine; what trains stops after a checkpoint")
	return cmd
}

// listen is the engine of a session.
func (a *app) listen(ctx context.Context, session string) error {
	if session == "" {
		session = lab.Session()
	}
	place, err := lab.PlaceOf(session)
	if err != nil {
		return engine.UsageError{Err: err}
	}
	o := serve.Options{Log: a.err}
	if v := os.Getenv(idleEnv); v != "" {
		if o.Idle, err = time.ParseDuration(v); err != nil || o.Idle <= 0 {
			return engine.UsageError{Err: fmt.Errorf("%s=%q is no time to wait for work; write it as 90s or 30m", idleEnv, v)}
		}
	}
	if v := os.Getenv(ownerEnv); v != "" {
		if o.Owner, err = strconv.Atoi(v); err != nil || o.Owner <= 0 {
			return engine.UsageError{Err: fmt.Errorf("%s=%q is no process's number", ownerEnv, v)}
		}
	}
	if o.Command, err = os.Executable(); err != nil {
		return err
	}
	e := a.engine()
	o.Jobs, o.Rest = new(serve.Jobs), e.Rest
	err = serve.Listen(ctx, place, o, func(ctx context.Context, q lab.Request, send func(lab.Reply) error) error {
		return (&call{Engine: e, app: *a, jobs: o.Jobs}).to(q, send).answer(ctx, q)
	})
	if errors.Is(err, lab.ErrRunning) {
		return nil // whoever has started this one asks that one
	}
	return err
}

// stopEngine ends an engine and waits for its end.
func (a *app) stopEngine(ctx context.Context, session string) error {
	var chosen []lab.Running
	var names []string
	for _, r := range lab.Engines() {
		names = append(names, r.Session)
		if session == "" || r.Session == session {
			chosen = append(chosen, r)
		}
	}
	switch {
	case len(chosen) == 0 && session != "":
		return engine.UsageError{Err: fmt.Errorf("no engine of the session %s is running%s", session, lab.Suggest(session, names))}
	case len(chosen) == 0:
		a.say("no engine is running")
		return nil
	case len(chosen) > 1:
		return engine.UsageError{Err: fmt.Errorf("%d engines are running: give --stop the session of one, %s", len(chosen), strings.Join(names, " or "))}
	}
	r := chosen[0]
	if err := syscall.Kill(r.PID, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("the engine of the session %s (process %d) cannot be told to end: %w", r.Session, r.PID, err)
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		gone := true
		for _, other := range lab.Engines() {
			gone = gone && other.PID != r.PID
		}
		if gone {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("the engine of the session %s has been told to end and has not ended after a minute; kill -9 %d ends it at once, "+
		"and loses what has been trained since the last checkpoint", r.Session, r.PID)
}

// call answers one request. Its app's stderr is the client's.
type call struct {
	*engine.Engine
	app  app
	jobs *serve.Jobs
	send func(lab.Reply) error
}

// to is a call of the same engine that says what it has to say elsewhere.
func (c *call) to(q lab.Request, send func(lab.Reply) error) *call {
	out := &call{app: c.app, jobs: c.jobs, send: send}
	out.app.err = sayer(send)
	out.app.runs, out.app.live = q.Runs, q.Live
	out.Engine = c.With(engine.Options{Say: out.app.say, Checkpoint: c.app.checkpoint, Folder: q.Folder})
	return out
}

// sayer makes replies of the lines that the command would write to stderr.
type sayer func(lab.Reply) error

func (send sayer) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" {
			_ = send(lab.Reply{Say: line}) // if nobody listens any more, the call ends
		}
	}
	return len(b), nil
}

func (c *call) answer(ctx context.Context, q lab.Request) error {
	q.Spec.Eval, q.Spec.Runs = q.Eval, q.Runs
	switch q.Call {
	case "methods":
		return c.send(lab.Reply{Methods: c.Methods()})
	case "resolve":
		spec, err := c.Resolve(ctx, q.Spec)
		if err != nil {
			return err
		}
		return c.result(&lab.Result{Spec: spec, Hash: spec.Hash()})
	case "run", "start":
		return c.run(ctx, q)
	case "attach", "stop", "get":
		return c.named(ctx, q)
	case "sample":
		images, err := c.Sample(ctx, q.Dir, q.Draw)
		if err != nil {
			return err
		}
		return c.images(images)
	case "compare":
		return c.compare(ctx, q)
	default:
		return fmt.Errorf("unknown call %q: the cell's darkroom and the command's differ; run darkroom lab again", q.Call)
	}
}

func (c *call) result(r *lab.Result) error { return c.send(lab.Reply{Result: r, Eval: r.Spec.Eval}) }

// images sends images of one shape, some megabytes at a time.
func (c *call) images(images []lab.Image) error {
	for len(images) > 0 {
		n := min(len(images), max(1, 1<<21/len(images[0].Pix)))
		if err := c.send(lab.Reply{Images: images[:n]}); err != nil {
			return err
		}
		images = images[n:]
	}
	return nil
}

func (c *call) compare(ctx context.Context, q lab.Request) error {
	what, err := experiments.Lookup(q.Name)
	if err != nil {
		return err
	}
	var view *plots.LiveView
	now := ""
	table, err := c.app.compare(ctx, &drawing{Engine: c.Engine, app: &c.app}, what, q.Seeds, q.Quick, func(spec lab.Spec, ev lab.Event) {
		if title := fmt.Sprintf("%s, seed %d", spec.Method, spec.Seed); title != now {
			view, now = plots.Live(title), title
		}
		view.Add(ev)
		if q.Live && view.Due() {
			_ = c.send(lab.Reply{Live: view.HTML()})
		}
	})
	if q.Live && view != nil {
		view.Finish()
		_ = c.send(lab.Reply{Live: view.HTML()})
	}
	if table != nil {
		_ = c.send(lab.Reply{HTML: table.HTML()})
	}
	return err
}
