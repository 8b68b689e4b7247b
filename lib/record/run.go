package record

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"darkroom/lib/fetch"
	"darkroom/lib/lab"
)

// DefaultRuns is the folder of run directories where none is named: $DARKROOM_RUNS, or runs in the user's data folder.
func DefaultRuns() string {
	if d := os.Getenv("DARKROOM_RUNS"); d != "" {
		return d
	}
	return filepath.Join(fetch.DataDir(), "runs")
}

// Path returns where the run of a resolved spec lives.
func Path(s lab.Spec) string {
	runs := s.Runs
	if runs == "" {
		runs = DefaultRuns()
	}
	if abs, err := filepath.Abs(runs); err == nil {
		runs = abs
	}
	return filepath.Join(runs, s.Dir())
}

// Run is a run directory to read from.
type Run struct {
	Dir  string
	Spec lab.Spec
}

type specFile struct {
	Hash string   `json:"hash"`
	Spec lab.Spec `json:"spec"`
}

// Open reads a run directory's spec. The error wraps ErrDamaged if the spec was truncated or edited, and os.ErrNotExist if
// there is no run.
func Open(dir string) (*Run, error) {
	b, err := os.ReadFile(filepath.Join(dir, "spec.json"))
	if err != nil {
		return nil, fmt.Errorf("no run in %s: %w", dir, err)
	}
	s, err := parseSpec(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, "spec.json"), err)
	}
	return &Run{dir, s}, nil
}

func parseSpec(b []byte) (lab.Spec, error) {
	var f specFile
	if err := json.Unmarshal(b, &f); err != nil {
		return lab.Spec{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if f.Hash != f.Spec.Hash() {
		return lab.Spec{}, fmt.Errorf("%w: the spec was edited: it hashes to %.12s, not to %.12s", ErrDamaged, f.Spec.Hash(), f.Hash)
	}
	return f.Spec, nil
}

// Find returns the run that a person named: a directory, the first digits of a hash, or a name that SetName gave, below runs (empty means
// the default folder).
func Find(runs, name string) (*Run, error) {
	if _, err := os.Stat(filepath.Join(name, "spec.json")); err == nil {
		return Open(name)
	}
	if runs == "" {
		runs = DefaultRuns()
	}
	if _, err := os.Stat(filepath.Join(runs, name, "spec.json")); err == nil && name != "" {
		return Open(filepath.Join(runs, name))
	}
	if path, err := namePath(runs, name); err == nil {
		if dir, err := os.ReadFile(path); err == nil {
			return Open(filepath.Join(runs, filepath.Base(string(dir))))
		}
	}
	all, err := List(runs)
	if err != nil {
		return nil, err
	}
	var found []*Run
	for _, r := range all {
		if len(name) >= 4 && strings.HasPrefix(r.Spec.Hash(), name) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("no run %q in %s: name a run directory, or at least 4 digits of a hash (darkroom list runs shows them)", name, runs)
	default:
		return nil, fmt.Errorf("%q fits %d runs in %s: give more digits of the hash", name, len(found), runs)
	}
}

var names = regexp.MustCompile(`^[\pL\pN][\pL\pN._-]{0,99}$`)

// namePath is the file that says which run has a name.
func namePath(runs, name string) (string, error) {
	if !names.MatchString(name) {
		return "", fmt.Errorf("%q is no name for a run: use at most 100 letters, digits, hyphens, underscores and points", name)
	}
	return filepath.Join(runs, "names", name), nil
}

// SetName gives the run of a resolved spec a name of the user's; the run that had it loses it. The name is no part of the run.
func SetName(name string, s lab.Spec) error {
	dir := Path(s)
	path, err := namePath(filepath.Dir(dir), name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return writeWhole(path, []byte(filepath.Base(dir)))
}

// List returns the runs below a folder whose spec is good, by directory name. A folder that does not exist has none.
func List(runs string) ([]*Run, error) {
	entries, err := os.ReadDir(runs)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []*Run
	for _, e := range entries {
		if r, err := Open(filepath.Join(runs, e.Name())); err == nil {
			out = append(out, r)
		}
	}
	return out, nil
}

// Events reads the run's events. With a damaged file it returns those before the damage and an error that wraps ErrDamaged.
func (r *Run) Events() ([]lab.Event, error) {
	events, _, err := readEvents(filepath.Join(r.Dir, "events.jsonl"))
	return events, err
}

// Weights reads what the finished run learnt.
func (r *Run) Weights() ([]Tensor, error) {
	ts, _, err := readTensors(r.weights())
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the run %s is not finished: run it again to go on with it", r.Dir)
	}
	if errors.Is(err, ErrDamaged) {
		return nil, fmt.Errorf("%w; delete %s and run it again", err, r.Dir)
	}
	return ts, err
}

// Trained says whether training is done and the weights are written.
func (r *Run) Trained() bool {
	_, err := os.Stat(r.weights())
	return err == nil
}

func (r *Run) weights() string { return filepath.Join(r.Dir, "weights.safetensors") }

type metricsFile struct {
	Eval    lab.Eval              `json:"eval"`
	Metrics map[string]lab.Metric `json:"metrics"`
	SHA256  string                `json:"sha256"` // of the members above
}

func (m metricsFile) sum() (string, error) {
	m.SHA256 = ""
	b, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:]), nil
}

