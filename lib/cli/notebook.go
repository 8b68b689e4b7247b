package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"darkroom/experiments"
	"darkroom/kernel"
	"darkroom/lib/data"
	"darkroom/lib/engine"
	"darkroom/lib/engine/plugin"
	"darkroom/lib/lab"
	"darkroom/plots"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
)

// firstData is what the first notebook needs.
const firstData = "fashion-mnist"

func (a *app) labCommand() *cobra.Command {
	var noBrowser bool
	var port int
	var headless, output string
	var parameters []string
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Open the notebooks in JupyterLab, installing what is missing",
		Example: `  darkroom lab
  darkroom lab --no-browser --port 8888
  darkroom lab --headless notebooks/vae.ipynb --output /tmp/vae.ipynb -p steps=200`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if port < 0 || port > 65535 {
				return engine.UsageError{Err: fmt.Errorf("--port %d is no port; use 1 to 65535", port)}
			}
			if headless != "" {
				if _, err := os.Stat(headless); err != nil {
					return engine.UsageError{Err: fmt.Errorf("the notebook cannot be read: %w", err)}
				}
			} else if len(parameters) > 0 || output != "" {
				return engine.UsageError{Err: errors.New("--output and -p go with --headless NOTEBOOK")}
			}
			if err := portIsFree(port); err != nil { // before the installation, which may take minutes
				return err
			}
			in, err := a.setUp(ctx)
			if err != nil {
				return err
			}
			if headless == "" {
				return in.Lab(ctx, kernel.LabOptions{Dir: filepath.Join(in.Repo, "notebooks"), Port: port, Browser: !noBrowser, Say: a.say})
			}
			if output == "" {
				output = headless
			}
			return in.Execute(ctx, headless, output, kernel.ExecuteOptions{Parameters: parameters, Say: a.say})
		},
	}
	cmd.Flags().BoolVar(&noBrowser, "no-browser", false, "print the address and open no browser")
	cmd.Flags().IntVar(&port, "port", 0, "port to listen on, on this machine only (default: a free one)")
	cmd.Flags().StringVar(&headless, "headless", "", "execute this notebook without a browser and save it with its outputs")
	cmd.Flags().StringVar(&output, "output", "", "where to save the executed notebook (default: in place)")
	cmd.Flags().StringArrayVarP(&parameters, "parameter", "p", nil, "with --headless: set a variable of the cell tagged parameters, as name=value")
	return cmd
}

// portIsFree is an error if something listens on the port already; 0 is any free port.
func portIsFree(port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("--port %d: another program listens on it (%w); choose another, or leave --port out for a free one", port, short(err))
	}
	return l.Close()
}

// short is the cause of a network error without its address.
func short(err error) error {
	var sys syscall.Errno
	if errors.As(err, &sys) {
		return sys
	}
	return err
}

// setUp installs what notebooks need: the plugin, JupyterLab and the kernel, the data of the first notebook.
func (a *app) setUp(ctx context.Context) (*kernel.Installation, error) {
	var bar *progressbar.ProgressBar
	if isTerminal(a.err) {
		bar = progressbar.NewOptions(10, progressbar.OptionSetWriter(a.err), progressbar.OptionSetWidth(20),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false))
	}
	step := func(i, n int, what string) {
		if bar != nil {
			bar.ChangeMax(n)
			bar.Describe(what)
			_ = bar.Set(i)
		}
	}
	say := a.say
	if bar != nil {
		say = func(line string) { bar.Describe(line) }
		defer func() { _ = bar.Finish() }()
	}
	if p, ok, err := plugin.Find(); err != nil {
		return nil, err
	} else if !ok {
		step(1, 10, "the XLA plugin")
		if p, err = plugin.Ensure(ctx, say); err != nil {
			return nil, err
		}
		a.say("the XLA plugin is installed from " + p.From)
	}
	if _, err := a.engineSaying(say).Backend(ctx); err != nil { // also fetches the convolution library
		return nil, err
	}
	in, err := kernel.Setup(ctx, kernel.Options{Say: say, Step: step})
	if err != nil {
		return nil, err
	}
	if _, err := data.Open(ctx, firstData, data.Options{Say: say}); err != nil {
		return nil, err
	}
	return in, nil
}

