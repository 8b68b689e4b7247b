package kernel

import (
	"bufio"
	"bytes"
	"context"
	_ "embed" // the script
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"darkroom/lib/fetch"
)

// ExecuteOptions of Execute; the zero value is good.
type ExecuteOptions struct {
	Parameters []string      // "name=value", see SetParameters
	Folder     string        // where cells run; empty means the notebook's folder
	Timeout    time.Duration // for each cell; 0 means none
	Env        []string      // "NAME=value", for cells
	Say        fetch.Say     // told which cell runs; nil is silent
}

// CellError is a cell that failed.
type CellError struct {
	Notebook string
	Number   int    // among the code cells from 1, as in In [3]; 0 when no cell was running
	Text     string // the compiler's or the program's message
}

func (e *CellError) Error() string {
	if e.Number == 0 {
		return fmt.Sprintf("%s: %s", e.Notebook, e.Text)
	}
	return fmt.Sprintf("%s: cell %d failed:\n%s", e.Notebook, e.Number, e.Text)
}

//go:embed execute.py
var executeScript string

// Execute runs every cell of a notebook with the darkroom kernel and saves the notebook with its outputs at output, which may be the
// notebook itself. It is saved also when a cell fails, when the error is a *CellError, and when ctx is cancelled. The
// Installation must be there: call Setup first.
func (in *Installation) Execute(ctx context.Context, notebook, output string, o ExecuteOptions) error {
	src, err := ReadNotebook(notebook, o.Parameters)
	if err != nil {
		return err
	}
	folder := o.Folder
	if folder == "" {
		folder = filepath.Dir(notebook)
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(output), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(output), ".execute-")
	if err != nil {
		return fmt.Errorf("cannot write beside %s: %w", output, err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	input, result := filepath.Join(tmp, "in.ipynb"), filepath.Join(tmp, "out.ipynb")
	if err := os.WriteFile(input, src, 0o644); err != nil {
		return err
	}
	job := map[string]any{"notebook": input, "output": result, "kernel": Name, "folder": folder, "timeout": nil}
	if o.Timeout > 0 {
		job["timeout"] = int(max(o.Timeout.Seconds(), 1))
	}
	end, err := in.runScript(ctx, job, o)
	if err != nil {
		return fmt.Errorf("%s: %w", notebook, err)
	}
	if exists(result) {
		if err := os.Rename(result, output); err != nil {
			return err
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case end.OK:
		return nil
	default:
		return &CellError{notebook, end.Number, end.Error}
	}
}

// report is one line that the script says: a cell that begins, or how it ended.
type report struct {
	Cell   int    `json:"cell"`
	Of     int    `json:"of"`
	OK     bool   `json:"ok"`
	Number int    `json:"number"`
	Error  string `json:"error"`
}

// runScript runs execute.py on a job and returns its last report. When ctx is cancelled the script is interrupted and
// given twenty seconds to save the notebook.
func (in *Installation) runScript(ctx context.Context, job map[string]any, o ExecuteOptions) (report, error) {
	var last report
	stdin, err := json.Marshal(job)
	if err != nil {
		return last, err
	}
	cmd := exec.CommandContext(ctx, in.Python(), "-c", executeScript)
	own, stop := ownEngine(in.Binary())
	defer stop()
	defer sweep() // a kernel may have been killed
	cmd.Env = with(in.jupyterEnv(), slices.Concat([]string{"PYTHONWARNINGS=ignore"}, own, o.Env)...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.SysProcAttr = childAttributes()
	cmd.SysProcAttr.Setpgid = true // Ctrl-C in a terminal comes through ctx alone
	defer lockThread()()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 20 * time.Second
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return last, err
	}
	if err := cmd.Start(); err != nil {
		return last, fmt.Errorf("cannot start JupyterLab's Python (%w); run: darkroom lab", err)
	}
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var r report
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			continue
		}
		if r.Cell > 0 {
			if o.Say != nil {
				o.Say(fmt.Sprintf("cell %d of %d", r.Cell, r.Of))
			}
			continue
		}
		last = r
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return last, nil
	}
	for line := range strings.Lines(stderr.String()) {
		if !last.OK && last.Number == 0 && strings.HasPrefix(line, "darkroom: ") { // why the kernel did not start
			last.Error = strings.TrimSpace(line) + "\n" + last.Error
		}
	}
	if err := errors.Join(lines.Err(), err); err != nil {
		return last, fmt.Errorf("executing it: %w\n%s", err, lastLines(stderr.String(), 12))
	}
	return last, nil
}
