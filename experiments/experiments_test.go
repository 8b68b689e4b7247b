package experiments

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"darkroom/lib/lab"
	"darkroom/lib/report"
	"darkroom/plots"
)

// made is a lab that makes its results up: psnr values that depend on method and seed. It counts what it is asked for.
type made struct {
	lab.Lab // only Run is asked for; anything else panics
	asked   []lab.Spec
	done    map[string]bool
	fail    func(lab.Spec) error
}

func (m *made) Run(_ context.Context, s lab.Spec, watch func(lab.Event)) (*lab.Result, error) {
	m.asked = append(m.asked, s)
	if m.fail != nil {
		if err := m.fail(s); err != nil {
			return nil, err
		}
	}
	if watch != nil {
		watch(lab.Event{Step: s.Steps})
	}
	r := &lab.Result{Spec: s, Hash: s.Hash(), Cached: m.done[s.Hash()], Seconds: 1}
	if m.done == nil {
		m.done = map[string]bool{}
	}
	m.done[s.Hash()] = true
	base := float64(20 + 3*len(s.Method))
	psnr := lab.Metric{Protocol: "PSNR", Unit: "dB", Better: "higher", Names: []string{"coffee", "moon"}}
	psnr.Values = []float64{base + float64(s.Seed), base + 2}
	likelihood := lab.Metric{Protocol: "log p(x)", Unit: "nats", Better: "higher", Values: []float64{-80, -90}}
	r.Metrics = map[string]lab.Metric{"psnr": psnr}
	if s.Method == "vae" {
		r.Metrics["log-likelihood"] = likelihood
	}
	return r, nil
}

func lookup(t *testing.T, name string) Comparison {
	t.Helper()
	c, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// denoising is a small comparison.
var denoising = Comparison{
	Name: "denoise-naturals", Title: "Denoising natural pictures, σ = 25", Task: "restore:denoise25:naturals",
	Entries: []Entry{{Method: "identity"}, {Method: "fista"}, {Method: "dncnn", Trained: true, QuickSteps: 100}},
	Metrics: []string{"psnr", "ssim"},
	Full:    Budget{Seeds: 3},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Images: 2}},
}

// TestCatalogue holds what every comparison must have.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Catalogue() {
		if seen[c.Name] {
			t.Errorf("%s is there twice", c.Name)
		}
		seen[c.Name] = true
		if c.Title == "" || c.Doc == "" || len(c.Metrics) == 0 || len(c.Entries) == 0 || c.Full.Seeds < 1 ||
			c.Quick.Seeds < 1 {
			t.Errorf("%s is not complete: %+v", c.Name, c)
		}
		if task, err := lab.ParseTask(c.Task); err != nil || task.String() != c.Task {
			t.Errorf("%s: %v", c.Name, err)
		}
		rows := map[string]bool{}
		for _, e := range c.Entries {
			if rows[e.Row()] {
				t.Errorf("%s has two rows %s", c.Name, e.Row())
			}
			rows[e.Row()] = true
			if e.Trained && e.QuickSteps < 1 {
				t.Errorf("%s: %s is trained and has no quick budget", c.Name, e.Row())
			}
		}
		for _, p := range c.Published {
			if !rows[p.Method] || p.Source == "" {
				t.Errorf("%s: published %+v", c.Name, p)
			}
		}
		if _, err := json.Marshal(c); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		slow := 0
		for _, e := range c.Entries {
			if e.Slow {
				slow++
			}
		}
		for quick, rows := range map[bool]int{true: len(c.Entries) - slow, false: len(c.Entries)} {
			if table, err := Run(t.Context(), &made{}, c, Options{Quick: quick}); err != nil || len(table.Rows) != rows {
				t.Errorf("%s: %v", c.Name, err)
			}
		}
	}
	for _, want := range []string{"vae-mnist", "denoise-naturals", "dcgan-mnist", "translate-emoji", "generate-fashion", "gan-losses", "beta-vae"} {
		if !seen[want] {
			t.Errorf("%s is missing", want)
		}
	}
	if _, err := Lookup("vae-mnits"); err == nil || !strings.Contains(err.Error(), `did you mean "vae-mnist"?`) {
		t.Errorf("Lookup: %v", err)
	}
}

