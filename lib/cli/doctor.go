package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"darkroom/kernel"
	"darkroom/lib/data"
	"darkroom/lib/engine/plugin"
	"darkroom/lib/engine/programs"
	"darkroom/lib/fetch"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what is installed, from where, and what is missing",
		Long:  "Says what is installed, from where, which version and hash, what is missing and the one command that mends it.\nExits with 0 only if a small graph compiles and runs.",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context()) },
	}
}

func (a *app) doctor(ctx context.Context) error {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(a.out, format, args...) }
	line := func(ok bool, name, version, where, sum, remedy string) {
		mark := "ok     "
		if !ok {
			mark = "missing"
		}
		p("%s  %-14s %s\n", mark, name, strings.TrimSpace(version+"  "+where))
		if sum != "" {
			p("%26sSHA-256 %s\n", "", sum)
		}
		if !ok && remedy != "" {
			p("%26smend it with: %s\n", "", remedy)
		}
	}
	p("cache %s\ndata  %s\n\n", fetch.CacheDir(), fetch.DataDir())
	found, ok, err := plugin.Find()
	switch {
	case err != nil:
		p("broken   XLA plugin     %v\n", err)
	case ok:
		line(true, "XLA plugin", found.From, found.Path, found.SHA256, "")
	default:
		line(false, "XLA plugin", "", "", "", "darkroom lab (or any run: it is installed on first use)")
	}
	for _, part := range kernel.Status() {
		line(part.Have, part.Name, part.Version, part.Path, part.SHA256, part.Remedy)
	}
	for _, info := range data.Catalogue() {
		have := true
		for _, f := range info.Files {
			have = have && f.Have()
		}
		line(have, info.Name, "data", info.Title, "", "any run on it: it is fetched on first use")
	}
	kept, bytes := programs.Kept()
	p("        %-14s %d, %d MiB  %s\n", "programs", kept, bytes>>20, programs.Dir())
	if err != nil {
		return err
	}
	if !ok {
		return errors.New("no XLA plugin is installed yet; run: darkroom lab")
	}
	e := a.engine()
	begin, err := e.Check(ctx)
	if err != nil {
		return fmt.Errorf("a small graph does not run: %w", err)
	}
	p("\na small graph compiles and runs (%s)\n", begin)
	env := e.Environment()
	for _, k := range sorted(env) {
		p("  %-14s %s\n", k, env[k])
	}
	return nil
}

// flagsGiven are the flags that were set, as they would be typed.
func flagsGiven(cmd *cobra.Command) []string {
	var out []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "bool" {
			out = append(out, "--"+f.Name)
			return
		}
		if f.Name != "runs" && f.Name != "format" { // neither changes what is recorded
			out = append(out, "--"+f.Name, f.Value.String())
		}
	})
	return out
}
