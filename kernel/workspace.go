package kernel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"darkroom/kernel/cell"
	"darkroom/kernel/quick"
)

// bench is what cells import on the bench side, engine what a cell imports that builds its own GoMLX graph. Packages of
// darkroom that are not there are left out.
var (
	bench = []string{
		"darkroom/lib/lab", "darkroom/lib/record", "darkroom/lib/report", "darkroom/lib/data", "darkroom/plots", "darkroom/experiments", "darkroom/kernel/result",
		"github.com/janpfeifer/gonb/gonbui", "gonum.org/v1/plot/plotter",
	}
	engine = []string{
		"github.com/gomlx/gomlx/core/graph", "github.com/gomlx/gomlx/core/tensors", "github.com/gomlx/gomlx/ml/model",
		"github.com/gomlx/gomlx/ml/train", "github.com/gomlx/gomlx/ml/layers", "github.com/gomlx/compute",
		"github.com/gomlx/go-xla/compute/xla", "darkroom/lib/methods", "darkroom/lib/nn", "darkroom/lib/engine",
	}
)

func (s *setup) modFiles() (mod, sum []byte, err error) {
	mod, err = os.ReadFile(filepath.Join(s.Repo, "go.mod"))
	if err != nil {
		return nil, nil, err
	}
	sum, err = os.ReadFile(filepath.Join(s.Repo, "go.sum"))
	return mod, sum, err
}

func workspaceKey(s *setup) (string, error) {
	mod, sum, err := s.modFiles()
	if err != nil {
		return "", err
	}
	return digest(string(mod), string(sum), workspaceProgram(s.Repo, bench), workspaceProgram(s.Repo, engine)) + " " + s.Repo, nil
}

var toolDirective = regexp.MustCompile(`(?m)^tool\s.*$`)

// workspaceMod makes the go.mod of notebooks from darkroom's: the same requirements, and darkroom itself by its folder. The
// replacement stands in a block, whose comment keeps it a block: GoNB watches every folder that a one-line replacement names.
func workspaceMod(mod []byte, repo string) []byte {
	mod = bytes.Replace(mod, []byte("module darkroom\n"), []byte("module darkroom_cell\n"), 1)
	mod = toolDirective.ReplaceAll(mod, nil)
	return fmt.Appendf(mod, "\nrequire darkroom v0.0.0\n\nrequire github.com/janpfeifer/gonb %s\n\n"+
		"replace (\n\tdarkroom => %s\n\t// darkroom's own sources\n)\n", gonbVersion, repo)
}

// workspaceProgram is a program that imports packages and does nothing.
func workspaceProgram(repo string, packages []string) string {
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n\t_ \"fmt\"\n")
	for _, p := range packages {
		if rel, ours := strings.CutPrefix(p, "darkroom/"); ours {
			if files, err := filepath.Glob(filepath.Join(repo, filepath.FromSlash(rel), "*.go")); err != nil || len(files) == 0 {
				continue
			}
		}
		fmt.Fprintf(&b, "\t_ %q\n", p)
	}
	b.WriteString(")\n\nfunc main() {}\n")
	return b.String()
}

// prepareWorkspace writes the module that notebooks start from, and completes its go.mod and go.sum.
func prepareWorkspace(ctx context.Context, s *setup) error {
	goCmd, err := exec.LookPath("go")
	if err != nil {
		return errNoGo
	}
	mod, sum, err := s.modFiles()
	if err != nil {
		return err
	}
	dir := s.Workspace() + ".new"
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := errors.Join(
		writeFile(filepath.Join(dir, "go.mod"), workspaceMod(mod, s.Repo), 0o644),
		writeFile(filepath.Join(dir, "go.sum"), append(sum, toolsSum...), 0o644),
		writeFile(filepath.Join(dir, "bench", "main.go"), []byte(workspaceProgram(s.Repo, bench)), 0o644),
		writeFile(filepath.Join(dir, "engine", "main.go"), []byte(workspaceProgram(s.Repo, engine)), 0o644),
	); err != nil {
		return err
	}
	if err := command(ctx, dir, goEnv("GOFLAGS=-mod=mod"), goCmd, "list", "-deps", "./..."); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(s.Workspace()), os.Rename(dir, s.Workspace()))
}

// warm compiles what cells import, with the flags that cells are compiled with, so that the first cell is as fast as the
// rest.
func warm(ctx context.Context, s *setup) error {
	env := with(os.Environ(), s.cellEnv()...)
	env = with(env, "GONB_TMP_DIR="+s.Workspace())
	for _, program := range []string{"bench", "engine"} {
		dir := filepath.Join(s.Workspace(), program)
		if err := command(ctx, dir, env, filepath.Join(s.bin(), "go"), "build", "-o", filepath.Join(dir, "program"), "."); err != nil {
			s.say("cells that import these packages will not compile: %v", err)
		}
	}
	goCmd := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, filepath.Join(s.bin(), "go"), args...)
		cmd.Dir, cmd.Env = s.Workspace(), env
		return cmd
	}
	table, err := cell.Table(goCmd, "./bench", "./engine")
	if err == nil {
		err = writeFile(s.exportsFile(), table, 0o644)
	}
	if err != nil {
		s.say("completion in notebooks will be slow at first: %v", err)
	} else if err := quick.Prepare(goCmd, s.Workspace(), table, filepath.Join(s.Workspace(), "bench", "program"), filepath.Join(s.Workspace(), "engine", "program")); err != nil {
		s.say("cells in notebooks will compile more slowly: %v", err)
	}
	return ctx.Err()
}

// cellEnv is what the kernel's programs are told through the environment.
func (in *Installation) cellEnv() []string {
	goCmd := os.Getenv("DARKROOM_GO") // a kernel inside a kernel
	if goCmd == "" {
		goCmd, _ = exec.LookPath("go") // Serve and Setup have checked
	}
	return []string{
		"DARKROOM_BIN=" + in.Binary(),
		"DARKROOM_GO=" + goCmd,
		"DARKROOM_WORKSPACE=" + in.Workspace(),
		"PATH=" + strings.Join([]string{in.bin(), filepath.Dir(in.Binary()), os.Getenv("PATH")}, string(os.PathListSeparator)),
	}
}
