package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"darkroom/lib/lab"

	"github.com/gofrs/flock"
)

// keep is how many checkpoints stay: the last, and those to fall back on if it is damaged.
const keep = 3

// Writer writes a run directory. Only one exists for a directory at a time, over all processes.
type Writer struct {
	Run
	lock    *flock.Flock
	events  *os.File
	written int64 // bytes of good events
	timing  *os.File
}

// Acquire makes the run directory of a resolved spec if it is not there, and locks it. If another process holds it, Acquire says so once
// and waits until it is free or ctx is done.
func Acquire(ctx context.Context, s lab.Spec, say func(string)) (*Writer, error) {
	dir := Path(s)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make the run directory: %w; choose another folder with --runs", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("cannot lock %s: %w; choose another folder with --runs", dir, err)
	}
	if !ok {
		if say != nil {
			holder, _ := os.ReadFile(filepath.Join(dir, "holder"))
			say(fmt.Sprintf("process %s is working on this run; waiting for it", strings.TrimSpace(string(holder))))
		}
		if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
			return nil, fmt.Errorf("another process holds the run %s: %w", dir, context.Cause(ctx))
		}
	}
	w := &Writer{Run: Run{dir, s}, lock: lock}
	if err := w.open(); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func (w *Writer) open() error {
	if err := os.WriteFile(filepath.Join(w.Dir, "holder"), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		return fmt.Errorf("cannot write to the run directory: %w; choose another folder with --runs", err)
	}
	path := filepath.Join(w.Dir, "spec.json")
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return writeJSON(path, specFile{w.Spec.Hash(), w.Spec})
	}
	if err != nil {
		return err
	}
	have, err := parseSpec(b)
	if err == nil && have.Hash() != w.Spec.Hash() {
		err = fmt.Errorf("%w: it holds another spec (%.12s)", ErrDamaged, have.Hash())
	}
	if err != nil {
		return fmt.Errorf("%s: %w; delete %s to begin again", path, err, w.Dir)
	}
	return nil
}

// Close lets the directory go.
func (w *Writer) Close() {
	if w.events != nil {
		_ = w.events.Close()
	}
	if w.timing != nil {
		_ = w.timing.Close()
	}
	_ = os.Remove(filepath.Join(w.Dir, "holder"))
	_ = w.lock.Unlock()
}

// State is what training goes on from.
type State struct {
	Step    int
	Tensors []Tensor
	Events  []lab.Event // those up to Step
}

// Resume returns the last state that is good: its checksum holds and the events before it are whole. notes says, in words for people,
// what was damaged and passed over. A state at step 0 without tensors means to begin anew. The events file is cut back to the state.
func (w *Writer) Resume() (s State, notes []string, err error) {
	path := filepath.Join(w.Dir, "events.jsonl")
	_, good, everr := readEvents(path)
	if everr != nil && !errors.Is(everr, ErrDamaged) {
		return State{}, nil, everr
	}
	var offset int64
	for _, c := range w.Checkpoints() {
		ts, meta, err := readTensors(c.Path)
		if err != nil {
			notes = append(notes, fmt.Sprintf("checkpoint at step %d passed over: %v", c.Step, err))
			continue
		}
		at, aerr := strconv.ParseInt(meta["events"], 10, 64)
		if meta["spec"] != w.Spec.Hash() || aerr != nil {
			notes = append(notes, fmt.Sprintf("checkpoint at step %d passed over: it belongs to another run", c.Step))
			continue
		}
		if at > good {
			notes = append(notes, fmt.Sprintf("checkpoint at step %d passed over: the events before it are damaged (%v)", c.Step, everr))
			continue
		}
		s, offset = State{Step: c.Step, Tensors: ts}, at
		break
	}
	if len(notes) > 0 && s.Step == 0 {
		notes = append(notes, "no good checkpoint is left: beginning anew")
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return State{}, notes, fmt.Errorf("cannot write events: %w; choose another folder with --runs", err)
	}
	w.events, w.written = f, offset
	if err := f.Truncate(offset); err != nil {
		return State{}, notes, err
	}
	if _, err := f.Seek(offset, 0); err != nil {
		return State{}, notes, err
	}
	s.Events, _, err = readEvents(path)
	return s, notes, err
}

// Event appends an event. Resume must have been called.
func (w *Writer) Event(e lab.Event) error {
	line, err := encodeEvent(e)
	if err != nil {
		return err
	}
	n, err := w.events.Write(line)
	w.written += int64(n)
	if err != nil {
		return fmt.Errorf("cannot write events: %w%s", err, remedy(err))
	}
	return nil
}

// Time appends a line about speed.
func (w *Writer) Time(t Timing) error {
	if w.timing == nil {
		f, err := os.OpenFile(filepath.Join(w.Dir, "timing.jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			return fmt.Errorf("cannot write the run's times: %w%s", err, remedy(err))
		}
		w.timing = f
	}
	return appendJSON(w.timing, t)
}

// Session records what this session runs on and with.
func (w *Writer) Session(e Environment) error {
	f, err := os.OpenFile(filepath.Join(w.Dir, "environment.jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("cannot write the run's environment: %w%s", err, remedy(err))
	}
	return errors.Join(appendJSON(f, e), f.Close())
}

func appendJSON(f *os.File, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err = f.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("cannot write the run's story: %w%s", err, remedy(err))
	}
	return nil
}

// Save writes a checkpoint after a step and removes those that are older than the last few.
func (w *Writer) Save(step int, ts []Tensor) error {
	if err := w.events.Sync(); err != nil {
		return fmt.Errorf("cannot write events: %w", err)
	}
	dir := filepath.Join(w.Dir, "checkpoints")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	meta := map[string]string{
		"step": strconv.Itoa(step), "events": strconv.FormatInt(w.written, 10), "spec": w.Spec.Hash(),
	}
	if err := writeTensors(filepath.Join(dir, fmt.Sprintf("%08d.safetensors", step)), ts, meta); err != nil {
		return err
	}
	for i, c := range w.Checkpoints() {
		if i >= keep {
			_ = os.Remove(c.Path)
		}
	}
	return nil
}

// Finish writes the weights of the finished training; the checkpoints are no longer needed and go.
func (w *Writer) Finish(ts []Tensor) error {
	if w.events != nil {
		if err := w.events.Sync(); err != nil {
			return fmt.Errorf("cannot write events: %w", err)
		}
	}
	if err := writeTensors(w.weights(), ts, map[string]string{"spec": w.Spec.Hash()}); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(w.Dir, "checkpoints"))
}

// Measured writes what was measured under a protocol.
func (w *Writer) Measured(e lab.Eval, metrics map[string]lab.Metric) error {
	m := metricsFile{Eval: e, Metrics: metrics}
	var err error
	if m.SHA256, err = m.sum(); err != nil {
		return fmt.Errorf("metrics cannot be encoded: %w", err)
	}
	return writeJSON(w.metricsPath(e), m)
}
