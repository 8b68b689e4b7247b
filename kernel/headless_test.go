package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// installed sets up the notebook's environment, or finds it, with the darkroom command as it is built from these sources.
func installed(t *testing.T) *Installation {
	t.Helper()
	if testing.Short() {
		t.Skip("needs JupyterLab")
	}
	repo, err := FindRepo()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "darkroom")
	if err := command(t.Context(), repo, os.Environ(), "go", "build", "-o", binary, "."); err != nil {
		t.Fatal(err)
	}
	in, err := Setup(t.Context(), Options{Say: func(line string) { t.Log(line) }, Repo: repo, Binary: binary})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// writeNotebook writes a notebook of code cells.
func writeNotebook(t *testing.T, cells ...string) string {
	t.Helper()
	var list []any
	for i, c := range cells {
		list = append(list, map[string]any{"cell_type": "code", "id": fmt.Sprint("c", i), "source": c, "outputs": []any{},
			"execution_count": nil, "metadata": map[string]any{}})
	}
	b, err := json.Marshal(map[string]any{"nbformat": 4, "nbformat_minor": 5, "cells": list,
		"metadata": map[string]any{"kernelspec": map[string]any{"name": Name, "display_name": DisplayName, "language": "go"}}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "notebook.ipynb")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// outputs returns the JSON of each code cell's outputs.
func outputs(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, cells, err := parseNotebook(b)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range cells {
		if c := c.(map[string]any); c["cell_type"] == "code" {
			o, err := json.Marshal(c["outputs"])
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, string(o))
		}
	}
	return out
}

func TestHeadless(t *testing.T) {
	in := installed(t)

	t.Run("parameters and pictures", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "out", "smoke.ipynb")
		err := in.Execute(t.Context(), "testdata/smoke.ipynb", out, ExecuteOptions{Parameters: []string{"steps=7", "name=given"}})
		if err != nil {
			t.Fatal(err)
		}
		got := outputs(t, out)
		if len(got) != 3 || !strings.Contains(got[1], `given 7 denoise25 \u003cnil\u003e true\n`) {
			t.Errorf("the second cell printed %q", got)
		}
		if !strings.Contains(got[2], `"text/html":["\u003cb\u003eshown\u003c/b\u003e"]`) {
			t.Errorf("the third cell showed %q", got[2])
		}
		left, err := filepath.Glob(filepath.Join(filepath.Dir(out), ".*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %q, %v", left, err)
		}
	})

	t.Run("a cell that does not compile", func(t *testing.T) {
		nb := writeNotebook(t, "%%\nfmt.Println(\"first\")", "%%\nfmt.Println(y)", "%%\nfmt.Println(\"third\")")
		err := in.Execute(t.Context(), nb, nb, ExecuteOptions{})
		var cell *CellError
		if !errors.As(err, &cell) || cell.Number != 2 || !strings.Contains(cell.Text, "undefined: y") {
			t.Fatalf("got %v", err)
		}
		got := outputs(t, nb)
		if !strings.Contains(got[0], "first") || strings.Count(got[1], `"output_type":"error"`) != 1 || got[2] != "[]" {
			t.Errorf("saved %q", got)
		}
	})

	t.Run("a cell that panics", func(t *testing.T) {
		nb := writeNotebook(t, "%%\npanic(\"boom\")")
		err := in.Execute(t.Context(), nb, nb, ExecuteOptions{})
		var cell *CellError
		if !errors.As(err, &cell) || cell.Number != 1 || !strings.Contains(cell.Text, "boom") {
			t.Errorf("got %v", err)
		}
	})

	t.Run("an unknown module", func(t *testing.T) {
		nb := writeNotebook(t, "import \"example.com/nowhere\"\n%%\nnowhere.Go()")
		err := in.Execute(t.Context(), nb, nb, ExecuteOptions{})
		if err == nil || !strings.Contains(err.Error(), "no module here has example.com/nowhere") {
			t.Errorf("got %v", err)
		}
	})

	t.Run("a kernel that does not start", func(t *testing.T) {
		nb := writeNotebook(t, "1")
		err := in.Execute(t.Context(), nb, nb, ExecuteOptions{Env: []string{"PATH=/nowhere", "DARKROOM_GO="}})
		if err == nil || !strings.Contains(err.Error(), errNoGo.Error()) {
			t.Errorf("got %v", err)
		}
	})

	t.Run("a time limit", func(t *testing.T) {
		nb := writeNotebook(t, "%%\ntime.Sleep(time.Hour)")
		err := in.Execute(t.Context(), nb, nb, ExecuteOptions{Timeout: 2 * time.Second})
		if err == nil || !strings.Contains(err.Error(), "cell 1 failed:\nit ran longer than 2 s") {
			t.Errorf("got %v", err)
		}
	})

	t.Run("the protocol", func(t *testing.T) { testProtocol(t, in) })
	t.Run("faults", func(t *testing.T) { testFaults(t, in) })
	t.Run("kill -9 of Jupyter", func(t *testing.T) { testKilledJupyter(t, in) })
	t.Run("jupyter_kernel_test", func(t *testing.T) { testSuite(t, in) })

	t.Run("Ctrl-C", func(t *testing.T) {
		nb, pids := sleepers(t)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			waitFor(t, pids)
			cancel()
		}()
		if err := in.Execute(ctx, nb, nb, ExecuteOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if got := outputs(t, nb); !strings.Contains(got[0], "before") {
			t.Errorf("what was printed before is not saved: %q", got)
		}
		gone(t, pids)
	})

	t.Run("kill -9 leaves nothing", func(t *testing.T) {
		nb, pids := sleepers(t)
		cmd := exec.Command(os.Args[0], "execute", nb, nb+".out")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, pids)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		gone(t, pids)
	})
}

// sleepers writes a notebook whose second cell starts a process and waits; both ids are written to the file pids.
func sleepers(t *testing.T) (notebook, pids string) {
	pids = filepath.Join(t.TempDir(), "pids")
	return writeNotebook(t, "%%\nfmt.Println(\"before\")", `import ("os"; "os/exec")
%%
cmd := exec.Command("sleep", "1000")
if err := cmd.Start(); err != nil { panic(err) }
os.WriteFile("`+pids+`.new", fmt.Appendf(nil, "%d %d %d", os.Getpid(), os.Getppid(), cmd.Process.Pid), 0o644)
os.Rename("`+pids+`.new", "`+pids+`")
cmd.Wait()`), pids
}

func waitFor(t *testing.T, path string) {
	for end := time.Now().Add(time.Minute); !exists(path); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Error("the cell did not start")
			return
		}
	}
}

// gone checks that the processes in the file end within 15 seconds, and that no kernel's folder is left of them.
func gone(t *testing.T, pids string) {
	t.Helper()
	b, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	for field := range strings.FieldsSeq(string(b)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(15 * time.Second); alive(pid); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
				t.Errorf("process %d is left: %q", pid, cmdline)
				_ = syscall.Kill(pid, syscall.SIGKILL)
				break
			}
		}
	}
}

// alive reports whether a process is there and no zombie.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}
