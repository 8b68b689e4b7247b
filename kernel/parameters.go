package kernel

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"darkroom/lib/lab"
)

// ReadNotebook reads a notebook that Execute can execute, with parameters as SetParameters sets them. Errors name the file.
func ReadNotebook(path string, parameters []string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the notebook cannot be read: %w", err)
	}
	nb, _, err := parseNotebook(b)
	if err == nil {
		err = cellsAreGo(nb)
	}
	if err == nil {
		b, err = SetParameters(b, parameters)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

// cellsAreGo is an error for a notebook that says that it was written for another kernel.
func cellsAreGo(nb map[string]any) error {
	meta, _ := nb["metadata"].(map[string]any)
	spec, _ := meta["kernelspec"].(map[string]any)
	info, _ := meta["language_info"].(map[string]any)
	name, _ := spec["name"].(string)
	language, ok := spec["language"].(string)
	if !ok {
		language, _ = info["name"].(string)
	}
	if name == Name || name+language == "" || strings.EqualFold(language, "go") {
		return nil
	}
	return fmt.Errorf("it is a notebook of the kernel %q, and cells here are Go; execute it with that kernel (jupyter execute), or, if its cells are Go, "+
		"open it in darkroom lab, choose the kernel %q and save it", cmp.Or(name, language), DisplayName)
}

// SetParameters returns a notebook in which the given "name=value" pairs take the place of the defaults that its cell tagged
// "parameters" declares, such as `var steps = 2000`. The cell keeps its number, and the executed notebook shows what it
// was executed with. Errors name the parameter, what it was given, and what the notebook has.
func SetParameters(notebook []byte, pairs []string) ([]byte, error) {
	if len(pairs) == 0 {
		return notebook, nil
	}
	nb, cells, err := parseNotebook(notebook)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(cells, func(c any) bool { return tagged(c, "parameters") })
	if at < 0 {
		return nil, errors.New("the notebook has no parameters: no cell of it is tagged \"parameters\"")
	}
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("parameter %q: write it name=value", pair)
		}
		text := source(cells[at])
		declared, err := declarations(text)
		if err != nil {
			return nil, fmt.Errorf("the notebook's parameters cell: %w", err)
		}
		d, ok := declared[name]
		if !ok {
			names := slices.Sorted(maps.Keys(declared))
			return nil, fmt.Errorf("unknown parameter %q%s: the notebook has %s", name, lab.Suggest(name, names), strings.Join(names, ", "))
		}
		literal, err := d.literal(name, value)
		if err != nil {
			return nil, err
		}
		cells[at].(map[string]any)["source"] = text[:d.from] + literal + text[d.to:]
	}
	return encodeNotebook(nb)
}

func parseNotebook(b []byte) (nb map[string]any, cells []any, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&nb); err != nil {
		return nil, nil, fmt.Errorf("not a notebook: %w", err)
	}
	cells, ok := nb["cells"].([]any)
	if !ok {
		return nil, nil, errors.New("not a notebook of format 4: it has no cells")
	}
	return nb, cells, nil
}

func encodeNotebook(nb map[string]any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(nb); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func tagged(cell any, tag string) bool {
	c, _ := cell.(map[string]any)
	meta, _ := c["metadata"].(map[string]any)
	tags, _ := meta["tags"].([]any)
	return slices.Contains(tags, any(tag))
}

// source is a cell's text; the format allows a string or a list of lines.
func source(cell any) string {
	c, _ := cell.(map[string]any)
	switch s := c["source"].(type) {
	case string:
		return s
	case []any:
		var b strings.Builder
		for _, line := range s {
			if l, ok := line.(string); ok {
				b.WriteString(l)
			}
		}
		return b.String()
	}
	return ""
}

// declaration is a parameter's default: its kind, and where it stands in the cell.
type declaration struct {
	kind     token.Token // INT, FLOAT, STRING, or IDENT for true and false
	from, to int
}

// declarations reads the parameters that a cell declares with literal defaults, before its first line of statements (%%).
func declarations(cell string) (map[string]declaration, error) {
	const header = "package p\n"
	src := []byte(header)
	statements := false
	for line := range strings.Lines(cell) {
		t := strings.TrimSpace(line)
		statements = statements || strings.HasPrefix(t, "%%")
		if statements || strings.HasPrefix(t, "%") || strings.HasPrefix(t, "!") { // not Go; keep every offset
			line = strings.Repeat(" ", len(line)-1) + "\n"
		}
		src = append(src, line...)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", src, 0)
	if err != nil {
		return nil, err
	}
	out := map[string]declaration{}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR && g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			for i, name := range v.Names {
				if i >= len(v.Values) {
					continue
				}
				at := declaration{from: int(v.Values[i].Pos()) - 1 - len(header), to: int(v.Values[i].End()) - 1 - len(header)}
				value := v.Values[i]
				if u, ok := value.(*ast.UnaryExpr); ok {
					value = u.X
				}
				switch x := value.(type) {
				case *ast.BasicLit:
					at.kind = x.Kind
				case *ast.Ident:
					if x.Name != "true" && x.Name != "false" {
						continue
					}
					at.kind = token.IDENT
				default:
					continue
				}
				out[name.Name] = at
			}
		}
	}
	return out, nil
}

// literal writes another value of the same kind.
func (d declaration) literal(name, value string) (string, error) {
	wants, literal := "", value
	switch d.kind {
	case token.INT:
		n, err := strconv.ParseInt(value, 0, 64)
		if err != nil {
			wants = "a whole number"
		}
		literal = strconv.FormatInt(n, 10)
	case token.FLOAT:
		f, err := strconv.ParseFloat(value, 64)
		if err != nil || f-f != 0 { // infinities and NaN have no literal
			wants = "a number"
		}
		literal = strconv.FormatFloat(f, 'g', -1, 64)
		if !strings.ContainsAny(literal, ".e") {
			literal += ".0"
		}
	case token.IDENT:
		if value != "true" && value != "false" {
			wants = "true or false"
		}
	case token.STRING:
		literal = strconv.Quote(value)
	default:
		wants = "nothing that a command line can write"
	}
	if wants != "" {
		return "", fmt.Errorf("parameter %s=%s: the notebook wants %s", name, value, wants)
	}
	return literal, nil
}
