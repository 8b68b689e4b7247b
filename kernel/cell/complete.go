package cell

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Completion is one way to go on.
type Completion struct {
	Text      string // from where the completed word begins
	Kind      string // function, variable, type, module, field, keyword, command
	Signature string
}

// Commands are the lines that are no Go.
var Commands = []string{
	"%%", "%%bash", "%%script", "%%sh", "%%writefile", "%args", "%capture", "%cd", "%clear", "%env", "%exec", "%goflags", "%help", "%ls",
	"%main", "%reset", "%rm", "%test", "%version", "%widgets", "%with_inputs", "%with_password",
}

var importLine = regexp.MustCompile(`(?:^|\n)\s*import\s+(?:[\w.]+\s+)?"([^"\n]*)$|(?:^|\n)\s*import\s*\([^)]*"([^"\n]*)$`)

// Complete lists what the word that ends at a position, in characters, may become, and where the word begins. It takes
// milliseconds: packages that nothing has imported yet are looked up behind it, and are there the next time.
func (s *State) Complete(code string, position int) (from int, found []Completion) {
	s.types.Lock()
	defer s.types.Unlock()
	head := string([]rune(code)[:position])
	lineHead := head[strings.LastIndexByte(head, '\n')+1:]
	at := func(word string) int { return position - utf8.RuneCountInString(word) }
	if strings.HasPrefix(lineHead, "%") {
		for _, c := range Commands {
			if strings.HasPrefix(c, lineHead) {
				found = append(found, Completion{Text: c, Kind: "command"})
			}
		}
		return at(lineHead), found
	}
	if m := importLine.FindStringSubmatch(head); m != nil && !strings.HasSuffix(head, `""`) {
		word := m[1] + m[2]
		for _, p := range s.Packages.Paths(word) {
			found = append(found, Completion{Text: p, Kind: "module"})
		}
		return at(word), found
	}
	word := lastWord(head)
	start := len(head) - len(word)
	from = at(word)
	if inText(head) || word != "" && unicode.IsDigit(rune(word[0])) {
		return from, nil
	}
	if word == "" {
		head += "_"
	}
	c := Parse(head)
	c.heal = true
	if c.Foreign || len(c.declared)+len(c.body) == 0 {
		return from, nil
	}
	v, _ := s.look(c)
	if v == nil {
		return from, nil
	}
	id, sel, lit := v.at(place(head, start))
	switch {
	case id == nil:
	case sel != nil:
		found = v.members(sel)
	default:
		found = append(v.fields(lit), v.names(id.Pos())...)
		if word != "" {
			found = append(found, s.others()...)
		}
	}
	return from, beginning(word, found)
}

// place is the line and the column of an offset, both from 1.
func place(text string, offset int) (line, column int) {
	return 1 + strings.Count(text[:offset], "\n"), offset - strings.LastIndexByte(text[:offset], '\n')
}

func lastWord(text string) string {
	start := len(text)
	for start > 0 {
		r, size := utf8.DecodeLastRuneInString(text[:start])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' {
			break
		}
		start -= size
	}
	return text[start:]
}

// inText reports whether the end of a piece of Go is inside a string or a comment.
func inText(head string) bool {
	end := false
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(head)), []byte(head), func(_ token.Position, msg string) {
		end = end || strings.Contains(msg, "not terminated")
	}, scanner.ScanComments)
	last, lit := token.EOF, ""
	for {
		_, tok, l := s.Scan()
		if tok == token.EOF {
			break
		}
		if tok != token.SEMICOLON || l == ";" {
			last, lit = tok, l
		}
	}
	return end || last == token.COMMENT && strings.HasPrefix(lit, "//") && strings.HasSuffix(head, lit)
}

// at finds the identifier at a line and column of the cell, the selector whose end it is, and the literal whose element it is.
func (v *view) at(line, column int) (id *ast.Ident, sel *ast.SelectorExpr, lit *ast.CompositeLit) {
	here := func(n *ast.Ident) bool {
		p := v.fset.Position(n.Pos())
		return p.Column == column && p.Line <= len(v.lines) && v.lines[p.Line-1].from == line
	}
	ast.Inspect(v.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if here(n) {
				id = n
			}
		case *ast.SelectorExpr:
			if here(n.Sel) {
				sel = n
			}
		case *ast.CompositeLit:
			for _, e := range n.Elts {
				if e, ok := e.(*ast.Ident); ok && here(e) {
					lit = n
				}
			}
		}
		return true
	})
	return id, sel, lit
}

