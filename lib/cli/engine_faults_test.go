package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"darkroom/lib/lab"
)

// tiny writes pictures, goes to the folder above them, and returns a training on them that takes about a second.
func tiny(t *testing.T) lab.Spec {
	t.Helper()
	dir := t.TempDir()
	if err := writePictures(filepath.Join(dir, "pictures"), 12, 28); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	return lab.Spec{Method: "vae", Task: "generate:folder:pictures@8", Steps: 400, Set: lab.Set{"hidden": 8, "latent": 2, "batch": 4}, Runs: filepath.Join(dir, "runs")}
}

// TestDiskFull fills the disk that the runs are on. The call says so, the engine lives on, and with room again the same call completes the run
// as if nothing had happened.
func TestDiskFull(t *testing.T) {
	r := remote(t)
	spec := tiny(t)
	disk := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=512k"); err != nil {
		t.Skip("no small disk can be made here: ", err)
	}
	defer func() { _ = syscall.Unmount(disk, 0) }()
	filler := filepath.Join(disk, "filler")
	if err := os.WriteFile(filler, make([]byte, 496<<10), 0o600); err != nil { // what is left holds no weights
		t.Fatal(err)
	}
	free := spec
	spec.Runs = filepath.Join(disk, "runs")
	if _, err := r.Run(t.Context(), spec, nil); err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("on a full disk: %v", err)
	}
	if n := len(lab.Engines()); n != 1 {
		t.Errorf("%d engines", n)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context(), spec, nil); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if _, err := r.Run(t.Context(), free, nil); err != nil {
		t.Fatal(err)
	}
	compare(t, free.Runs, spec.Runs)
}

// TestTwoNotebooks asks for one run in the engines of two notebooks at once: one trains, the other waits and finds it complete.
func TestTwoNotebooks(t *testing.T) {
	r := remote(t)
	spec := tiny(t)
	type end struct {
		result *lab.Result
		err    error
	}
	first, begun := make(chan end, 1), make(chan struct{})
	go func() {
		result, err := r.Run(t.Context(), spec, func(e lab.Event) {
			if e.Step == 1 {
				close(begun)
			}
		})
		first <- end{result, err}
	}()
	<-begun
	t.Setenv(lab.Engine, "second")
	second, err := r.Run(t.Context(), spec, nil)
	if n := len(lab.Engines()); n != 2 {
		t.Errorf("%d engines", n)
	}
	if e := (&app{out: t.Output(), err: t.Output()}).stopEngine(context.Background(), "second"); e != nil {
		t.Error(e)
	}
	one := <-first
	if err != nil || one.err != nil {
		t.Fatal(err, one.err)
	}
	if one.result.Cached || !second.Cached || second.Dir != one.result.Dir || len(second.Metrics) == 0 {
		t.Errorf("the first %+v, the second %+v", one.result, second)
	}
}

// TestInterrupted interrupts a comparison in a cell, and a training: neither goes on without the cell, and so the engine ends as idle.
func TestInterrupted(t *testing.T) {
	r := remote(t)
	spec := tiny(t)
	t.Setenv("DARKROOM_RUNS", spec.Runs)
	t.Setenv(idleEnv, "100ms")
	alone := func(what string) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); len(lab.Engines()) > 0; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal(what + " goes on without its cell")
			}
		}
	}
	ctx, interrupt := context.WithCancel(t.Context())
	spec.Steps = 1_000_000
	if _, err := r.Run(ctx, spec, func(e lab.Event) {
		if e.Step > 0 {
			interrupt()
		}
	}); err == nil || !strings.Contains(err.Error(), "stopped after step") {
		t.Errorf("a training: %v", err)
	}
	alone("a training")
	ctx, interrupt = context.WithCancel(t.Context())
	defer interrupt()
	go func() { // once one of its runs has been begun
		for ctx.Err() == nil {
			if begun, _ := filepath.Glob(filepath.Join(spec.Runs, "*mnist*", "events.jsonl")); len(begun) > 0 {
				interrupt()
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	if _, err := r.Compare(ctx, "vae-mnist", 1, true); err == nil {
		t.Error("an interrupted comparison has no error")
	}
	alone("a comparison")
}
