package cell

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// packages knows the standard library, as the go command here has compiled it.
var packages = sync.OnceValue(func() *Packages {
	dir, err := os.MkdirTemp("", "cell-test-")
	if err != nil {
		panic(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module cells\n\ngo 1.26\n"), 0o644); err != nil {
		panic(err)
	}
	goCmd := func(args ...string) *exec.Cmd {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		return cmd
	}
	table, err := Table(goCmd, "fmt", "strings", "os", "time", "errors")
	if err != nil {
		panic(err)
	}
	return NewPackages(goCmd, table)
})

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(packages().goCmd().Dir)
	os.Exit(code)
}

// numbered is a program with the cell's line before each line, as in "3|x := 1".
func numbered(p Program) string {
	if p.Text == "" {
		return ""
	}
	var b strings.Builder
	for i, l := range strings.Split(p.Text, "\n") {
		b.WriteString(string(rune('0'+p.Lines[i])) + "|" + l + "\n")
	}
	return b.String()
}

func TestProgram(t *testing.T) {
	for name, c := range map[string]struct{ cell, want string }{
		"statements":         {"x := 1\nfmt.Println(x)", "0|%%\n1|x := 1\n2|fmt.Println(x)\n1|_ = x\n"},
		"declarations alone": {"import \"fmt\"\n\n// f is a function.\nfunc f() {\n}\n", "1|import \"fmt\"\n3|// f is a function.\n4|func f() {\n5|}\n"},
		"mixed": {
			"x := f()\nfunc f() int { return 1 }\nimport \"os\"\nos.Exit(x); type T int",
			"3|import \"os\"\n2|func f() int { return 1 }\n4|            type T int\n0|%%\n1|x := f()\n4|os.Exit(x)\n1|_ = x\n",
		},
		"a variable above the statements": {"var a = 1\na++", "1|var a = 1\n0|%%\n2|a++\n"},
		"a variable below one":            {"a := 1\nvar b = a", "0|%%\n1|a := 1\n2|var b = a\n1|_ = a\n2|_ = b\n"},
		"a %% of the user's":              {"const c = 1\n%% -n 2\nconst d = c", "1|const c = 1\n2|%% -n 2\n3|const d = c\n"},
		"commands":                        {"!echo \\\n  hi\n%env A=1\nx()\nfunc x() {}", "1|!echo \\\n2|  hi\n3|%env A=1\n5|func x() {}\n0|%%\n4|x()\n"},
		"a method and a call of a literal": {
			"type T int\nfunc (t T) M() {}\nfunc (i int) {}(3)", "1|type T int\n2|func (t T) M() {}\n0|%%\n3|func (i int) {}(3)\n",
		},
		"headers with semicolons":       {"for i := 0; i < 2; i++ {\n}\nif x := 1; x > 0 {\n}", "0|%%\n1|for i := 0; i < 2; i++ {\n2|}\n3|if x := 1; x > 0 {\n4|}\n"},
		"an expression":                 {"6 *\n7 // the answer", "0|import darkroom_result \"darkroom/kernel/result\"\n0|%%\n1|darkroom_result.Show(6 *\n2|7) // the answer\n"},
		"an expression and a semicolon": {"len(\"a\");", "0|%%\n1|len(\"a\")\n"},
		"a call with a value":           {"strings.ToUpper(\"a\")", "0|import darkroom_result \"darkroom/kernel/result\"\n0|%%\n1|darkroom_result.Show(strings.ToUpper(\"a\"))\n"},
		"a call without one":            {"panic(1)", "0|%%\n1|panic(1)\n"},
		"a call that prints":            {"fmt.Println(1)", "0|%%\n1|fmt.Println(1)\n"},
		"a picture": {
			"type F struct{}\nfunc (F) HTML() string { return \"\" }\nF{}",
			"1|type F struct{}\n2|func (F) HTML() string { return \"\" }\n0|import darkroom_plots \"darkroom/plots\"\n0|%%\n3|darkroom_plots.Show(F{})\n",
		},
		"its own main":     {"func main() {}\n", "1|func main() {}\n2|\n"},
		"another language": {"%%bash\necho {", "1|%%bash\n2|echo {\n"},
		"nothing":          {"", ""},
	} {
		p, err := NewState(packages()).Program(Parse(c.cell))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := numbered(p)
		if sortedImports(got) != sortedImports(c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

// sortedImports forgets at which place among the declarations the kernel's own imports stand.
func sortedImports(program string) string {
	lines := strings.SplitAfter(program, "\n")
	slices.SortStableFunc(lines, func(a, b string) int {
		rank := func(l string) int {
			if strings.HasPrefix(l, "0|import") {
				return 0
			}
			return 1
		}
		return rank(a) - rank(b)
	})
	return strings.Join(lines, "")
}

func TestSyntaxErrors(t *testing.T) {
	for cell, want := range map[string]SyntaxError{
		"x := 1\ny := )":       {Line: 2, Column: 6},
		"func f() {\n  a b\n}": {Line: 2, Column: 5},
		"a := 1\n\nif a {":     {Line: 3, AtEnd: true},
		"s := `abc":            {Line: 1, Column: 6, AtEnd: true},
	} {
		_, err := NewState(packages()).Program(Parse(cell))
		var got *SyntaxError
		if !errors.As(err, &got) || got.Line != want.Line || got.Column != want.Column || got.AtEnd != want.AtEnd {
			t.Errorf("%q: %+v, want %+v", cell, got, want)
		}
	}
}

func TestComplete(t *testing.T) {
	for status, cells := range map[string][]string{
		"complete":   {"", "x := 1", "func f() {\n}", "import \"fmt\"\nfmt.Println(1)", "%%\nf()", "// a comment", "!ls {", "%%bash\nif true; then"},
		"incomplete": {"func f() {", "x := []int{\n1,", "f(", "s := `a\nb", "if x {\n\ty()\n", "/* so"},
		"invalid":    {"x := )", "a b c", "for for {}"},
	} {
		for _, c := range cells {
			if got, _ := Parse(c).Complete(); got != status {
				t.Errorf("%q is %s, want %s", c, got, status)
			}
		}
	}
	if _, indent := Parse("for {\n\tif x {").Complete(); indent != "        " {
		t.Errorf("indented by %q", indent)
	}
}

// notebook is a state after cells that compiled.
func notebook(cells ...string) *State {
	s := NewState(packages())
	for i, c := range cells {
		s.Keep(Parse(c), i+1)
	}
	return s
}

func texts(found []Completion) (out []string) {
	for _, f := range found {
		out = append(out, f.Text)
	}
	slices.Sort(out)
	return out
}

func TestCompletion(t *testing.T) {
	s := notebook("import str \"strings\"\n\n// Picture is a picture.\ntype Picture struct {\n\tWidth, Height int\n\tname string\n}\n\nfunc (p *Picture) Wider() {}\n\nfunc brighten(p Picture) Picture { return p }", "lost := 1")
	for code, want := range map[string]string{
		"strings.Repl":                     "Replace ReplaceAll Replacer",
		"str.Repl":                         "Replace ReplaceAll Replacer",
		"import \"os\"\nos.Getp":           "Getpagesize Getpid Getppid",
		"p := Picture{}\np.W":              "Wider Width",
		"p := brighten(Picture{W":          "Width: ",
		"bri":                              "brighten",
		"height := 1\nif height > 2 { hei": "height",
		"func f(first int) { fir":          "first",
		"for _, v := range str.Fields(\"\") {\n\tstr.HasPre": "HasPrefix",
		"if strings.HasPre":    "HasPrefix",
		"time.Now().Unix":      "Unix UnixMicro UnixMilli UnixNano",
		"import \"encoding/js": "encoding/json encoding/json/jsontext encoding/json/v2",
		"contin":               "continue",
		"%re":                  "%reset",
		"\"strings.Repl":       "",
		"// strings.Repl":      "",
		"lo":                   "log",
	} {
		from, found := s.Complete(code, len([]rune(code)))
		got := texts(found)
		if code[0] == 'i' && strings.HasPrefix(code, "import \"enc") { // by Go's version there may be more
			got = got[:1]
			want = "encoding/json"
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
		if len(found) > 0 && !strings.HasPrefix(found[0].Text, string([]rune(code)[from:])) {
			t.Errorf("%q: completes from %d", code, from)
		}
	}
	if _, found := s.Complete("π := 1\nstrings.Repl + π", len([]rune("π := 1\nstrings.Repl"))); len(found) != 3 {
		t.Errorf("before the end of the cell: %v", found)
	}
}

func TestInspect(t *testing.T) {
	s := notebook("import \"strings\"")
	for _, c := range []struct{ code, at, signature, text string }{
		{"strings.Repeat(\"a\", 2)", "strings.Rep", "func strings.Repeat(s string, count int) string", "Repeat returns a new string"},
		{"strings.Repeat(\"a\", 2)", "strings.Repeat(\"a\", ", "func strings.Repeat(s string, count int) string", "Repeat returns"},
		{"strings.Repeat", "str", "package strings", "implements simple functions"},
		{"strings.Builder{}", "strings.Build", "type Builder struct {", "efficiently build a string"},
		{"// twice is more.\nfunc twice(n int) int { return 2 * n }", "// twice is more.\nfunc twi", "func twice(n int) int", "twice is more."},
		{"errors", "errors", "package errors", "manipulate errors"},
	} {
		doc, ok := s.Inspect(c.code, len([]rune(c.at)))
		if !ok || !strings.HasPrefix(doc.Signature, c.signature) || !strings.Contains(doc.Text, c.text) {
			t.Errorf("%s: %v, %+v", c.code, ok, doc)
		}
	}
	const tagged = "type T struct {\n\tName string `json:\"name,omitempty\"` // of T\n\tN int `json:\"-\" help:\"x\"`\n}"
	if got, want := untagged(tagged), "type T struct {\n\tName string // of T\n\tN    int\n}"; got != want {
		t.Errorf("a type without tags is %q, want %q", got, want)
	}
	if doc, ok := s.Inspect("nothing", 3); ok {
		t.Errorf("of an unknown name: %+v", doc)
	}
}

func TestKeep(t *testing.T) {
	s := notebook("func f() int { return 1 }", "x := f()", "func f() string { return \"\" }")
	if _, found := s.Complete("f().x", 1); len(found) == 0 || found[0].Signature != "func() string" {
		t.Errorf("f is %+v", found)
	}
	if s.Lost("x") != 2 || s.Lost("y") != 0 {
		t.Errorf("x was lost by %d, y by %d", s.Lost("x"), s.Lost("y"))
	}
	s.Keep(Parse("%rm f"), 4)
	if _, rest := s.before(); rest != "" {
		t.Errorf("%%rm left %q", rest)
	}
}

// A cell that is being typed may be anything.
func FuzzCell(f *testing.F) {
	for _, c := range []string{"x := 1\nfunc f() {", "%%\n`", "if x := f(); x {}", "import (\"fmt\"", "func (", "a.b.", "!x \\\n", "type T struct{", "%%\n%%"} {
		f.Add(c)
	}
	s := NewState(packages())
	f.Fuzz(func(t *testing.T, code string) {
		if len(code) > 2000 {
			return
		}
		c := Parse(code)
		if p, err := s.Program(c); err == nil && strings.Count(p.Text, "\n") >= len(p.Lines) && p.Text != "" {
			t.Fatalf("%d lines are mapped of\n%s", len(p.Lines), p.Text)
		} else if err == nil {
			for _, l := range p.Lines {
				if l < 0 || l > len(c.lines) {
					t.Fatalf("line %d of %d", l, len(c.lines))
				}
			}
		}
		c.Complete()
		n := len([]rune(code))
		from, _ := s.Complete(code, n)
		if from < 0 || from > n {
			t.Fatalf("completes from %d of %d", from, n)
		}
		s.Inspect(code, n)
		s.Keep(c, 1)
		s.Reset()
	})
}
