package cli

import (
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"darkroom/lib/engine"
	"darkroom/lib/lab"
	"darkroom/lib/record"

	"github.com/spf13/cobra"
)

func (a *app) translateCommand() *cobra.Command {
	var out string
	var back bool
	cmd := &cobra.Command{
		Use:   "translate RUN|HASH FOLDER",
		Short: "Translate the pictures of a folder by a trained method",
		Long: `Brings the pictures of a folder from domain A to domain B by a run of a translate task, or with --back from B to A, and
writes each as a PNG of the same name into the folder --out.`,
		Example: "  darkroom translate 1f3a9c0d2b4e /my/pictures --out translated",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := record.Find(a.runs, args[0])
			if err != nil {
				return err
			}
			if in, err := filepath.Abs(args[1]); err == nil {
				if to, err := filepath.Abs(out); err == nil && in == to {
					return engine.UsageError{Err: fmt.Errorf("--out %s is the folder of the pictures themselves; give another one", out)}
				}
			}
			n := 0
			err = a.engine().Translate(cmd.Context(), r.Dir, args[1], back, func(name string, im lab.Image) error {
				n++
				return writePNG(filepath.Join(out, strings.TrimSuffix(name, filepath.Ext(name))+".png"), im)
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "%d pictures in %s\n", n, out)
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "translated", "folder to write to; it is made if it is not there")
	cmd.Flags().BoolVar(&back, "back", false, "from domain B to domain A")
	a.addRuns(cmd)
	cmd.Flags().BoolVar(&a.strict, "strict", false, "refuse a folder with a bad picture rather than skip it")
	return cmd
}

func writePNG(path string, im lab.Image) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := png.Encode(f, im.Standard()); err != nil {
		_ = f.Close()
		return fmt.Errorf("%s: %w", path, err)
	}
	return f.Close()
}
