package record

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"darkroom/lib/lab"
)

func spec(t *testing.T) lab.Spec {
	return lab.Spec{Method: "vae", Task: "generate:mnist", Steps: 10, Set: lab.Set{"latent": 20}, Runs: t.TempDir()}
}

func tensors() []Tensor {
	return []Tensor{
		{"b/weights", "F32", []int{2, 1}, []byte{0, 0, 128, 63, 0, 0, 0, 64}}, // 1, 2
		{"a/step", "I64", []int{}, []byte{7, 0, 0, 0, 0, 0, 0, 0}},
	}
}

func TestTensors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := writeTensors(path, tensors(), map[string]string{"step": "3"}); err != nil {
		t.Fatal(err)
	}
	got, meta, err := readTensors(path)
	if err != nil || meta["step"] != "3" || len(got) != 2 {
		t.Fatalf("%v, %v, %v", got, meta, err)
	}
	for i, want := range []Tensor{tensors()[1], tensors()[0]} { // sorted by name
		if got[i].Name != want.Name || got[i].DType != want.DType || len(got[i].Shape) != len(want.Shape) || !reflect.DeepEqual(got[i].Data, want.Data) {
			t.Errorf("%+v, want %+v", got[i], want)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range whole { // every byte counts, but for the padding after the header
		bad := append([]byte(nil), whole...)
		bad[at] ^= 1
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readTensors(path); !errors.Is(err, ErrDamaged) && whole[at] != ' ' {
			t.Errorf("byte %d of %d (%q) changed: %v", at, len(whole), whole[at], err)
		}
	}
	for _, n := range []int{0, 1, 7, 8, 20, len(whole) - 1} {
		if err := os.WriteFile(path, whole[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readTensors(path); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	if err := writeTensors(path, []Tensor{{"x", "F32", []int{3}, make([]byte, 8)}}, nil); err == nil {
		t.Error("a tensor whose bytes do not fit its shape is written")
	}
}

func TestResume(t *testing.T) {
	s := spec(t)
	w, err := Acquire(context.Background(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if st, notes, err := w.Resume(); err != nil || st.Step != 0 || len(notes) != 0 {
		t.Fatalf("fresh: %+v, %v, %v", st, notes, err)
	}
	for step := 1; step <= 6; step++ {
		if err := w.Event(lab.Event{Step: step, Values: map[string]float64{"loss": 1 / float64(step)}}); err != nil {
			t.Fatal(err)
		}
		if step%2 == 0 && step < 6 {
			if err := w.Save(step, tensors()); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.Close() // as if killed after step 6, of which no checkpoint tells

	w, err = Acquire(context.Background(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	st, notes, err := w.Resume()
	if err != nil || st.Step != 4 || len(st.Events) != 4 || len(st.Tensors) != 2 || len(notes) != 0 {
		t.Fatalf("%d, %d events, %v, %v", st.Step, len(st.Events), notes, err)
	}
	if err := w.Event(lab.Event{Step: 5}); err != nil {
		t.Fatal(err)
	}
	events, err := w.Events()
	if err != nil || len(events) != 5 || events[4].Values != nil {
		t.Errorf("after going on: %d events, %v", len(events), err)
	}
}

// TestLock asks for one directory twice: the second waits, says for whom, and gives up with its context.
func TestLock(t *testing.T) {
	s := spec(t)
	w, err := Acquire(context.Background(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	said := ""
	_, err = Acquire(ctx, s, func(line string) { said = line; cancel() })
	if !errors.Is(err, context.Canceled) || said == "" {
		t.Errorf("%q, %v", said, err)
	}
	w.Close()
	if w, err = Acquire(context.Background(), s, nil); err != nil {
		t.Fatal(err)
	}
	w.Close()
}

func TestMetrics(t *testing.T) {
	w, err := Acquire(context.Background(), spec(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	e := lab.Eval{Images: 3}
	if _, err := w.Metrics(e); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("before: %v", err)
	}
	want := map[string]lab.Metric{"psnr": {Value: 1.0 / 3, Protocol: "p", Values: []float64{0.1, 0.2}}}
	if err := w.Measured(e, want); err != nil {
		t.Fatal(err)
	}
	got, err := w.Metrics(e)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := w.Metrics(lab.Eval{Images: 4}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("another protocol: %v", err)
	}
	path := w.metricsPath(e)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/3] ^= 1
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Metrics(e); !errors.Is(err, ErrDamaged) {
		t.Errorf("edited: %v", err)
	}
	if len(w.AllMetrics()) != 0 {
		t.Error("an edited file is among all metrics")
	}
}

func TestFind(t *testing.T) {
	s := spec(t)
	w, err := Acquire(context.Background(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	for _, name := range []string{w.Dir, s.Hash()[:6], s.Hash(), s.Dir()} {
		if r, err := Find(s.Runs, name); err != nil || r.Dir != w.Dir {
			t.Errorf("Find(%q): %v", name, err)
		}
	}
	for _, name := range []string{"", "zzzz", s.Hash()[:2]} {
		if _, err := Find(s.Runs, name); err == nil {
			t.Errorf("Find(%q) found something", name)
		}
	}
}

func FuzzEvents(f *testing.F) {
	line, err := encodeEvent(lab.Event{Step: 3, Values: map[string]float64{"loss": 0.5}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add([]byte(`{"step":1,"crc":"00000000"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "events.jsonl")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		events, good, err := readEvents(path)
		if good > int64(len(b)) || (err == nil && good != int64(len(b))) {
			t.Fatalf("%d good bytes of %d, %v", good, len(b), err)
		}
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatalf("damage is not told as such: %v", err)
		}
		for _, e := range events {
			if _, err := encodeEvent(e); err != nil {
				t.Fatalf("an event that was read cannot be written: %v", err)
			}
		}
	})
}

func FuzzSpec(f *testing.F) {
	s := lab.Spec{Method: "vae", Task: "generate:mnist", Set: lab.Set{"latent": 20}}
	f.Add([]byte(`{"hash":"` + s.Hash() + `","spec":` + string(s.Canonical()) + `}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parseSpec(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("damage is not told as such: %v", err)
			}
			return
		}
		if _, err := parseSpec([]byte(`{"hash":"` + got.Hash() + `","spec":` + string(got.Canonical()) + `}`)); err != nil {
			t.Fatalf("a good spec is not good when written again: %v", err)
		}
	})
}

func FuzzTensors(f *testing.F) {
	path := filepath.Join(f.TempDir(), "x")
	if err := writeTensors(path, tensors(), nil); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(_ *testing.T, b []byte) { _, _, _ = ParseTensors(b) }) // whatever the bytes, it returns
}
