package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"darkroom/lib/lab"
	"darkroom/lib/methods"
)

// TestInceptionResolved: a protocol is known by the weights, not by where they lie; and what cannot be is said before anything is trained.
func TestInceptionResolved(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a", "weights")
	write("b", "weights")
	write("c", "others")
	e := New(Options{Folder: dir})
	resolve := func(method, file string, samples int) (lab.Eval, error) {
		s, err := e.Resolve(context.Background(), lab.Spec{Method: method, Task: "generate:mnist", Eval: lab.Eval{Samples: samples, Inception: file}})
		return s.Eval, err
	}
	of := map[string]lab.Eval{}
	for _, name := range []string{"a", "b", "c", ""} {
		v, err := resolve("noise", name, 100)
		if err != nil {
			t.Fatal(err)
		}
		of[name] = v
	}
	if of["a"].Inception != filepath.Join(dir, "a") || len(of["a"].InceptionSHA256) != 64 {
		t.Errorf("resolved %+v", of["a"])
	}
	if of["a"].Hash() != of["b"].Hash() || of["a"].Hash() == of["c"].Hash() || of["a"].Hash() == of[""].Hash() {
		t.Errorf("protocols %s of weights, %s of the same elsewhere, %s of others, %s of none", of["a"].Hash(), of["b"].Hash(), of["c"].Hash(), of[""].Hash())
	}
	for name, c := range map[string]struct {
		method, file string
		samples      int
		want         string
	}{
		"no file":      {"noise", "none", 100, "no such file or directory; give a safetensors file"},
		"no samples":   {"vae", "a", 0, "no samples are asked for; give --samples 20480"},
		"no generator": {"identity", "a", 100, "identity does not generate"},
	} {
		var misuse UsageError
		if _, err := resolve(c.method, c.file, c.samples); !errors.As(err, &misuse) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestInceptionFirst: a file that has not the weights is refused by what is asked before a training.
func TestInceptionFirst(t *testing.T) {
	j, _ := generating(t, new(methods.Noise), 2048, 300)
	j.spec.Eval.Inception = filepath.Join(t.TempDir(), "inception.pth")
	if err := os.WriteFile(j.spec.Eval.Inception, []byte("PK\x03\x04"), 0o600); err != nil {
		t.Fatal(err)
	}
	var misuse UsageError
	if err := j.enoughSamples(); !errors.As(err, &misuse) || !strings.Contains(err.Error(), "pickles can run code") {
		t.Errorf("error %v", err)
	}
}