func (a *app) kernelCommand() *cobra.Command {
	return &cobra.Command{
		Use: "kernel CONNECTION_FILE", Short: "Serve a notebook (Jupyter calls this)", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			var env []string
			if p, ok, err := plugin.Find(); err == nil && ok {
				env = append(env, "GOMLX_BACKEND="+p.Config) // for cells that build a graph of their own
			}
			return kernel.Serve(context.Background(), args[0], env...)
		},
	}
}

// engineCommand answers one request of a notebook's cell on stdin, in lines of JSON on stdout.
func (a *app) engineCommand() *cobra.Command {
	return &cobra.Command{
		Use: "engine", Short: "Work for a notebook's cell (lab.MustRun calls this)", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			in := bufio.NewReaderSize(a.in, 1<<20)
			line, err := in.ReadBytes('\n')
			if err != nil {
				return engine.UsageError{Err: errors.New("darkroom engine reads a request from a cell; to train from the shell use darkroom run")}
			}
			var q lab.Request
			if err := json.Unmarshal(line, &q); err != nil {
				return engine.UsageError{Err: fmt.Errorf("the request cannot be read: %w", err)}
			}
			ctx, cancel := context.WithCancelCause(cmd.Context())
			defer cancel(nil)
			go func() { // the cell's end closes the pipe: finish the step and stop
				_, _ = io.Copy(io.Discard, in)
				cancel(errInterrupted)
			}()
			s := &server{app: a, out: json.NewEncoder(a.out)}
			a.err = sayer{s}
			if err := s.answer(ctx, q); err != nil {
				s.send(lab.Reply{Error: err.Error()})
			}
			return nil
		},
	}
}

// server answers one request.
type server struct {
	app *app
	mu  sync.Mutex
	out *json.Encoder
}

func (s *server) send(p lab.Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.out.Encode(p) // if nobody reads any more, the closed pipe ends the work
}

// sayer makes replies of the lines that the command would write to stderr.
type sayer struct{ s *server }

func (w sayer) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" {
			w.s.send(lab.Reply{Say: line})
		}
	}
	return len(b), nil
}

func (s *server) answer(ctx context.Context, q lab.Request) error {
	e := s.app.engine()
	q.Spec.Eval, q.Spec.Runs = q.Eval, q.Runs
	switch q.Call {
	case "methods":
		s.send(lab.Reply{Methods: e.Methods()})
	case "resolve":
		spec, err := e.Resolve(ctx, q.Spec)
		if err != nil {
			return err
		}
		s.send(lab.Reply{Result: &lab.Result{Spec: spec, Hash: spec.Hash()}})
	case "run":
		view := plots.Live(q.Spec.Method + " on " + q.Spec.Task)
		r, err := (&drawing{Engine: e, app: s.app}).Run(ctx, q.Spec, func(ev lab.Event) {
			view.Add(ev)
			if q.Live && view.Due() {
				s.send(lab.Reply{Live: view.HTML()})
			}
			s.send(lab.Reply{Event: &ev})
		})
		view.Finish()
		if q.Live && len(view.Curves()) > 0 {
			s.send(lab.Reply{Live: view.HTML()})
		}
		if err != nil {
			return err
		}
		s.send(lab.Reply{Result: r})
	case "sample":
		images, err := e.Sample(ctx, q.Dir, q.Draw)
		if err != nil {
			return err
		}
		wire := make([]lab.WireImage, len(images))
		for i, im := range images {
			wire[i] = lab.ToWire(im)
		}
		s.send(lab.Reply{Images: wire})
	case "compare":
		c, err := experiments.Lookup(q.Name)
		if err != nil {
			return err
		}
		var view *plots.LiveView
		now := ""
		s.app.runs, s.app.live = q.Runs, q.Live
		table, err := s.app.compare(ctx, &drawing{Engine: e, app: s.app}, c, q.Seeds, q.Quick, func(spec lab.Spec, ev lab.Event) {
			if title := fmt.Sprintf("%s, seed %d", spec.Method, spec.Seed); title != now {
				view, now = plots.Live(title), title
			}
			view.Add(ev)
			if q.Live && view.Due() {
				s.send(lab.Reply{Live: view.HTML()})
			}
		})
		if table != nil {
			s.send(lab.Reply{HTML: table.HTML()})
		}
		if err != nil {
			return err
		}
		s.send(lab.Reply{Done: true})
	default:
		return fmt.Errorf("unknown call %q: the cell's darkroom and the command's differ; run darkroom lab again", q.Call)
	}
	return nil
}
