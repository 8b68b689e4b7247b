package cli

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// kills is how often each training is killed.
const kills = 10

// TestKill kills trainings at random moments, without warning, goes on with each until it is done, and compares what it came to with
// the same training undisturbed, byte for byte. Half of the kills fall anywhere after the start, most of them while the program
// compiles; the other half after the training has gone on a little, most of them near the writing of a checkpoint.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("kills trainings for a minute")
	}
	dir := t.TempDir()
	darkroom := filepath.Join(dir, "darkroom")
	if out, err := exec.Command("go", "build", "-o", darkroom, "darkroom").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	pictures := filepath.Join(dir, "pictures")
	if err := writePictures(pictures, 12, 28); err != nil {
		t.Fatal(err)
	}
	for i, args := range []string{
		"vae generate:folder:%s@8 --steps 600 --set hidden=8 --set latent=2 --set batch=4",
		// with a moving average, the vectors of spectral norm, several updates a step and the draws of a penalty
		"dcgan generate:folder:%s@8 --steps 200 --set width=4 --set latent=2 --set batch=2 --set loss=hinge --set norm=spectral --set critic=2 --set penalty=1",
		"dncnn restore:denoise25:folder:%s --steps 400 --set depth=3 --set width=2 --set patch=8 --set batch=2",
	} {
		args := strings.Fields("run " + fmt.Sprintf(args, pictures))
		t.Run(args[1], func(t *testing.T) {
			v := victim{darkroom, args}
			whole, disturbed := filepath.Join(dir, args[1], "whole"), filepath.Join(dir, args[1], "killed")
			begin := time.Now()
			v.finish(t, whole)
			lasts := time.Since(begin)
			r := rand.New(rand.NewPCG(1, uint64(i)))
			died := 0
			for k := 0; died < kills; k++ {
				if k > 4*kills {
					t.Fatalf("only %d of %d kills came before the end; the training is too short", died, k)
				}
				if k%2 == 0 {
					died += v.kill(t, disturbed, time.Duration(r.Float64()*0.7*float64(lasts)), false)
				} else {
					died += v.kill(t, disturbed, time.Duration(r.IntN(20))*time.Millisecond, true)
				}
				if done, _ := filepath.Glob(filepath.Join(disturbed, "*", "metrics-*.json")); len(done) > 0 { // it was faster: begin again
					compare(t, whole, disturbed)
					if err := os.RemoveAll(disturbed); err != nil {
						t.Fatal(err)
					}
				}
			}
			resumed := v.finish(t, disturbed)
			compare(t, whole, disturbed)
			t.Logf("%d kills, a whole training takes %.1f s, the last session resumed: %t", died, lasts.Seconds(), resumed)
		})
	}
}

// victim is a training that can be killed.
type victim struct {
	darkroom string
	args     []string
}

func (v victim) command(runs string) *exec.Cmd {
	cmd := exec.Command(v.darkroom, append(v.args, "--json", "--runs", runs)...)
	cmd.Env = append(os.Environ(), "DARKROOM_CHECKPOINT=2ms")
	return cmd
}

// finish carries the training out to its end and says whether it went on from a checkpoint.
func (v victim) finish(t *testing.T, runs string) (resumed bool) {
	t.Helper()
	cmd := v.command(runs)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	if strings.Contains(stderr.String(), "damaged") {
		t.Errorf("a kill left a damaged file behind:\n%s", stderr.String())
	}
	return bytes.Contains(out, []byte(`"resumed":true`))
}

// kill starts the training, waits, kills it, and returns 1 if it was still alive. With training it begins to wait when this session
// has written to the events.
func (v victim) kill(t *testing.T, runs string, wait time.Duration, training bool) int {
	t.Helper()
	cmd := v.command(runs)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait(); cancel() }()
	if training {
		began := timing(runs)
		for timing(runs) == began && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
	_ = cmd.Process.Kill() // it may have ended
	if err := <-ended; err == nil {
		return 0
	}
	if cmd.ProcessState.Exited() {
		t.Fatalf("it failed by itself: %v", cmd.ProcessState)
	}
	return 1
}

// timing is the size of the run's file of times, which only grows.
func timing(runs string) int64 {
	found, _ := filepath.Glob(filepath.Join(runs, "*", "timing.jsonl"))
	if len(found) == 0 {
		return 0
	}
	st, err := os.Stat(found[0])
	if err != nil {
		return 0
	}
	return st.Size()
}

// compare checks that the one run below each folder is the same.
func compare(t *testing.T, a, b string) {
	t.Helper()
	x, _ := filepath.Glob(filepath.Join(a, "*"))
	y, _ := filepath.Glob(filepath.Join(b, "*"))
	if len(x) != 1 || len(y) != 1 {
		t.Fatalf("runs %v and %v, want one each", x, y)
	}
	if err := sameRuns(x[0], y[0]); err != nil {
		t.Error(err)
	}
}
