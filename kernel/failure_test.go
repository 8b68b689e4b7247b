package kernel

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"darkroom/kernel/cell"
)

// TestPanicked reads a trace that GoNB has not marked, of the program that it has made of two cells.
func TestPanicked(t *testing.T) {
	s := &session{in: &Installation{Home: t.TempDir()}, sources: map[int]*given{}}
	state := cell.NewState(cell.NewPackages(func(...string) *exec.Cmd { return exec.Command("false") }, nil))
	for i, source := range []string{"x := 1\n_ = x", "func thrower(n int) {\n  if n == 0 {\n    panic(\"boom\")\n  }\n  thrower(n-1)\n}\n\nx := 1\nthrower(x)"} {
		c := cell.Parse(source)
		program, err := state.Program(c)
		if err != nil {
			t.Fatal(err)
		}
		s.sources[i+1] = &given{i + 1, c, program}
	}
	if err := os.MkdirAll(s.in.Workspace(), 0o700); err != nil {
		t.Fatal(err)
	}
	made := "package main\n\nimport (\n\t\"flag\"\n)\n\nfunc thrower(n int) {\n\tif n == 0 {\n\t\tpanic(\"boom\")\n\t}\n\tthrower(n - 1)\n}\n\n" +
		"func main() {\n\tflag.Parse()\n\tx := 1\n\tthrower(x)\n\t_ = x\n}\n"
	if err := os.WriteFile(filepath.Join(s.in.Workspace(), "main.go"), []byte(made), 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(call, line string) string { return call + "\n\t/tmp/gonb-1/gonb_12ab/main.go:" + line + " +0x1d\n" }
	f := s.panicked("panic: boom\n\ngoroutine 1 [running]:\n" + at("main.thrower(0x0)", "9") + at("main.thrower(0x1)", "11") + at("main.main()", "17"))
	got := strings.Join(f.where, "\n")
	for _, want := range []string{"In [2], line 3, in thrower:", "In [2], line 5, in thrower:", "In [2], line 9, in the cell:"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