func TestSpecs(t *testing.T) {
	c := Comparison{
		Task: "restore:denoise25:naturals",
		Entries: []Entry{
			{Method: "identity"},
			{Method: "dncnn", Set: lab.Set{"depth": 5}, Trained: true, Steps: 900, QuickSteps: 9},
		},
		Full:  Budget{Seeds: 3, Eval: lab.Eval{Importance: 5000}},
		Quick: Budget{Seeds: 1, Eval: lab.Eval{Images: 2}},
	}
	describe := func(seeds int, quick bool) string {
		var out []string
		for _, s := range c.Specs(seeds, quick) {
			b := string(s.Canonical())
			e, err := json.Marshal(s.Eval)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, b+string(e))
		}
		return strings.Join(out, "\n")
	}
	const head = `"task":"restore:denoise25:naturals","seed":`
	want := `{"method":"identity",` + head + `0,"steps":0}{"images":2}
{"method":"dncnn",` + head + `0,"steps":9,"set":{"depth":5}}{"images":2}`
	if got := describe(0, true); got != want {
		t.Errorf("quick:\n%s\nwant\n%s", got, want)
	}
	want = `{"method":"identity",` + head + `0,"steps":0}{"importance":5000}
{"method":"dncnn",` + head + `0,"steps":900,"set":{"depth":5}}{"importance":5000}
{"method":"dncnn",` + head + `1,"steps":900,"set":{"depth":5}}{"importance":5000}`
	if got := describe(2, false); got != want {
		t.Errorf("two seeds:\n%s\nwant\n%s", got, want)
	}
	if n := len(c.Specs(0, false)); n != 4 {
		t.Errorf("%d specs, want 4", n)
	}
	c.Entries[1].Seeds = 1
	if n := len(c.Specs(0, false)); n != 2 {
		t.Errorf("%d specs with one seed at most, want 2", n)
	}
	c.Specs(0, false)[1].Set["depth"] = 1
	if c.Entries[1].Set["depth"] != 5 {
		t.Error("a spec shares its Set with the catalogue")
	}
}

func TestRun(t *testing.T) {
	l := &made{}
	c := denoising
	var watched []string
	watch := func(s lab.Spec, _ lab.Event) { watched = append(watched, s.Method) }
	table, err := Run(t.Context(), l, c, Options{Seeds: 2, Runs: "/runs", Commit: "abc", Watch: watch})
	if err != nil {
		t.Fatal(err)
	}
	if len(l.asked) != 4 || l.asked[3].Runs != "/runs" || strings.Join(watched, " ") != "identity fista dncnn dncnn" {
		t.Errorf("asked %v, watched %v", l.asked, watched)
	}
	last := table.Rows[2]
	// psnr of dncnn is 35 + seed and 37; of identity 44 and 46.
	if m := last.Metrics["psnr"]; m.Value != 36.25 || table.Commit != "abc" || len(last.Seeds) != 2 ||
		last.Paired["psnr"].Difference != -8.75 {
		t.Errorf("%+v", last)
	}
	for _, n := range table.Notes {
		if strings.Contains(n, "Quick") {
			t.Errorf("a full table calls itself quick: %s", n)
		}
	}
	// A second time everything is there already and the table is the same.
	again, err := Run(t.Context(), l, c, Options{Seeds: 2, Runs: "/runs", Commit: "abc"})
	if err != nil || string(again.JSON()) != string(table.JSON()) {
		t.Errorf("the second table differs (%v)", err)
	}
	if _, err := Run(t.Context(), l, c, Options{Seeds: -1}); err == nil || !strings.Contains(err.Error(), "-1 seeds") {
		t.Errorf("-1 seeds: %v", err)
	}
}

