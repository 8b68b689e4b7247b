package experiments

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"darkroom/lib/report"
	"darkroom/plots"
)

// About says where a table comes from, so that somebody else can make it again.
type About struct {
	Command  string            // "darkroom compare vae-mnist --seeds 3 --record"
	Machine  string            // ThisMachine, with the accelerator if there is one
	Versions map[string]string // Versions, with those of the engine
}

// Record keeps a table under dir/COMPARISON: table.md, table.json, one PNG for each figure, and README.md, which
// says how they were made. It returns that folder. Files that are there are replaced, each at once, by renaming;
// the table is written first, so that a figure that cannot be drawn does not cost it.
func Record(dir string, t *report.Table, about About, figures ...Figure) (string, error) {
	if t == nil || t.Comparison == "" || t.Comparison != filepath.Base(t.Comparison) || t.Comparison == ".." ||
		t.Comparison == "." {
		return "", errors.New("a table must have the name of its comparison to be recorded; Run gives it one")
	}
	dir = filepath.Join(dir, t.Comparison)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("cannot make the folder for the results of %s: %w", t.Comparison, err)
	}
	failed := []error{
		writeFile(filepath.Join(dir, "table.md"), []byte(t.Markdown())),
		writeFile(filepath.Join(dir, "table.json"), t.JSON()),
	}
	var drawn []string
	for _, f := range figures {
		name := f.Name + ".png"
		if f.Name == "" || name != filepath.Base(name) {
			failed = append(failed, fmt.Errorf("figure %q of %s: its name is no file name; give it one without folders",
				f.Name, t.Comparison))
			continue
		}
		if err := plots.Save(filepath.Join(dir, name), f.Figure); err != nil {
			failed = append(failed, err)
			continue
		}
		drawn = append(drawn, name)
	}
	failed = append(failed, writeFile(filepath.Join(dir, "README.md"), []byte(readme(t, about, drawn))))
	return dir, errors.Join(failed...)
}

// readme is the page of a recorded comparison.
func readme(t *report.Table, about About, figures []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", t.Comparison)
	b.WriteString("Made by `darkroom`; do not edit. The same numbers are in [table.json](table.json), every digit of them.\n\n")
	fmt.Fprintf(&b, "- Command: `%s`\n- Commit: %s\n- Machine: %s\n", about.Command,
		orUnknown(t.Commit), orUnknown(about.Machine))
	for _, r := range t.Rows {
		fmt.Fprintf(&b, "- %s: seeds %s", r.Method, strings.Trim(fmt.Sprint(r.Seeds), "[]"))
		if r.Steps > 0 {
			fmt.Fprintf(&b, ", %d steps", r.Steps)
		}
		for _, k := range slices.Sorted(maps.Keys(r.Set)) {
			fmt.Fprintf(&b, ", %s=%v", k, r.Set[k])
		}
		if len(r.Runs) > 0 {
			var short []string
			for _, h := range r.Runs {
				short = append(short, h[:min(12, len(h))])
			}
			fmt.Fprintf(&b, "; runs %s", strings.Join(short, ", "))
		}
		b.WriteString("\n")
	}
	var versions []string
	for _, k := range slices.Sorted(maps.Keys(about.Versions)) {
		versions = append(versions, k+" "+about.Versions[k])
	}
	fmt.Fprintf(&b, "- Versions: %s\n\n%s", orUnknown(strings.Join(versions, ", ")), t.Markdown())
	for _, f := range figures {
		fmt.Fprintf(&b, "\n![%s](%s)\n", strings.TrimSuffix(f, ".png"), f)
	}
	return b.String()
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

// writeFile writes a file under a temporary name and renames it into place.
func writeFile(path string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // err already says what went wrong
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}