func (r *Run) metricsPath(e lab.Eval) string {
	return filepath.Join(r.Dir, "metrics-"+e.Hash()+".json")
}

// Metrics reads what was measured under a protocol. The error wraps os.ErrNotExist if it was not measured, and
// ErrDamaged if the file is not what was written.
func (r *Run) Metrics(e lab.Eval) (map[string]lab.Metric, error) {
	path := r.metricsPath(e)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var m metricsFile
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	want, err := m.sum()
	if err != nil || want != m.SHA256 {
		return nil, fmt.Errorf("%s: %w: its checksum does not match its content", path, ErrDamaged)
	}
	return m.Metrics, nil
}

// AllMetrics reads the metrics of every protocol that the run was measured under; later files win for equal names. Damaged files are
// left out.
func (r *Run) AllMetrics() map[string]lab.Metric {
	paths, _ := filepath.Glob(filepath.Join(r.Dir, "metrics-*.json"))
	slices.Sort(paths)
	out := map[string]lab.Metric{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			continue
		}
		var m metricsFile
		if json.Unmarshal(b, &m) != nil {
			continue
		}
		if want, err := m.sum(); err != nil || want != m.SHA256 {
			continue
		}
		for k, v := range m.Metrics {
			out[k] = v
		}
	}
	return out
}

// Timing is one line about speed.
type Timing struct {
	Step      int     `json:"step"`
	Elapsed   float64 `json:"elapsed"`    // seconds of this session
	Inside    float64 `json:"inside"`     // seconds of this session inside the compiled step
	PerSecond float64 `json:"per_second"` // images per second lately
	Session   int     `json:"session"`    // 1 for the first
	// PerMegapixel is of a line after a restoration of pictures: the median over them of the seconds for a million pixels, 0 on other lines.
	// Such a line belongs to no session: its other numbers are 0.
	PerMegapixel float64 `json:"per_megapixel,omitempty"`
}

// Timings reads timing.jsonl; lines that cannot be read are left out, since nothing depends on them.
func (r *Run) Timings() []Timing { return readLines[Timing](filepath.Join(r.Dir, "timing.jsonl")) }

// Environment is what a session ran on and with.
type Environment map[string]string

// Environments reads one entry for each session of the run.
func (r *Run) Environments() []Environment {
	return readLines[Environment](filepath.Join(r.Dir, "environment.jsonl"))
}

func readLines[T any](path string) []T {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var out []T
	for line := range strings.Lines(string(b)) {
		var v T
		if json.Unmarshal([]byte(line), &v) == nil {
			out = append(out, v)
		}
	}
	return out
}

// Checkpoint is one checkpoint file.
type Checkpoint struct {
	Step int
	Path string
}

// Latest reads the newest checkpoint, unless it is of a step up to after: then, and where there is none that is whole, the step is 0.
func (r *Run) Latest(after int) (step int, ts []Tensor) {
	for _, c := range r.Checkpoints() {
		if c.Step <= after {
			break
		}
		if ts, meta, err := readTensors(c.Path); err == nil && meta["spec"] == r.Spec.Hash() {
			return c.Step, ts
		}
	}
	return 0, nil
}

// Checkpoints lists the checkpoint files, latest first. It does not read them.
func (r *Run) Checkpoints() []Checkpoint {
	paths, _ := filepath.Glob(filepath.Join(r.Dir, "checkpoints", "*.safetensors"))
	var out []Checkpoint
	for _, p := range paths {
		n, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(p), ".safetensors"))
		if err == nil {
			out = append(out, Checkpoint{n, p})
		}
	}
	slices.SortFunc(out, func(a, b Checkpoint) int { return b.Step - a.Step })
	return out
}
