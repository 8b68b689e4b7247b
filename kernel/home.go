package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"darkroom/lib/fetch"
)

// Installation says where everything lies. All of it is below fetch.DataDir(), apart from the user's own Go caches.
type Installation struct {
	Home string // the data folder
	Repo string // darkroom's sources, which cells import
}

// At returns where an installation lies, whether or not it is there yet.
func At(repo string) *Installation { return &Installation{Home: fetch.DataDir(), Repo: repo} }

// Find is At with the sources that FindRepo finds.
func Find() (*Installation, error) {
	repo, err := FindRepo()
	if err != nil {
		return nil, err
	}
	return At(repo), nil
}

// Binary is the copy of the darkroom command that notebooks start.
func (in *Installation) Binary() string { return filepath.Join(in.Home, "bin", "darkroom") }

// Venv is the Python environment with JupyterLab.
func (in *Installation) Venv() string { return filepath.Join(in.Home, "jupyter", "venv") }

// Python is the interpreter of that environment.
func (in *Installation) Python() string { return filepath.Join(in.Venv(), "bin", "python") }

// Kernelspec is the folder that tells Jupyter of the kernel.
func (in *Installation) Kernelspec() string {
	return filepath.Join(in.Venv(), "share", "jupyter", "kernels", Name)
}

// Workspace is the Go module whose go.mod and go.sum every notebook starts with.
func (in *Installation) Workspace() string { return filepath.Join(in.Home, "kernel", "workspace") }

func (in *Installation) bin() string   { return filepath.Join(in.Home, "kernel", "bin") }   // first on the kernel's PATH
func (in *Installation) tools() string { return filepath.Join(in.Home, "kernel", "tools") } // gonb, goimports
func (in *Installation) logs() string  { return filepath.Join(in.Home, "kernel", "logs") }

func (in *Installation) tool(name string) string { return filepath.Join(in.tools(), name) }

// jupyterEnv keeps Jupyter's files apart from the user's own.
func (in *Installation) jupyterEnv() []string {
	at := func(name string) string { return filepath.Join(in.Home, "jupyter", name) }
	return with(os.Environ(),
		"JUPYTER_CONFIG_DIR="+at("config"),
		"JUPYTER_DATA_DIR="+at("data"),
		"JUPYTER_RUNTIME_DIR="+at("runtime"),
		"JUPYTERLAB_SETTINGS_DIR="+at("settings"),
		"JUPYTERLAB_WORKSPACES_DIR="+at("workspaces"),
		"IPYTHONDIR="+at("ipython"),
		"JUPYTER_PREFER_ENV_PATH=1",
		"JUPYTER_PLATFORM_DIRS=0",
		"PYTHONNOUSERSITE=1",
		"PYTHONPATH=",
		"PYTHONHOME=",
	)
}

// FindRepo returns the folder with darkroom's sources: $DARKROOM_REPO, the module that the working folder is in, or the
// place that this program was built from.
func FindRepo() (string, error) {
	if dir := os.Getenv("DARKROOM_REPO"); dir != "" {
		if !isRepo(dir) {
			return "", fmt.Errorf("DARKROOM_REPO=%s is not a clone of darkroom (it has no go.mod of module darkroom)", dir)
		}
		return filepath.Abs(dir)
	}
	if dir, err := os.Getwd(); err == nil {
		for ; ; dir = filepath.Dir(dir) {
			if isRepo(dir) {
				return dir, nil
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	if _, file, _, ok := runtime.Caller(0); ok {
		if dir := filepath.Dir(filepath.Dir(file)); isRepo(dir) {
			return dir, nil
		}
	}
	return "", errors.New("cannot find darkroom's sources, which notebook cells import: start darkroom inside its clone, or set DARKROOM_REPO to it")
}

func isRepo(dir string) bool {
	b, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && strings.HasPrefix(string(b), "module darkroom\n")
}

// with returns env with some variables set; an empty value unsets one.
func with(env []string, set ...string) []string {
	names := map[string]bool{}
	for _, kv := range set {
		name, _, _ := strings.Cut(kv, "=")
		names[name] = true
	}
	var out []string
	for _, kv := range env {
		if name, _, _ := strings.Cut(kv, "="); !names[name] {
			out = append(out, kv)
		}
	}
	for _, kv := range set {
		if _, value, _ := strings.Cut(kv, "="); value != "" {
			out = append(out, kv)
		}
	}
	return out
}

// command runs a program to its end. The error has the last lines of what it printed.
func command(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, lastLines(string(out), 12))
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// writeFile writes a file under a temporary name and renames it, so that no reader sees half of it.
func writeFile(path string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	if _, err := tmp.Write(content); err != nil {
		_ = tmp.Close()
		return err
	}
	if err := errors.Join(tmp.Chmod(mode), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
