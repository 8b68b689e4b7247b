package cli

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"darkroom/lib/data"
	"darkroom/lib/engine"
	"darkroom/lib/lab"

	"github.com/spf13/cobra"
)

func (a *app) degradeCommand() *cobra.Command {
	var task, out, seed string
	var npy bool
	cmd := &cobra.Command{
		Use:   "degrade IMAGE|FOLDER",
		Short: "Make measurements of pictures of your own, to restore",
		Long: `Makes the measurement of one picture, or of those of a folder, and writes it as PNG with the picture's depth and colour profile: clipped to
[0, 1] and rounded, as a file must be. Beside it lie the mask of what was seen, NAME-mask.png, if there is one, and NAME-truth.png if the
picture had to be cropped. With --npy the measurement lies there as NumPy's array, too, neither clipped nor rounded, as a method of this house
sees it. The same picture, name, task and seed give the same pixels.`,
		Example: `  darkroom degrade originals --task denoise25 --out measured
  darkroom degrade cat.png --task gaussian1.6+denoise2 --out measured --seed 7`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			defer debug.SetGCPercent(debug.SetGCPercent(tightMemory))
			operator, err := operatorOf(task)
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(seed)
			if err != nil {
				return misuse("--seed %q is no whole number, such as 1 or 42", seed)
			}
			files, err := data.PhotoFiles(cmd.Context(), args[0], maskEnding, truthEnding)
			if err != nil {
				return engine.UsageError{Err: err}
			}
			e := a.engine()
			var failed []error
			for _, f := range files {
				err := a.degradeOne(cmd.Context(), e, f, operator, n, out, npy)
				if cmd.Context().Err() != nil {
					return context.Cause(cmd.Context())
				}
				if err != nil {
					failed = append(failed, named(f, err))
				}
			}
			return several(failed, len(files), "measured")
		},
	}
	cmd.Flags().StringVar(&task, "task", "", "what to do to the pictures, such as denoise25 (darkroom list tasks)")
	cmd.Flags().StringVar(&out, "out", "degraded", "folder to write to")
	cmd.Flags().StringVar(&seed, "seed", "1", "seed of the noise and masks, a whole number; 1 is that of all runs")
	cmd.Flags().BoolVar(&npy, "npy", false, "write NAME.npy beside it: 32-bit floats [height, width, channels], neither clipped nor rounded")
	return cmd
}

func (a *app) degradeOne(ctx context.Context, e *engine.Engine, f data.PhotoFile, operator string, seed int, out string, npy bool) error {
	photo, err := data.ReadPhoto(f.Path)
	if err != nil {
		return err
	}
	for _, n := range photo.Notes {
		a.say(f.Name + ": " + n)
	}
	d, err := e.Degrade(ctx, operator, f.Name, seed, photo.Image)
	if err != nil {
		return err
	}
	cropped := d.Truth.Height != photo.Height || d.Truth.Width != photo.Width
	write := func(ending string, im lab.Image) (string, error) {
		return writePhoto(out, f.Name+ending, f.Path, with(photo, im))
	}
	path, err := write("", d.Y)
	if err != nil {
		return err
	}
	if npy {
		if err := os.WriteFile(strings.TrimSuffix(path, ".png")+".npy", numpyFloats(d.Y), 0o644); err != nil { //nolint:gosec // for others, too
			return err
		}
	}
	if d.Mask.Pix != nil {
		if _, err := writePhoto(out, f.Name+maskEnding, f.Path, data.Photo{Image: blackWhite(d.Mask), Bits: 8}); err != nil {
			return err
		}
	}
	if cropped {
		a.say(fmt.Sprintf("%s: cropped to %d×%d", f.Name, d.Truth.Width, d.Truth.Height))
		if _, err := write(truthEnding, d.Truth); err != nil {
			return err
		}
	}
	text, err := measured(d.Truth, d.Start)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "%s  %d×%d, %s\n", path, d.Y.Width, d.Y.Height, text)
	return err
}
