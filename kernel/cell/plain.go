package cell

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// Plain is a cell for a program without a notebook.
type Plain struct {
	Imports  []string      // that it uses, each as it stands behind the word import
	Declared []Declaration // functions, types, constants, and the variables above the statements
	Body     string        // the statements, as of a function
	Left     []string      // lines that only a notebook understands, which are in none of these
}

// Declaration declares names.
type Declaration struct {
	Names []string
	Text  string
}

// Plain divides a cell for a program without a notebook, after the cells that s has kept. The error is a *SyntaxError, or that of a cell that is
// not Go's statements and declarations.
func (s *State) Plain(c *Cell) (Plain, error) {
	s.types.Lock()
	defer s.types.Unlock()
	if c.Foreign {
		return Plain{}, errors.New("it is not a cell of statements and declarations: it has a func main, or is of another language")
	}
	var p Plain
	if err := c.Check(); err != nil {
		return p, err
	}
	v, err := s.look(c)
	if err != nil {
		return p, err
	}
	show, imports := v.show()
	p.Imports = append(v.usedImports(), imports...)
	for i, l := range c.lines {
		if c.commands[i] && i+1 != c.Separator {
			p.Left = append(p.Left, l)
		}
	}
	for _, k := range c.declared {
		if k.first != token.IMPORT {
			text := strings.TrimSpace(c.masked[k.from:k.to])
			p.Declared = append(p.Declared, Declaration{names(text), text})
		}
	}
	lines := slices.Clone(v.lines)
	c.wrap(v.file, v.fset, lines, show)
	var body []string
	for _, l := range lines[v.body : len(lines)-1] {
		body = append(body, l.text)
	}
	for _, name := range v.unread() {
		body = append(body, "_ = "+name)
	}
	p.Body = strings.Trim(strings.Join(body, "\n"), "\n")
	return p, nil
}

// usedImports are the imports that the cell, or what it can name of earlier ones, makes use of, and all those for their effects or into the
// cell's own scope.
func (v *view) usedImports() (out []string) {
	for _, i := range v.file.Imports {
		if i.Name != nil && (i.Name.Name == "." || i.Name.Name == "_") {
			out = append(out, i.Name.Name+" "+i.Path.Value)
		}
	}
	for _, o := range v.info.Uses {
		if p, ok := o.(*types.PkgName); ok {
			text := fmt.Sprintf("%q", p.Imported().Path())
			if p.Name() != p.Imported().Name() {
				text = p.Name() + " " + text
			}
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// unread lists the variables of statements whose values nobody asks for, which the compiler would refuse.
func (v *view) unread() (out []string) {
	main := mainOf(v.file)
	if main == nil {
		return nil
	}
	assigned := map[*ast.Ident]bool{}
	ast.Inspect(main.Body, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.ASSIGN {
			for _, e := range a.Lhs {
				if id, ok := e.(*ast.Ident); ok {
					assigned[id] = true
				}
			}
		}
		return true
	})
	read := map[types.Object]bool{}
	for id, o := range v.info.Uses {
		if !assigned[id] {
			read[o] = true
		}
	}
	for _, s := range main.Body.List {
		for _, id := range declaredBy(s) {
			if o := v.info.Defs[id]; o != nil && !read[o] {
				out = append(out, id.Name)
			}
		}
	}
	return out
}
