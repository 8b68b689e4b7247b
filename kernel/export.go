package kernel

import (
	"errors"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"darkroom/kernel/cell"
)

// Export makes a plain Go program of a notebook: what its cells declare, and the statements of each as a function that main calls, below
// the text that stands above the cell. `go run FILE` inside darkroom's clone runs it; figures become files. Lines that only a notebook
// understands, such as !ls, are left out, and told to say.
//
// In a notebook every cell is a program of its own, here variables that are declared above statements are the same for all. Errors: a cell
// that does not compile, one that is no Go, a name that two cells declare differently.
func (in *Installation) Export(notebook string, parameters []string, say func(line string)) ([]byte, error) {
	src, err := ReadNotebook(notebook, parameters)
	if err != nil {
		return nil, err
	}
	out, err := plainProgram(filepath.Base(notebook), src, in.packages(in.Workspace), say)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", notebook, err)
	}
	return out, nil
}

func plainProgram(name string, notebook []byte, packages *cell.Packages, say func(string)) ([]byte, error) {
	_, cells, err := parseNotebook(notebook)
	if err != nil {
		return nil, err
	}
	state := cell.NewState(packages)
	var imports []string
	var declared, calls, functions strings.Builder
	type origin struct {
		number int
		text   string
	}
	from := map[string]origin{}
	number, text := 0, ""
	for _, c := range cells {
		kind := c.(map[string]any)["cell_type"]
		if kind == "markdown" {
			text += source(c) + "\n\n"
		}
		if kind != "code" || strings.TrimSpace(source(c)) == "" {
			continue
		}
		number++
		parsed := cell.Parse(source(c))
		p, err := state.Plain(parsed)
		if err != nil {
			return nil, fmt.Errorf("cell %d: %w", number, err)
		}
		state.Keep(parsed, number)
		imports = append(imports, p.Imports...)
		for _, l := range p.Left {
			if say != nil {
				say(fmt.Sprintf("cell %d: left out, since only a notebook understands it: %s", number, l))
			}
		}
		for _, d := range p.Declared {
			again := len(d.Names) > 0
			for _, n := range d.Names {
				was, known := from[n]
				if known && was.text != bare(d.Text) {
					return nil, fmt.Errorf("cells %d and %d both declare %s, and not alike: a plain program has it once, so give one of them another name", was.number, number, n)
				}
				again = again && known
				from[n] = origin{number, bare(d.Text)}
			}
			if !again {
				if text != "" {
					declared.WriteString(comment(text) + "\n") // apart from the declaration's own
					text = ""
				}
				declared.WriteString(d.Text + "\n\n")
			}
		}
		if p.Body == "" {
			continue
		}
		fmt.Fprintf(&calls, "cell%d()\n", number)
		fmt.Fprintf(&functions, "%sfunc cell%d() {\n%s\n}\n\n", comment(text), number, p.Body)
		text = ""
	}
	if number == 0 {
		return nil, errors.New("the notebook has no code")
	}
	slices.Sort(imports)
	program := "// Made from " + name + " by darkroom lab --export.\npackage main\n\n"
	if imports = slices.Compact(imports); len(imports) > 0 {
		program += "import (\n" + strings.Join(imports, "\n") + "\n)\n\n"
	}
	program += declared.String() + "func main() {\n" + calls.String() + "}\n\n" + functions.String() + comment(text)
	out, err := format.Source([]byte(strings.TrimSpace(program) + "\n"))
	if err != nil {
		return nil, fmt.Errorf("the program is no Go: %w", err)
	}
	return out, nil
}

// bare is a declaration without its comments, laid out as gofmt does.
func bare(declaration string) string {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", "package main\n"+declaration, parser.SkipObjectResolution)
	if err != nil {
		return declaration
	}
	var b strings.Builder
	if err := format.Node(&b, fset, file); err != nil {
		return declaration
	}
	return b.String()
}

// comment is text as a comment of Go, "" without one.
func comment(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	var b strings.Builder
	for l := range strings.Lines(text) {
		b.WriteString(strings.TrimRight("// "+strings.TrimRight(l, "\n"), " ") + "\n")
	}
	return b.String()
}
