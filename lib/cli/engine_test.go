package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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
		"XDG_RUNTIME_DIR": dir, lab.Engine: "test", lab.Binary: darkroom, ownerEnv: fmt.Sprint(os.Getpid()), checkpointEnv: "2ms",
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
		{Method: "vae", Steps: 1500, Set: lab.Set{"hidden": 8, "latent": 2, "batch": 4}},
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
	began.Add(len(specs))
	train(together, &began, func(i int, result *lab.Result, err error) {
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
	began1 := time.Now()
	if images, err := r.Sample(t.Context(), found(t, together, "dcgan"), lab.Draw{N: 64}); err != nil || len(images) != 64 {
		t.Errorf("%d images, %v", len(images), err)
	}
	t.Logf("a draw took %.2f s", time.Since(began1).Seconds())
}

func found(t *testing.T, runs, method string) string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(runs, method, "*", "spec.json"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("runs of %s: %v, %v", method, dirs, err)
	}
	return filepath.Dir(dirs[0])
}
