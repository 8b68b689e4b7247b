package cell

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// State is what the cells of a notebook have declared so far. It is safe from several goroutines.
type State struct {
	Packages *Packages

	types    sync.Mutex // over what Packages imports, which is completed as it is looked at
	mu       sync.Mutex // over what follows
	declared []declaration
	lost     map[string]int // variables of statements, which did not outlive their cell, by the number of the last
}

// declaration is one chunk of a cell that compiled.
type declaration struct {
	text  string
	names []string
	tok   token.Token
}

// NewState returns the state of a notebook in which no cell has run.
func NewState(p *Packages) *State { return &State{Packages: p, lost: map[string]int{}} }

var resetLine = regexp.MustCompile(`(?m)^(?://gonb:)?%\s*(reset\s*$|rm\s+.*$|remove\s+.*$)`)

// Keep remembers what a cell declares that has compiled under a number, and forgets what its commands %reset and %rm name.
func (s *State) Keep(c *Cell, number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range resetLine.FindAllStringSubmatch(c.Source, -1) {
		words := strings.Fields(m[1])
		if words[0] == "reset" {
			s.declared = nil
		}
		s.forget(words[1:])
	}
	if c.Foreign {
		return
	}
	for _, k := range c.declared {
		d := declaration{text: strings.TrimSpace(c.masked[k.from:k.to]), tok: k.first}
		d.names = names(d.text)
		s.forget(d.names)
		s.declared = append(s.declared, d)
		for _, n := range d.names {
			delete(s.lost, n)
		}
	}
	src, _, _ := c.file(nil)
	if file, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution); err == nil {
		for _, stmt := range mainOf(file).Body.List {
			for _, id := range declaredBy(stmt) {
				s.lost[id.Name] = number
			}
		}
	}
}

// forget drops declarations all of whose names are given.
func (s *State) forget(gone []string) {
	s.declared = slices.DeleteFunc(s.declared, func(d declaration) bool {
		return len(d.names) > 0 && !slices.ContainsFunc(d.names, func(n string) bool { return !slices.Contains(gone, n) })
	})
}

// Reset forgets everything: the process that ran the cells is gone.
func (s *State) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.declared, s.lost = nil, map[string]int{}
}

// Lost is the number of the cell whose statements declared a variable, which did not outlive it; 0 is none.
func (s *State) Lost(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost[name]
}

// before is what earlier cells have declared: their imports, and a file of the rest.
func (s *State) before() (imports []string, rest string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, d := range s.declared {
		if d.tok != token.IMPORT {
			b.WriteString(d.text + "\n")
			continue
		}
		imports = append(imports, specs(d.text)...)
	}
	return imports, b.String()
}

// specs lists the imports of a declaration, each as it stands behind the word import.
func specs(declaration string) (out []string) {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package main\n"+declaration, parser.ImportsOnly)
	if err != nil {
		return nil
	}
	for _, i := range file.Imports {
		if i.Name != nil {
			out = append(out, i.Name.Name+" "+i.Path.Value)
		} else {
			out = append(out, i.Path.Value)
		}
	}
	return out
}

// view is a cell with what the types of its parts are.
type view struct {
	cell    *Cell
	fset    *token.FileSet
	file    *ast.File
	lines   []line
	body    int
	info    *types.Info
	pkg     *types.Package
	imports []string // that were added for names that nothing declares
}

// look parses and types a cell as far as that goes.
func (s *State) look(c *Cell) (*view, error) {
	imports, rest := s.before()
	v := &view{cell: c, fset: token.NewFileSet()}
	parse := func() (err error) {
		var src string
		src, v.lines, v.body = c.file(imports)
		v.file, err = parser.ParseFile(v.fset, "cell.go", src, parser.AllErrors|parser.ParseComments)
		return err
	}
	err := parse()
	if v.file == nil {
		return nil, err
	}
	var header strings.Builder
	header.WriteString("package main\n")
	for _, i := range slices.Concat(imports, v.fileImports()) {
		fmt.Fprintf(&header, "import %s\n", i)
	}
	earlier, _ := parser.ParseFile(v.fset, "earlier.go", header.String()+rest, parser.AllErrors|parser.ParseComments)
	if found := s.unimported(v.file, earlier); len(found) > 0 {
		v.imports = found
		imports = append(imports, found...)
		err = parse()
	}
	v.info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Scopes: map[ast.Node]*types.Scope{}, Implicits: map[ast.Node]types.Object{},
	}
	conf := types.Config{Importer: s.Packages, Error: func(error) {}, FakeImportC: true}
	files := []*ast.File{v.file}
	if earlier != nil {
		files = append(files, earlier)
	}
	v.pkg, _ = conf.Check("main", v.fset, files, v.info) // a half-typed cell has errors
	return v, err
}

// fileImports lists the imports that the cell itself has.
func (v *view) fileImports() (out []string) {
	for _, i := range v.file.Imports {
		name := ""
		if i.Name != nil {
			name = i.Name.Name + " "
		}
		out = append(out, name+i.Path.Value)
	}
	return out
}

// unimported finds packages for the names before dots that nothing declares, as goimports will.
func (s *State) unimported(file, earlier *ast.File) (out []string) {
	declared := map[string]bool{}
	for _, f := range []*ast.File{file, earlier} {
		if f == nil {
			continue
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				declared[d.Name.Name] = true
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						declared[spec.Name.Name] = true
					case *ast.ValueSpec:
						for _, n := range spec.Names {
							declared[n.Name] = true
						}
					case *ast.ImportSpec:
						if spec.Name != nil {
							declared[spec.Name.Name] = true
						} else {
							declared[baseName(strings.Trim(spec.Path.Value, "`\""))] = true
						}
					}
				}
			}
		}
	}
	free := map[*ast.Ident]bool{}
	for _, id := range file.Unresolved {
		free[id] = true
	}
	wanted := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok && free[id] && !declared[id.Name] {
				wanted[id.Name] = true
			}
		}
		return true
	})
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if paths := s.Packages.Named(name); len(paths) > 0 {
			out = append(out, fmt.Sprintf("%q", paths[0]))
		}
	}
	return out
}

// Program makes what GoNB runs of a cell; show is the function that is given the value of a last expression, as a call of an imported
// package ("result.Show"), and imports is that package.
func (s *State) Program(c *Cell) (Program, error) {
	s.types.Lock()
	defer s.types.Unlock()
	whole := Program{Text: c.Source}
	for i := range c.lines {
		whole.Lines = append(whole.Lines, i+1)
	}
	if c.Foreign {
		return whole, nil
	}
	if err := c.Check(); err != nil {
		return whole, err
	}
	v, err := s.look(c)
	if err != nil {
		return whole, nil // only the compiler knows what is wrong
	}
	show, imports := v.show()
	return c.program(v.file, v.fset, v.lines, v.body, show, imports), nil
}
