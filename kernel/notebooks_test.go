package kernel

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// notebooks are the repository's, each with parameters that show that it runs, not what it teaches.
var notebooks = []struct{ name, parameters string }{
	{"quickstart", "steps=60"},
	{"vae", "steps=60 images=50 importance=10"},
	{"dcgan", "steps=4 samples=200 width=8"},
	{"own-method", "steps=20 samples=200"},
	{"gan", "steps=20 samples=200"},
	{"latent-space", "steps=60 images=50"},
	{"vq-vae", "steps=4 width=4 images=50"},
	{"cyclegan", "steps=2 width=2 images=20"},
	{"pix2pix", "steps=2 width=2 images=20"},
	{"sparse-denoising", "images=1 stride=8"},
	{"dictionary-learning", "images=1 stride=8 batch=1000"},
	{"denoising", "steps=3 images=1"},
	{"super-resolution", "steps=3 images=1"},
	{"inpainting", "steps=3 fit=2 images=1"},
	{"plug-and-play", "steps=3 images=1"},
	{"segmentation", "steps=3 images=2"},
	{"first-comparison", "training=20"},
}

// TestNotebooks executes each notebook twice, at the same time and with no runs from before: what its cells show is the same, times aside. It takes
// minutes, and so is only done with DARKROOM_NOTEBOOKS=1, as CI does it.
func TestNotebooks(t *testing.T) {
	if os.Getenv("DARKROOM_NOTEBOOKS") == "" {
		t.Skip("set DARKROOM_NOTEBOOKS=1")
	}
	in := installed(t)
	files, err := filepath.Glob(filepath.Join(in.Repo, "notebooks", "*.ipynb"))
	if err != nil || len(files) != len(notebooks) {
		t.Errorf("%d notebooks are known here, of %q; %v", len(notebooks), files, err)
	}
	begin := time.Now()
	for _, n := range notebooks {
		t.Run(n.name, func(t *testing.T) {
			var dirs [2]string
			var all sync.WaitGroup
			for i := range dirs {
				dirs[i] = t.TempDir()
				args := []string{"lab", "--headless", filepath.Join(in.Repo, "notebooks", n.name+".ipynb"), "--output", filepath.Join(dirs[i], "out.ipynb")}
				for p := range strings.FieldsSeq(n.parameters) {
					args = append(args, "-p", p)
				}
				cmd := exec.CommandContext(t.Context(), in.Binary(), args...)
				cmd.Env = with(os.Environ(), "DARKROOM_RUNS="+filepath.Join(dirs[i], "runs"))
				all.Go(func() {
					if said, err := cmd.CombinedOutput(); err != nil {
						t.Errorf("%v\n%s", err, said)
					}
				})
			}
			if all.Wait(); t.Failed() {
				return
			}
			var first []string // what its cells show
			for _, dir := range dirs {
				for i, shows := range outputs(t, filepath.Join(dir, "out.ipynb")) {
					shows = strings.ReplaceAll(shows, dir, "DIR")
					if dir == dirs[0] {
						first = append(first, shows)
					} else if d := difference(first[i], shows); d != "" {
						t.Errorf("cell %d of two runs: %s", i+1, d)
					}
				}
			}
			if !slices.ContainsFunc(first, func(s string) bool { return s != "[]" }) {
				t.Error("no cell shows anything")
			}
		})
	}
	t.Logf("all of them: %.0f s", time.Since(begin).Seconds())
}

// spans are times and speeds as runs, tables and panels say them.
var spans = regexp.MustCompile(`( · )?[0-9][0-9.,e+\x{202f}]* (images/s|s|min|h)\b( \d+ (s|min)\b)?`)

// difference tells where two cells' outputs differ, but for times and speeds; "" is nowhere.
func difference(a, b string) string {
	a, b = spans.ReplaceAllString(a, ""), spans.ReplaceAllString(b, "")
	if a == b {
		return ""
	}
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	excerpt := func(s string) string { return s[max(0, at-80):min(len(s), at+80)] }
	return fmt.Sprintf("%d and %d bytes, from byte %d on\n%q\n%q", len(a), len(b), at, excerpt(a), excerpt(b))
}

func TestDifference(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`evaluate · step 20 of 20 · 1955 images/s · nearest`, `evaluate · step 20 of 20 · 65.3 images/s · nearest`, true},
		{`step 20 of 20 · 1.2e+04 images/s`, `step 20 of 20`, true},
		{`\u003ctd\u003e5.2 s\u003c/td\u003e`, `\u003ctd\u003e1 min 12 s\u003c/td\u003e`, true},
		{`took 2 h 05 min`, `took 58 min 09 s`, true},
		{`step 20 of 20`, `step 19 of 20`, false},
		{`20 steps`, `21 steps`, false},
		{`200 samples`, `100 samples`, false},
		{`28.36 dB`, `28.37 dB`, false},
		{`"image/png":"iVBORw0"`, `"image/png":"iVBORw1"`, false},
		{`a`, `a `, false},
	} {
		if d := difference(c.a, c.b); (d == "") != c.same {
			t.Errorf("%s and %s: %q", c.a, c.b, strings.TrimSpace(d))
		}
	}
}