func TestRunQuick(t *testing.T) {
	l := &made{}
	table, err := Run(t.Context(), l, lookup(t, "vae-mnist"), Options{Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range l.asked {
		if s.Eval.Images == 0 || s.Eval.Importance >= 5000 || s.Steps > 1000 {
			t.Errorf("not quick: %+v %+v", s, s.Eval)
		}
	}
	text := table.Markdown()
	// The made-up likelihood is -85, and pca has no measure in common with vae.
	for _, want := range []string{
		"Quick budgets", "log-likelihood of vae, −85.0 ± 5.0 nats, reaches the published −86.76 nats",
		"No paired test: no other row shares",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestRunKeepsWhatWasFinished(t *testing.T) {
	broken := errors.New("loss is NaN at step 17")
	l := &made{fail: func(s lab.Spec) error {
		if s.Method == "fista" || (s.Method == "dncnn" && s.Seed == 1) {
			return broken
		}
		return nil
	}}
	table, err := Run(t.Context(), l, denoising, Options{Seeds: 3})
	if !errors.Is(err, broken) || table == nil {
		t.Fatalf("table %v, error %v", table, err)
	}
	for _, want := range []string{"fista on restore:denoise25:naturals with seed 0",
		"dncnn on restore:denoise25:naturals with seed 1"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %q: %v", want, err)
		}
	}
	if len(table.Rows) != 3 || len(table.Rows[1].Metrics) != 0 || len(table.Rows[2].Seeds) != 2 ||
		table.Rows[2].Seeds[1] != 2 {
		t.Errorf("%+v", table.Rows)
	}
	notes := strings.Join(table.Notes, "\n")
	for _, want := range []string{"fista: no run was finished", "dncnn, seed 1: failed: loss is NaN at step 17."} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes lack %q:\n%s", want, notes)
		}
	}
}

func TestRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l := &made{}
	table, err := Run(ctx, l, denoising, Options{Watch: func(s lab.Spec, _ lab.Event) {
		if s.Method == "fista" {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || len(l.asked) != 2 {
		t.Fatalf("asked %d times, error %v", len(l.asked), err)
	}
	if len(table.Rows[0].Metrics) != 1 || len(table.Rows[2].Metrics) != 0 ||
		!strings.Contains(strings.Join(table.Notes, "\n"), "Stopped before") {
		t.Errorf("%+v", table)
	}
}

func TestRecord(t *testing.T) {
	table, err := Run(t.Context(), &made{}, denoising, Options{Seeds: 2, Commit: "abc1234"})
	if err != nil {
		t.Fatal(err)
	}
	figures := Figures(table)
	if len(figures) != 1 || figures[0].Name != "psnr" {
		t.Fatalf("figures %v", figures)
	}
	root := t.TempDir()
	about := About{"darkroom compare denoise-naturals --seeds 2 --record", "a machine",
		map[string]string{"go": "1.26", "a": "v1"}}
	dir, err := Record(root, table, about, figures...)
	if err != nil || dir != filepath.Join(root, "denoise-naturals") {
		t.Fatalf("%s: %v", dir, err)
	}
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{about.Command, "abc1234", "a machine", "a v1, go 1.26", "dncnn: seeds 0 1",
		"![psnr](psnr.png)", table.Markdown()} {
		if !strings.Contains(string(readme), want) {
			t.Errorf("README lacks %q:\n%s", want, readme)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "table.json"))
	if err != nil || string(b) != string(table.JSON()) {
		t.Errorf("table.json: %v", err)
	}
	if png, err := os.ReadFile(filepath.Join(dir, "psnr.png")); err != nil ||
		!strings.HasPrefix(string(png), "\x89PNG") {
		t.Errorf("psnr.png: %v", err)
	}
	// A figure that cannot be drawn or has no good name does not cost the table, and nothing temporary is left.
	table.Title = "changed"
	_, err = Record(root, table, about, Figure{"../escaped", figures[0].Figure}, Figure{"../README", figures[0].Figure})
	if err == nil || !strings.Contains(err.Error(), "../escaped") {
		t.Errorf("a figure outside the folder: %v", err)
	}
	md, err := os.ReadFile(filepath.Join(dir, "table.md"))
	if err != nil || !strings.Contains(string(md), "changed") {
		t.Errorf("table.md: %v", err)
	}
	for _, pattern := range []string{"*", ".*"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || (pattern == ".*" && len(names) > 0) || (pattern == "*" && len(names) != 4) {
			t.Errorf("in the folder: %v %v", names, err)
		}
	}
	for _, name := range []string{"", "..", "a/b"} {
		if _, err := Record(root, &report.Table{Comparison: name}, about); err == nil {
			t.Errorf("a table named %q is recorded", name)
		}
	}
}

// TestCurve draws a comparison's two measures against each other, with the methods' points labelled by what differs.
func TestCurve(t *testing.T) {
	c := lookup(t, "beta-vae")
	if c.Curve == nil || !slices.Contains(c.Metrics, c.Curve.X) || !slices.Contains(c.Metrics, c.Curve.Y) {
		t.Fatalf("beta-vae draws %+v of %v", c.Curve, c.Metrics)
	}
	table := &report.Table{Title: "t"}
	for i, e := range c.Entries {
		table.Rows = append(table.Rows, report.Row{Method: e.Row(), Metrics: map[string]report.Cell{
			"kl": {Value: float64(i)}, "reconstruction": {Value: -100},
		}})
	}
	figures := c.Figures(table)
	if len(figures) != 1 || figures[0].Name != "rate-distortion" || !strings.Contains(figures[0].Alt(), "10 points of distortion") {
		t.Errorf("%+v", figures)
	}
	if _, err := plots.PNG(figures[0].Figure); err != nil {
		t.Error(err)
	}
	c.Curve.Y = "absent"
	if figures := c.Figures(table); len(figures) > 0 {
		t.Errorf("a curve of nothing: %+v", figures)
	}
	c.Curve.Y = "reconstruction" // the catalogue shares it
}

func TestThisMachine(t *testing.T) {
	if m := ThisMachine(); !strings.Contains(m, "cores") {
		t.Errorf("%q", m)
	}
	if v := Versions(); v["go"] == "" {
		t.Errorf("%v", v)
	}
}

// TestFrom: a run that an entry takes its weights from is made first, with the entry's seed, is named, and its time counts.
func TestFrom(t *testing.T) {
	c := denoising
	c.Entries = []Entry{{Name: "blind", Method: "dncnn", Trained: true, QuickSteps: 5, From: &From{
		Method: "dncnn", Task: "restore:denoise5-55:naturals", Set: lab.Set{"depth": 5}, Steps: 900, QuickSteps: 9,
	}}}
	m := &made{}
	table, err := Run(t.Context(), m, c, Options{Seeds: 2})
	if err != nil || len(m.asked) != 4 {
		t.Fatalf("asked %v, %v", m.asked, err)
	}
	for i := 0; i < 4; i += 2 {
		from, s := m.asked[i], m.asked[i+1]
		if from.Task != c.Entries[0].From.Task || from.Steps != 900 || from.Set["depth"] != 5 || from.Seed != int64(i/2) || from.From != "" {
			t.Errorf("first asked for %+v", from)
		}
		if s.Task != c.Task || s.Steps != 0 || s.Set != nil || s.Seed != from.Seed || s.From != from.Dir() {
			t.Errorf("then asked for %+v", s)
		}
	}
	if r := table.Rows[0]; r.Seconds != 4 || len(r.Seeds) != 2 {
		t.Errorf("row %+v", r)
	}
	m.fail = func(s lab.Spec) error {
		if s.Steps > 0 {
			return errors.New("no memory")
		}
		return nil
	}
	if _, err := Run(t.Context(), m, c, Options{Quick: true}); err == nil || !strings.Contains(err.Error(), "dncnn on restore:denoise5-55:naturals, which it takes its weights from: no memory") {
		t.Errorf("error %v", err)
	}
}
