package kernel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"darkroom/lib/lab"
)

// SetParameters returns a notebook in which the given "name=value" pairs override what its cell tagged "parameters" declares: as
// papermill does, a cell tagged "injected-parameters" is put after it. GoNB keeps declarations by name, so the later one
// counts. Errors name the parameter, what it was given, and what the notebook has.
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
	declared, err := declarations(source(cells[at]))
	if err != nil {
		return nil, fmt.Errorf("the notebook's parameters cell: %w", err)
	}
	lines := []string{"// Parameters given on the command line."}
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("parameter %q: write it name=value", pair)
		}
		d, ok := declared[name]
		if !ok {
			var names []string
			for n := range declared {
				names = append(names, n)
			}
			slices.Sort(names)
			return nil, fmt.Errorf("unknown parameter %q%s: the notebook has %s", name, lab.Suggest(name, names), strings.Join(names, ", "))
		}
		line, err := d.assign(name, value)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	injected := map[string]any{
		"cell_type": "code", "execution_count": nil, "outputs": []any{}, "id": "injected-parameters",
		"metadata": map[string]any{"tags": []any{"injected-parameters"}},
		"source":   strings.Join(lines, "\n"),
	}
	cells = slices.DeleteFunc(cells, func(c any) bool { return tagged(c, "injected-parameters") })
	at = slices.IndexFunc(cells, func(c any) bool { return tagged(c, "parameters") })
	nb["cells"] = slices.Insert(cells, at+1, any(injected))
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

// declaration is how a parameter is declared: by which keyword, and the kind of its default.
type declaration struct {
	keyword token.Token // VAR or CONST
	kind    token.Token // INT, FLOAT, STRING, or IDENT for true and false
}

// declarations reads the parameters that a cell declares with literal defaults, such as `var steps = 2000`.
func declarations(cell string) (map[string]declaration, error) {
	var kept []string
	for line := range strings.Lines(cell) {
		if t := strings.TrimSpace(line); !strings.HasPrefix(t, "%") && !strings.HasPrefix(t, "!") {
			kept = append(kept, line)
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+strings.Join(kept, ""), 0)
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
				value := v.Values[i]
				if u, ok := value.(*ast.UnaryExpr); ok {
					value = u.X
				}
				switch x := value.(type) {
				case *ast.BasicLit:
					out[name.Name] = declaration{g.Tok, x.Kind}
				case *ast.Ident:
					if x.Name == "true" || x.Name == "false" {
						out[name.Name] = declaration{g.Tok, token.IDENT}
					}
				}
			}
		}
	}
	return out, nil
}

// assign writes the declaration anew with another value of the same kind.
func (d declaration) assign(name, value string) (string, error) {
	wants := ""
	switch d.kind {
	case token.INT:
		if _, err := strconv.ParseInt(value, 0, 64); err != nil {
			wants = "a whole number"
		}
	case token.FLOAT:
		f, err := strconv.ParseFloat(value, 64)
		if err != nil || f-f != 0 { // infinities and NaN have no literal
			wants = "a number"
		}
		if !strings.ContainsAny(value, ".eEpP") {
			value += ".0"
		}
	case token.IDENT:
		if value != "true" && value != "false" {
			wants = "true or false"
		}
	case token.STRING:
		value = strconv.Quote(value)
	default:
		wants = "nothing that a command line can write"
	}
	if wants != "" {
		return "", fmt.Errorf("parameter %s=%s: the notebook wants %s", name, strings.TrimSuffix(value, ".0"), wants)
	}
	return fmt.Sprintf("%s %s = %s", d.keyword, name, value), nil
}
