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

	"darkroom/kernel/cell"
	"darkroom/kernel/wire"
	"darkroom/lib/lab"
)

// Serve is the Jupyter kernel: it answers Jupyter's messages on the sockets of a connection file until Jupyter ends it, and has the pinned
// GoNB run the cells, in the prepared workspace and with the environment that cells need (DARKROOM_BIN among it); env adds to that. It
// ends when it is told to, or when Jupyter is gone, and leaves no process and no temporary folder behind. An interrupt reaches the
// running cell's program as one SIGINT, and five seconds later a SIGKILL: a cell passes it on to the processes that it has started.
func Serve(ctx context.Context, connectionFile string, env ...string) error {
	conn, err := wire.ReadConnection(connectionFile)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the kernel's connection file: %w (Jupyter makes it; to open notebooks run: darkroom lab)", err)
	} else if err != nil {
		return err
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
	parent := os.Getppid()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	leadGroup()
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
	server, err := wire.Listen(ctx, conn)
	if err != nil {
		return err
	}
	env = append(env, lab.Engine+"="+engineSession(connectionFile))
	s := &session{
		in: in, server: server, history: openHistory(in.historyFile()), connectionFile: connectionFile, tmp: tmp, log: log, env: env,
	}
	s.state = cell.NewState(in.packages(s.workspace))
	if err := s.open(); err != nil {
		server.Close()
		return err
	}
	s.wait(ctx, signals, parent)
	s.close()
	endGroup(1500 * time.Millisecond) // Jupyter allows five seconds in all
	return nil
}

// wait returns when somebody has told the kernel to end, or its parent is gone.
func (s *session) wait(ctx context.Context, signals <-chan os.Signal, parent int) {
	alive := time.NewTicker(time.Second)
	defer alive.Stop()
	for {
		select {
		case sig := <-signals:
			if sig != os.Interrupt {
				return
			}
			s.interrupt()
		case <-ctx.Done():
			return
		case <-s.quit:
			return
		case <-alive.C:
			if os.Getppid() != parent {
				return
			}
		}
	}
}

// historyFile is where the cells that were run are remembered.
func (in *Installation) historyFile() string {
	return filepath.Join(in.Home, "kernel", "history.jsonl")
}

// exportsFile is where warm leaves what it found out about the packages that cells import.
func (in *Installation) exportsFile() string { return filepath.Join(in.Workspace(), "exports.txt") }

// packages knows the packages that cells import; dir is the module that they are compiled in.
func (in *Installation) packages(dir func() string) *cell.Packages {
	table, _ := os.ReadFile(in.exportsFile()) // without it the packages are found as they are asked for
	return cell.NewPackages(func(args ...string) *exec.Cmd {
		at := dir()
		cmd := exec.Command(filepath.Join(in.bin(), "go"), args...)
		cmd.Dir, cmd.Env = at, with(os.Environ(), append(in.cellEnv(), "GOWORK=off", "GONB_TMP_DIR="+at)...)
		return cmd
	}, table)
}

// workspace is the module that GoNB compiles cells in.
func (s *session) workspace() string {
	s.mu.Lock()
	g := s.gonb
	s.mu.Unlock()
	if g != nil {
		if found, err := filepath.Glob(filepath.Join(g.tmp, "gonb_*", "go.mod")); err == nil && len(found) == 1 {
			return filepath.Dir(found[0])
		}
	}
	return s.in.Workspace()
}

const temporaryPrefix = "darkroom-kernel-"

// temporaryFolder makes the folder in which GoNB compiles cells and listens.
func temporaryFolder() (string, error) {
	sweep()
	return os.MkdirTemp(temporaryRoot(), fmt.Sprintf("%s%d-", temporaryPrefix, os.Getpid()))
}

// temporaryRoot is the folder of temporary files, or /tmp where the paths of sockets below it would be too long for the system.
func temporaryRoot() string {
	if dir := os.TempDir(); len(dir) <= 40 {
		return dir
	}
	return "/tmp"
}

// sweep ends the processes that kernels have left which were killed, and removes their folders.
func sweep() {
	old, _ := filepath.Glob(filepath.Join(temporaryRoot(), temporaryPrefix+"*"))
	for _, dir := range old {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), temporaryPrefix), "-")
		n, err := strconv.Atoi(pid)
		if err == nil && errors.Is(syscall.Kill(n, 0), syscall.ESRCH) {
			killThoseIn(dir)
			_ = os.RemoveAll(dir)
		}
	}
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
