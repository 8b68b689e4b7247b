package quick

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const program = `package main

import (
	"fmt"
	"runtime/debug"

	"example.com/w/own"
)

func main() {
	info, _ := debug.ReadBuildInfo()
	fmt.Println(own.Answer, info.Main.Path, len(info.Settings) > 0)
}
`

// TestBuild makes a program, and leaves alone what has changed since Prepare.
func TestBuild(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err)
	}
	sources, workspace, dir := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, filepath.Join(sources, "go.mod"), "module example.com/w\n\ngo 1.26\n")
	write(t, filepath.Join(workspace, "go.mod"), "module example.com/w\n\ngo 1.26\n")
	own := filepath.Join(sources, "own", "own.go")
	write(t, own, "package own\n\nconst Answer = 42\n")
	write(t, filepath.Join(sources, "bench", "main.go"), program)
	goCmd := func(args ...string) *exec.Cmd {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = sources, append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false")
		return cmd
	}
	made := filepath.Join(workspace, "bench", "program")
	if out, err := goCmd("build", "-o", made, "./bench").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	table, err := goCmd("list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}\t{{.Dir}}", "./bench").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := Prepare(goCmd, workspace+"/elsewhere", table, made); err == nil {
		t.Error("a workspace that is not there")
	}
	if err := Prepare(goCmd, workspace, table, made); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.mod"), "module gonb_1\n\ngo 1.26\n")
	write(t, filepath.Join(dir, "main.go"), program)
	out := filepath.Join(dir, "gonb_1")
	if !Build(t.Context(), workspace, dir, out) {
		t.Fatal("not built")
	}
	if said, err := exec.Command(out).Output(); err != nil || string(said) != "42 example.com/w true\n" {
		t.Errorf("it said %q, %v", said, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*quick*")); len(left) > 0 {
		t.Errorf("it has left %q", left)
	}
	refused := func(what string) {
		t.Helper()
		if Build(t.Context(), workspace, dir, out) {
			t.Errorf("built with %s", what)
		}
	}
	main, mod := filepath.Join(dir, "main.go"), filepath.Join(dir, "go.mod")
	write(t, main, strings.Replace(program, "42", "43", 1)+"func f() { undefined() }\n")
	refused("an error")
	write(t, main, strings.Replace(program, "example.com/w/own", "example.com/w/other", 1))
	refused("a package that Prepare did not see")
	write(t, main, program)
	write(t, mod, "module gonb_1\n\ngo 1.26\n\nrequire example.com/a v1.0.0\n")
	refused("another module")
	write(t, mod, "module gonb_1\n\ngo 1.26\n")
	write(t, filepath.Join(dir, "other.go"), "package main\n")
	refused("a second file")
	_ = os.Remove(filepath.Join(dir, "other.go"))
	if !Build(t.Context(), workspace, dir, out) {
		t.Error("not built again when all is as it was")
	}
	write(t, own, "package own\n\nconst Answer = 43 // another\n")
	refused("another source")
	write(t, own, "package own\n\nconst Answer = 42\n")
	if err := Prepare(goCmd, workspace, table, made); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOARCH", "wasm")
	refused("another machine")
}
