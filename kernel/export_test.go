package kernel

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"darkroom/kernel/cell"
)

// TestExport runs the program that is made of a notebook.
func TestExport(t *testing.T) {
	repo, err := FindRepo()
	if err != nil {
		t.Fatal(err)
	}
	packages := cell.NewPackages(func(args ...string) *exec.Cmd {
		cmd := exec.Command("go", args...)
		cmd.Dir = repo
		return cmd
	}, nil)
	export := func(cells ...string) (program string, left []string, err error) {
		src, err := os.ReadFile(writeNotebook(t, cells...))
		if err != nil {
			t.Fatal(err)
		}
		b, err := plainProgram("n.ipynb", src, packages, func(l string) { left = append(left, l) })
		return string(b), left, err
	}
	program, left, err := export(
		"import \"fmt\"\nimport \"strings\" // nobody uses it\n\nvar n = 3\n\n// twice is 2·x.\nfunc twice(x int) int { return 2 * x }",
		"%%\na, unread := twice(n), 1\nif a > 5 {\n\tfmt.Println(\"a is\", a)\n\treturn\n}\nfmt.Println(\"not here\")",
		"!ls\nfunc twice(x int) int { return 2 * x }\nb := 7\nb = 8",
		"twice(20) + 2",
	)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || !strings.Contains(left[0], "cell 3: ") || !strings.HasSuffix(left[0], "!ls") {
		t.Errorf("left out: %q", left)
	}
	file := filepath.Join(t.TempDir(), "n.go")
	if err := os.WriteFile(file, []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "run", file)
	cmd.Dir = repo
	out, err := cmd.CombinedOutput()
	if want := "a is 6\n42\n"; err != nil || string(out) != want {
		t.Errorf("it printed %q, want %q, %v\n%s", out, want, err, program)
	}
	for want, cells := range map[string][]string{
		"cells 1 and 2 both declare f, and not alike": {"func f() {}", "func f() { panic(1) }"},
		"cell 1: it is not a cell of statements":      {"%%bash\nls"},
		"cell 2: line 1: ":                            {"x := 1", "x := )"},
		"no code":                                     {" "},
	} {
		if _, _, err := export(cells...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", cells, err, want)
		}
	}
}