// members lists what may stand behind the dot.
func (v *view) members(sel *ast.SelectorExpr) (out []Completion) {
	if id, ok := sel.X.(*ast.Ident); ok {
		if p, ok := v.info.Uses[id].(*types.PkgName); ok {
			scope := p.Imported().Scope()
			for _, name := range scope.Names() {
				if ast.IsExported(name) {
					out = append(out, v.completion(scope.Lookup(name)))
				}
			}
			return out
		}
	}
	t := v.info.TypeOf(sel.X)
	if t == nil {
		return nil
	}
	seen := map[string]bool{}
	add := func(o types.Object) {
		if (o.Exported() || o.Pkg() == v.pkg) && !seen[o.Name()] {
			seen[o.Name()] = true
			out = append(out, v.completion(o))
		}
	}
	fieldsOf(t, 0, add)
	if _, isPointer := t.Underlying().(*types.Pointer); !isPointer && !types.IsInterface(t) {
		t = types.NewPointer(t)
	}
	for m := range types.NewMethodSet(t).Methods() {
		add(m.Obj())
	}
	return out
}

// fieldsOf calls add with the fields of a struct, and of what it embeds.
func fieldsOf(t types.Type, depth int, add func(types.Object)) {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	st, ok := t.Underlying().(*types.Struct)
	if !ok || depth > 5 {
		return
	}
	for f := range st.Fields() {
		add(f)
	}
	for f := range st.Fields() {
		if f.Embedded() {
			fieldsOf(f.Type(), depth+1, add)
		}
	}
}

// fields lists the fields that a literal of a struct may name.
func (v *view) fields(lit *ast.CompositeLit) (out []Completion) {
	if lit == nil || v.info.TypeOf(lit) == nil {
		return nil
	}
	if st, ok := v.info.TypeOf(lit).Underlying().(*types.Struct); ok {
		for f := range st.Fields() {
			if f.Exported() || f.Pkg() == v.pkg {
				c := v.completion(f)
				c.Text += ": "
				out = append(out, c)
			}
		}
	}
	return out
}

// names lists what is in scope at pos, the innermost first.
func (v *view) names(pos token.Pos) (out []Completion) {
	if v.pkg == nil {
		return nil
	}
	seen := map[string]bool{}
	for scope := v.pkg.Scope().Innermost(pos); scope != nil; scope = scope.Parent() {
		for _, name := range scope.Names() {
			o := scope.Lookup(name)
			local := scope.Parent() != types.Universe && scope != types.Universe && scope != v.pkg.Scope()
			if name == "_" || name == "main" || seen[name] || local && o.Pos() >= pos {
				continue
			}
			if _, isPackage := o.(*types.PkgName); local && !isPackage && o.Pos() == token.NoPos {
				continue
			}
			seen[name] = true
			out = append(out, v.completion(o))
		}
	}
	return out
}

// others lists keywords, and packages that could be imported.
func (s *State) others() (out []Completion) {
	for t := token.BREAK; t <= token.VAR; t++ {
		out = append(out, Completion{Text: t.String(), Kind: "keyword"})
	}
	for _, p := range s.Packages.Paths("") {
		if !strings.Contains(p, ".") { // of the standard library, or darkroom's
			out = append(out, Completion{Text: baseName(p), Kind: "module", Signature: p})
		}
	}
	return out
}

// beginning picks what begins with a word, in the word's own letters where there is such a one, in any case elsewhere.
func beginning(word string, all []Completion) []Completion {
	pick := func(fits func(text string) bool) (out []Completion) {
		seen := map[string]bool{}
		for _, c := range all {
			if fits(c.Text) && !seen[c.Text] {
				seen[c.Text] = true
				out = append(out, c)
			}
		}
		return out
	}
	if out := pick(func(text string) bool { return strings.HasPrefix(text, word) }); len(out) > 0 {
		return out
	}
	return pick(func(text string) bool { return strings.HasPrefix(strings.ToLower(text), strings.ToLower(word)) })
}

func (v *view) completion(o types.Object) Completion {
	c := Completion{Text: o.Name(), Kind: "variable", Signature: types.TypeString(o.Type(), v.qualify)}
	switch o := o.(type) {
	case *types.Func, *types.Builtin:
		c.Kind = "function"
	case *types.TypeName:
		c.Kind, c.Signature = "type", ""
	case *types.PkgName:
		c.Kind, c.Signature = "module", o.Imported().Path()
	case *types.Var:
		if o.IsField() {
			c.Kind = "field"
		}
	}
	if slices.Contains([]string{"invalid type"}, c.Signature) {
		c.Signature = ""
	}
	return c
}

// qualify names a package in a type: not at all if it is the cells' own.
func (v *view) qualify(p *types.Package) string {
	if p == v.pkg {
		return ""
	}
	return p.Name()
}
