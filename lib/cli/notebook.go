package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"darkroom/kernel"
	"darkroom/lib/data"
	"darkroom/lib/engine"
	"darkroom/lib/engine/plugin"
	"darkroom/lib/lab"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
)

// firstData is what the first notebook needs.
const firstData = "fashion-mnist"

func (a *app) labCommand() *cobra.Command {
	var noBrowser bool
	var port int
	var headless, export, output string
	var parameters []string
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Open the notebooks in JupyterLab, installing what is missing",
		Example: `  darkroom lab
  darkroom lab --no-browser --port 8888
  darkroom lab --headless notebooks/vae.ipynb --output /tmp/vae.ipynb -p steps=200
  darkroom lab --export notebooks/vae.ipynb --output vae.go`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if port < 0 || port > 65535 {
				return engine.UsageError{Err: fmt.Errorf("--port %d is no port; use 1 to 65535", port)}
			}
			switch notebook := headless + export; {
			case headless != "" && export != "":
				return engine.UsageError{Err: errors.New("--headless and --export do not go together")}
			case notebook != "":
				if _, err := kernel.ReadNotebook(notebook, parameters); err != nil { // before the installation, too
					return engine.UsageError{Err: err}
				}
			case len(parameters) > 0 || output != "":
				return engine.UsageError{Err: errors.New("--output and -p go with --headless NOTEBOOK or --export NOTEBOOK")}
			}
			if err := portIsFree(port); err != nil { // before the installation, which may take minutes
				return err
			}
			in, err := a.setUp(ctx)
			if err != nil {
				return err
			}
			if export != "" {
				return a.export(in, export, output, parameters)
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
	cmd.Flags().StringVar(&export, "export", "", "make a plain Go program of this notebook, for go run")
	cmd.Flags().StringVar(&output, "output", "", "where to save the executed notebook (default: in place), or the program (default: it is printed)")
	cmd.Flags().StringArrayVarP(&parameters, "parameter", "p", nil, "with --headless or --export: set a variable of the cell tagged parameters, as name=value")
	return cmd
}

// export writes a notebook as a plain Go program.
func (a *app) export(in *kernel.Installation, notebook, output string, parameters []string) error {
	program, err := in.Export(notebook, parameters, a.say)
	if err != nil {
		return err
	}
	if output == "" {
		_, err := a.out.Write(program)
		return err
	}
	if err := os.WriteFile(output, program, 0o644); err != nil {
		return fmt.Errorf("cannot write the program: %w", err)
	}
	a.say(fmt.Sprintf("run it inside darkroom's clone: %s=%s go run %s", lab.Binary, in.Binary(), output))
	return nil
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
