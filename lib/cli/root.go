package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"darkroom/lib/engine"
	"darkroom/lib/lab"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitMisused     = 2
	exitInterrupted = 130
)

// app is what the subcommands share.
type app struct {
	in       io.Reader
	out, err io.Writer
	runs     string
	strict   bool
	force    bool
	live     bool // a notebook shows the progress in a live view

	checkpoint time.Duration // between two checkpoints; 0 means the engine's
}

// errInterrupted is the cause of a context that Ctrl-C ended.
var errInterrupted = errors.New("interrupted")

// Main runs the command and returns its exit code: 0 done, 1 failed, 2 misused, 130 interrupted.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	a := &app{in: in, out: out, err: errOut}
	ctx, stop := a.interruptible()
	defer stop()
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	var misuse engine.UsageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		_, _ = fmt.Fprintln(errOut, "darkroom:", err)
		return exitInterrupted
	case errors.As(err, &misuse):
		_, _ = fmt.Fprintln(errOut, "darkroom:", err)
		return exitMisused
	default:
		_, _ = fmt.Fprintln(errOut, "darkroom:", err)
		return exitFailed
	}
}

// interruptible returns a context that the first Ctrl-C ends; the second ends the process at once.
func (a *app) interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		if _, ok := <-signals; !ok {
			return
		}
		_, _ = fmt.Fprintln(a.err, "\nfinishing the step and writing a checkpoint; once more stops at once")
		cancel(errInterrupted)
		if _, ok := <-signals; ok {
			os.Exit(exitInterrupted)
		}
	}()
	return ctx, func() { signal.Stop(signals); close(signals); cancel(nil) }
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "darkroom",
		Short: "Generate and restore images: train, compare and look, from the shell or a notebook",
		Long: `darkroom trains, compares and shows methods of image generation and reconstruction, on GoMLX and XLA.
Everything that it makes is reproducible bit for bit from its spec; asking twice costs nothing.`,
		Example: `  darkroom lab                                  open the notebooks
  darkroom run vae generate:mnist --steps 2000  train a model
  darkroom restore nlm a.jpg --task denoise25   restore a picture of your own
  darkroom compare denoise-naturals --quick     compare methods on the same pictures
  darkroom list methods                         what there is, with its papers`,
		SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
		PersistentPreRunE: func(*cobra.Command, []string) (err error) {
			a.checkpoint, err = checkpointTime()
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return engine.UsageError{Err: fmt.Errorf("%w; see %s --help", flagError(err), cmd.CommandPath())}
	})
	root.AddCommand(a.runCommand(), a.restoreCommand(), a.degradeCommand(), a.compareCommand(), a.listCommand(), a.showCommand(), a.sampleCommand(),
		a.translateCommand(),
		a.labCommand(), a.doctorCommand(), a.benchCommand(), a.engineCommand(), a.kernelCommand(), a.versionCommand())
	root.CompletionOptions.DisableDefaultCmd = false
	misuseOfArguments(root)
	return root
}

// flagError says what a flag's value should be, in place of the name of Go's parser.
func flagError(err error) error {
	var bad *pflag.InvalidValueError
	if !errors.As(err, &bad) {
		return err
	}
	want := map[string]string{"int": "whole number", "int64": "whole number", "bool": "true or false"}[bad.GetFlag().Value.Type()]
	if want == "" {
		return err
	}
	return fmt.Errorf("--%s %q is no %s", bad.GetFlag().Name, bad.GetValue(), want)
}

// misuseOfArguments makes wrong numbers of arguments and unknown commands misuses.
func misuseOfArguments(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				if c == c.Root() && len(args) > 0 {
					var names []string
					for _, sub := range c.Commands() {
						names = append(names, sub.Name())
					}
					err = fmt.Errorf("unknown command %q%s", args[0], lab.Suggest(args[0], names))
				} else {
					err = fmt.Errorf("%s %s: %d arguments given", c.Parent().CommandPath(), strings.TrimSuffix(c.Use, " [flags]"), len(args))
				}
				return engine.UsageError{Err: fmt.Errorf("%w; see %s --help", err, c.CommandPath())}
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		misuseOfArguments(sub)
	}
}

func (a *app) say(line string) { _, _ = fmt.Fprintln(a.err, line) }

func (a *app) engine() *engine.Engine { return a.engineSaying(a.say) }

func (a *app) engineSaying(say func(string)) *engine.Engine {
	return engine.New(engine.Options{Say: say, Strict: a.strict, Force: a.force, Checkpoint: a.checkpoint})
}

// checkpointEnv is the environment variable for the time between two checkpoints, such as 5s or 2m.
const checkpointEnv = "DARKROOM_CHECKPOINT"

// checkpointTime reads it; 0 leaves the choice to the engine.
func checkpointTime() (time.Duration, error) {
	v := os.Getenv(checkpointEnv)
	if v == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(v)
	if err != nil || d <= 0 {
		return 0, engine.UsageError{Err: fmt.Errorf("%s=%q is no time between checkpoints; write it as 20s or 2m", checkpointEnv, v)}
	}
	return d, nil
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.out, "darkroom %s (%s, %s/%s)\n", Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

// Version is that of the module, or the commit it was built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := strings.TrimPrefix(info.Main.Version, "v")
	if v == "" || v == "(devel)" {
		v = "0.1.0-dev"
	}
	return v
}
