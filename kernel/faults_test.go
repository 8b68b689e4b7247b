package kernel

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"darkroom/kernel/wire"
)

// flood is how many megabytes a cell prints; DARKROOM_TEST_FLOOD=1024 has it print a gigabyte.
func flood() string {
	if v := os.Getenv("DARKROOM_TEST_FLOOD"); v != "" {
		return v
	}
	return "256"
}

// testFaults has cells leave processes, bear an interrupt, and print more than anybody reads, and kills the kernel: it goes on, and nothing is left.
func testFaults(t *testing.T, in *Installation) {
	cmd := exec.CommandContext(t.Context(), in.Python(), "testdata/faults.py", flood())
	cmd.Env = in.jupyterEnv()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	line, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, line, stderr.String())
	}
	t.Logf("%s", line)
	var got struct {
		Forked     string
		Background int
		Held       struct {
			Status, Text string
			Seconds      float64
			Left         int
		}
		Deaf struct {
			Name, Behind string
			Seconds      float64
		}
		Flood struct {
			Shown             int
			End, Says         string
			LeftOut           []string `json:"left_out"`
			SlowestCompletion float64  `json:"slowest_completion"`
			Kernel, GoNB      float64
		}
		BeforeKill int `json:"before_kill"`
		Killed     struct {
			Left, Folders int
			Then          string
		}
		BeforeShutdown int `json:"before_shutdown"`
		Shut           struct {
			Left, Folders int
			Seconds       float64
		}
	}
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	if got.Forked != "ok" || got.Background != 3 {
		t.Errorf("a cell that leaves three processes: %s, %d live", got.Forked, got.Background)
	}
	if h := got.Held; h.Status != "ok" || h.Seconds > 10 || h.Left != 0 || !strings.Contains(h.Text, "from a child\n") ||
		strings.Count(h.Text, "which held the cell's output") != 2 { // the shell and its sleep
		t.Errorf("a cell that leaves a process with its output: %+v", h)
	}
	if d := got.Deaf; d.Name != "Interrupted" || d.Seconds > 9 || d.Behind != "aborted" {
		t.Errorf("a cell that ignores interrupts: %+v", d)
	}
	if f := got.Flood; f.Shown < longestOutput || f.Shown > longestOutput+longestEnd+1000 || !strings.Contains(f.Says, "prints more than 1 MB") ||
		len(f.LeftOut) != 1 || f.End[max(0, len(f.End)-14):] != "the last line\n" || f.SlowestCompletion > 2 || f.Kernel > 220 || f.GoNB > 220 {
		t.Errorf("a cell that prints %s MB: %+v", flood(), f)
	}
	if k := got.Killed; got.BeforeKill != 3 || k.Left != 0 || k.Folders != 0 || k.Then != "ok" {
		t.Errorf("killed with %d processes in the background: %+v", got.BeforeKill, k)
	}
	if s := got.Shut; got.BeforeShutdown != 3 || s.Left != 0 || s.Folders != 0 || s.Seconds > 5 {
		t.Errorf("shut down with %d processes in the background: %+v", got.BeforeShutdown, s)
	}
}

// TestSweep leaves what a killed kernel leaves, and what one that lives has.
func TestSweep(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	begin := func(pid int) (dir string, child *exec.Cmd) {
		dir = filepath.Join(os.Getenv("TMPDIR"), fmt.Sprintf("%s%d-1", temporaryPrefix, pid))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		child = exec.Command("sleep", "1000")
		child.Env = []string{"TMPDIR=" + dir + "/gonb-1"}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = child.Process.Kill() })
		return dir, child
	}
	gone, orphan := begin(1 << 30) // beyond what the system counts to
	lives, child := begin(os.Getpid())
	sweep()
	if err := orphan.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("an orphan: %v", err)
	}
	if exists(gone) || !exists(lives) || !alive(child.Process.Pid) {
		t.Errorf("of the killed one: %v; of the living one: %v, %v", exists(gone), exists(lives), alive(child.Process.Pid))
	}
}

// TestLongTemporaryFolder has the user's folder of temporary files be too long for a socket's path.
func TestLongTemporaryFolder(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), strings.Repeat("long", 20)))
	dir, err := temporaryFolder()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	folder, err := os.MkdirTemp(dir, "gonb-")
	if err != nil {
		t.Fatal(err)
	}
	if err := wire.Private(folder).Write(filepath.Join(folder, "kernel.json")); err != nil {
		t.Error(err)
	}
}

// testKilledJupyter kills the process that executes a notebook, which is the kernel's parent, while a cell runs.
func testKilledJupyter(t *testing.T, in *Installation) {
	nb, pids := sleepers(t)
	ended := make(chan error, 1)
	go func() { ended <- in.Execute(t.Context(), nb, nb, ExecuteOptions{}) }()
	waitFor(t, pids)
	living, _, known := childrenOf(os.Getpid())
	if !known {
		t.Skip("the system does not say which processes are this one's")
	}
	for _, pid := range living {
		cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if p, err := os.FindProcess(pid); err == nil && strings.HasPrefix(string(cmdline), in.Python()+"\x00") {
			if err := p.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "killed") {
			t.Errorf("got %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it goes on")
	}
	gone(t, pids)
}
