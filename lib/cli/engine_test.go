package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"darkroom/lib/lab"
)

// remote makes this test's session one of its own, whose engine is this test binary, and ends that with the test.
func remote(t *testing.T) lab.Remote {
	t.Helper()
	dir := t.TempDir()
	darkroom := filepath.Join(dir, "darkroom")
	if err := os.Symlink(os.Args[0], darkroom); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"XDG_RUNTIME_DIR": t.TempDir(), lab.Engine: "test", lab.Binary: darkroom, ownerEnv: fmt.Sprint(os.Getpid()), checkpointEnv: "2ms",
	} {
		t.Setenv(name, value)
	}
	t.Cleanup(func() {
		a := &app{out: t.Output(), err: t.Output()}
		if err := a.stopEngine(context.Background(), ""); err != nil {
			t.Error(err)
		}
	})
	return lab.Remote{Say: func(line string) { t.Log(line) }}
}

// TestEngine trains in an engine as a cell does, two methods at once, kills it without warning in the middle, asks again, and compares what
// that came to with the same trainings one by one in a process each.
func TestEngine(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	r := remote(t)
	pictures := filepath.Join(t.TempDir(), "pictures")
	if err := writePictures(pictures, 12, 28); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(pictures))
	specs := []lab.Spec{
		{Method: "vae", Steps: 4000, Set: lab.Set{"hidden": 8, "latent": 2, "batch": 4}},
		{Method: "dcgan", Steps: 600, Set: lab.Set{"width": 4, "latent": 2, "batch": 2}},
	}
	together := t.TempDir()
	train := func(runs string, began *sync.WaitGroup, see func(i int, result *lab.Result, err error)) {
		var all sync.WaitGroup
		for i, s := range specs {
			s.Task, s.Runs = "generate:folder:pictures@8", filepath.Join(runs, s.Method) // the folder is relative to the cell's
			all.Go(func() {
				var once sync.Once
				said := func() { once.Do(began.Done) }
				defer said()
				result, err := r.Run(t.Context(), s, func(e lab.Event) {
					if e.Step > s.Steps/10 { // some checkpoints have been written
						said()
					}
				})
				see(i, result, err)
			})
		}
		all.Wait()
	}
	var began sync.WaitGroup
	began.Add(len(specs))
	go func() {
		began.Wait()
		for _, e := range lab.Engines() {
			if err := syscall.Kill(e.PID, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}
	}()
	train(together, &began, func(i int, _ *lab.Result, err error) {
		if err == nil || !strings.Contains(err.Error(), "the engine, the process that does the work, has ended in the middle of it") {
			t.Errorf("%s, whose engine was killed: %v", specs[i].Method, err)
		}
	})
	var again sync.WaitGroup
	again.Add(len(specs))
	train(together, &again, func(i int, result *lab.Result, err error) {
		if err != nil || !result.Resumed {
			t.Errorf("%s did not go on: %+v, %v", specs[i].Method, result, err)
		}
	})
	for _, s := range specs {
		args := []string{"run", s.Method, "generate:folder:pictures@8", "--steps", fmt.Sprint(s.Steps)}
		for k, v := range s.Set {
			args = append(args, "--set", fmt.Sprintf("%s=%v", k, v))
		}
		alone := t.TempDir()
		victim{os.Getenv(lab.Binary), args}.finish(t, alone)
		compare(t, alone, filepath.Join(together, s.Method))
	}
	if e := lab.Engines(); len(e) != 1 {
		t.Errorf("engines: %v", e)
	}
	dir := found(t, together, "dcgan")
	first := draw(t, r, dir)
	begin := time.Now()
	second := draw(t, r, dir)
	t.Logf("a second draw took %.3f s", time.Since(begin).Seconds())
	if !reflect.DeepEqual(first, second) {
		t.Error("equal draws differ")
	}
}

func draw(t *testing.T, r lab.Remote, dir string) []lab.Image {
	t.Helper()
	images, err := r.Sample(t.Context(), dir, lab.Draw{N: 64, Seed: 3})
	if err != nil || len(images) != 64 {
		t.Errorf("%d images, %v", len(images), err)
	}
	return images
}

// TestDetach starts a training, leaves it, draws beside it, finds it again by its name, with all it has said, and stops it; a last call ends it.
func TestDetach(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	r := remote(t)
	dir := t.TempDir()
	t.Setenv("DARKROOM_RUNS", filepath.Join(dir, "runs"))
	if err := writePictures(filepath.Join(dir, "pictures"), 12, 28); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	spec := lab.Spec{Method: "vae", Task: "generate:folder:pictures@8", Steps: 200, Set: lab.Set{"hidden": 8, "latent": 2, "batch": 4}}
	done, err := r.Run(t.Context(), spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec.Steps, spec.Name = 1_000_000, "long"
	started, err := r.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	follow := func(training *lab.Training) (first int, err error) { // leaves at the first step after the tenth
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		_, err = training.Follow(ctx, func(e lab.Event) {
			if e.Values == nil {
				return
			}
			if first == 0 {
				first = e.Step
			}
			if e.Step > 10 {
				leave()
			}
		})
		return first, err
	}
	first, err := follow(started)
	if !errors.Is(err, lab.ErrDetached) {
		t.Errorf("left: %v", err)
	}
	draw(t, r, done.Dir)
	if _, err := r.Get(t.Context(), "", "long"); err == nil || !strings.Contains(err.Error(), "is not finished: lab.Attach(") {
		t.Errorf("a run that is not complete: %v", err)
	}
	found, err := r.Attach(t.Context(), "", "long")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := follow(found); !errors.Is(err, lab.ErrDetached) || again != first || found.Hash != started.Hash {
		t.Errorf("found again: %v, from step %d, not %d", err, again, first)
	}
	found.StopOnInterrupt = true
	if _, err := follow(found); err == nil || !strings.Contains(err.Error(), "stopped after step") {
		t.Errorf("stopped: %v", err)
	}
	if resumed, err := r.Attach(t.Context(), "", found.Hash[:8]); err != nil {
		t.Error(err)
	} else if resumed.Stop(); resumed.Dir != found.Dir {
		t.Errorf("%s, not %s", resumed.Dir, found.Dir)
	}
	if run, err := r.Get(t.Context(), "", done.Hash[:6]); err != nil || len(run.Curves()) == 0 || len(run.Metrics) == 0 {
		t.Errorf("a complete run: %+v, %v", run, err)
	}
	if _, err := r.Attach(t.Context(), "", "none"); err == nil || !strings.Contains(err.Error(), `no run "none"`) {
		t.Errorf("no run: %v", err)
	}
}

func found(t *testing.T, runs, method string) string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(runs, method, "*", "spec.json"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("runs of %s: %v, %v", method, dirs, err)
	}
	return filepath.Dir(dirs[0])
}
