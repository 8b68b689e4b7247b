package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Serve is the Jupyter kernel: it runs the pinned GoNB on a connection file until Jupyter ends it, in the prepared workspace
// and with the environment that cells need (DARKROOM_BIN among it); env adds to that. It passes signals on, ends GoNB when
// Jupyter is gone, and leaves no process and no temporary folder behind. An interrupt reaches the running cell's program as
// one SIGINT, and five seconds later a SIGKILL: a cell passes it on to the processes that it has started.
//
// DARKROOM_RAW_ERROR=1 makes errors plain text instead of HTML, as headless execution wants them.
func Serve(ctx context.Context, connectionFile string, env ...string) error {
	if _, err := os.Stat(connectionFile); err != nil {
		return fmt.Errorf("the kernel's connection file: %w (Jupyter makes it; to open notebooks run: darkroom lab)", err)
	}
	in, err := Find()
	if err != nil {
		return err
	}
	if !exists(in.tool("gonb")) || !exists(in.Workspace()) {
		return fmt.Errorf("the notebook kernel is not installed below %s; run: darkroom lab", in.Home)
	}
	if _, err := exec.LookPath("go"); err != nil && os.Getenv("DARKROOM_GO") == "" {
		return errNoGo
	}
	tmp, err := temporaryFolder()
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	log, err := in.openLog()
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()

	leadGroup()
	args := []string{"-kernel", connectionFile}
	if os.Getenv("DARKROOM_RAW_ERROR") == "1" {
		args = append(args, "-raw_error")
	}
	cmd := exec.Command(in.tool("gonb"), args...)
	cmd.Env = with(os.Environ(), append(append(in.cellEnv(), "TMPDIR="+tmp, "GOWORK=off"), env...)...)
	cmd.Stdout, cmd.Stderr = log, log // GoNB logs a lot, none of it for people
	cmd.SysProcAttr = childAttributes()

	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	return supervise(ctx, cmd, signals, log.Name())
}

// supervise runs cmd until it ends, is told to end, or its parent is gone. Then it ends what the process group still holds.
func supervise(ctx context.Context, cmd *exec.Cmd, signals <-chan os.Signal, log string) error {
	started := make(chan error, 1)
	done := make(chan error, 1)
	go func() {
		unlock := lockThread() // on Linux the child's life is tied to the thread that starts it
		defer unlock()
		err := cmd.Start()
		started <- err
		if err == nil {
			done <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("cannot start GoNB: %w", err)
	}
	parent := os.Getppid()
	alive := time.NewTicker(time.Second)
	defer alive.Stop()
	var kill <-chan time.Time
	stop := func() {
		if kill == nil {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			kill = time.After(4 * time.Second)
		}
	}
	told := false // somebody asked for the end
	stopped := ctx.Done()
	for {
		select {
		case s := <-signals:
			if s == os.Interrupt {
				_ = cmd.Process.Signal(s)
				continue
			}
			told = true
			stop()
		case <-stopped:
			told, stopped = true, nil
			stop()
		case <-alive.C:
			if os.Getppid() != parent {
				told = true
				stop()
			}
		case <-kill:
			_ = cmd.Process.Kill()
		case err := <-done:
			endGroup(5 * time.Second)
			if err != nil && !told {
				return fmt.Errorf("GoNB ended: %w\n%s\n(its log: %s)", err, tail(log, 6), log)
			}
			return nil
		}
	}
}

const temporaryPrefix = "darkroom-kernel-"

// temporaryFolder makes the folder in which GoNB compiles cells, and removes those of kernels that are no more.
func temporaryFolder() (string, error) {
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), temporaryPrefix+"*"))
	for _, dir := range old {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), temporaryPrefix), "-")
		n, err := strconv.Atoi(pid)
		if err == nil && errors.Is(syscall.Kill(n, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
	return os.MkdirTemp("", fmt.Sprintf("%s%d-", temporaryPrefix, os.Getpid()))
}

// openLog opens a new log file for GoNB and removes all but the ten newest.
func (in *Installation) openLog() (*os.File, error) {
	if err := os.MkdirAll(in.logs(), 0o755); err != nil {
		return nil, err
	}
	logs, _ := filepath.Glob(filepath.Join(in.logs(), "kernel-*.log")) // sorted by name, which begins with the time
	for _, l := range logs[:max(0, len(logs)-10)] {
		_ = os.Remove(l)
	}
	return os.Create(filepath.Join(in.logs(), fmt.Sprintf("kernel-%s-%d.log", time.Now().UTC().Format("20060102-150405"), os.Getpid())))
}

func tail(path string, n int) string {
	b, _ := os.ReadFile(path) // without it the error is still true
	return lastLines(string(b), n)
}
