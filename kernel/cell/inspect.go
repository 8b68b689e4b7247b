package cell

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

// Doc is what is known of a name.
type Doc struct {
	Signature string // its declaration, in Go
	Text      string // its comment
}

// Data is the Doc by MIME type.
func (d Doc) Data() map[string]string {
	plain, markdown := d.Signature, "```go\n"+d.Signature+"\n```"
	if d.Text != "" {
		plain += "\n\n" + d.Text
		markdown += "\n\n" + d.Text
	}
	return map[string]string{"text/plain": plain, "text/markdown": markdown}
}

// Inspect looks up the name at a position, in characters, or else the function whose arguments are there.
func (s *State) Inspect(code string, position int) (Doc, bool) {
	s.types.Lock()
	defer s.types.Unlock()
	runes := []rune(code)
	name := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }
	end := position
	for end < len(runes) && name(runes[end]) {
		end++
	}
	if word := lastWord(string(runes[:end])); word == "" || unicode.IsDigit(rune(word[0])) {
		end = position
		depth := 0
		for end--; end >= 0 && (runes[end] != '(' || depth > 0); end-- {
			switch runes[end] {
			case ')':
				depth++
			case '(':
				depth--
			}
		}
		if end <= 0 || !name(runes[end-1]) {
			return Doc{}, false
		}
	}
	head := string(runes[:end])
	line, column := place(head, len(head)-len(lastWord(head)))
	for _, text := range []string{code, head} { // what stands behind the name may be half typed
		c := Parse(text)
		c.heal = true
		if c.Foreign {
			continue
		}
		v, _ := s.look(c)
		if v == nil {
			continue
		}
		if id, _, _ := v.at(line, column); id != nil {
			if o := v.info.ObjectOf(id); o != nil {
				return s.doc(v, o), true
			}
		}
	}
	return s.unused(lastWord(head))
}

// unused looks up a name that nothing declares: it may be that of a package.
func (s *State) unused(name string) (Doc, bool) {
	for _, path := range s.Packages.Named(name) {
		if p, err := s.Packages.Import(path); err == nil {
			return s.packageDoc(p), true
		}
	}
	return Doc{}, false
}

func (s *State) doc(v *view, o types.Object) Doc {
	if p, ok := o.(*types.PkgName); ok {
		return s.packageDoc(p.Imported())
	}
	d := Doc{Signature: types.ObjectString(o, v.qualify)}
	if o.Pkg() == nil { // of the language
		return d
	}
	if o.Pkg() == v.pkg {
		at := v.fset.Position(o.Pos())
		if at.Filename == "cell.go" {
			d.Text, _ = comment(v.file, v.fset, at.Line, o.Name())
		}
		return d
	}
	at := s.Packages.position(o.Pkg(), o.Pos())
	src, err := os.ReadFile(at.Filename)
	if err != nil {
		return d
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, at.Filename, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return d
	}
	text, spec := comment(file, fset, at.Line, o.Name())
	d.Text = text
	if spec != nil {
		d.Signature = untagged("type " + string(src[fset.Position(spec.Pos()).Offset:fset.Position(spec.End()).Offset]))
	}
	return d
}

var jsonTag = regexp.MustCompile("[ \t]+`json:[^`]*`")

// untagged is a type without what its fields are called in JSON, which is nothing to those who write a cell.
func untagged(declaration string) string {
	out, err := format.Source([]byte(jsonTag.ReplaceAllString(declaration, "")))
	if err != nil {
		return declaration
	}
	return string(out)
}

func (s *State) packageDoc(p *types.Package) Doc {
	d := Doc{Signature: "package " + p.Name() + " // import \"" + p.Path() + "\""}
	var file string
	for _, name := range p.Scope().Names() {
		if at := s.Packages.position(p, p.Scope().Lookup(name).Pos()); at.Filename != "" {
			file = at.Filename
			break
		}
	}
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*.go"))
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err == nil && parsed.Doc != nil && parsed.Name.Name == p.Name() {
			d.Text = strings.TrimSpace(parsed.Doc.Text())
			return d
		}
	}
	return d
}

// comment finds the comment of what is declared under a name in a line, and the declaration if it is a type's.
func comment(file *ast.File, fset *token.FileSet, line int, name string) (text string, spec *ast.TypeSpec) {
	is := func(id *ast.Ident) bool { return id != nil && id.Name == name && fset.Position(id.Pos()).Line == line }
	var found *ast.CommentGroup
	first := func(groups ...*ast.CommentGroup) {
		for _, g := range groups {
			if g != nil && found == nil {
				found = g
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if is(n.Name) {
				first(n.Doc)
			}
		case *ast.GenDecl:
			for _, s := range n.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if is(s.Name) {
						spec = s
						first(s.Doc, n.Doc, s.Comment)
					}
				case *ast.ValueSpec:
					for _, id := range s.Names {
						if is(id) {
							first(s.Doc, s.Comment, n.Doc)
						}
					}
				}
			}
		case *ast.Field:
			for _, id := range n.Names {
				if is(id) {
					first(n.Doc, n.Comment)
				}
			}
		}
		return true
	})
	if found == nil {
		return "", spec
	}
	return strings.TrimSpace(found.Text()), spec
}
