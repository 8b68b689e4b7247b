package cell

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// Cell is a cell's source, divided.
type Cell struct {
	Source string
	// Foreign cells are GoNB's alone and stay as they are: %%bash, %%writefile, %test, or with a func main of their own.
	Foreign bool
	// Separator is the line, from 1, of a %% that the user has written between declarations and statements; 0 is none.
	Separator int

	lines    []string
	commands []bool  // of each line: it is a command, or the rest of one
	masked   string  // the source with commands blanked out, of the same lines
	declared []chunk // imports first
	body     []chunk // statements
	heal     bool    // what the last chunk leaves open is closed
}

// chunk is a piece of the masked source: a declaration or a statement with the comments before it.
type chunk struct {
	from, to int
	at       int         // where its first token is
	first    token.Token // its first token
	open     []byte      // brackets that it leaves open
}

// Parse divides a cell. It never fails: what is no Go ends up among the statements, where Program finds it.
func Parse(source string) *Cell {
	c := &Cell{Source: source, lines: strings.Split(source, "\n")}
	c.commands = make([]bool, len(c.lines))
	masked := make([]string, len(c.lines))
	for i := 0; i < len(c.lines); i++ {
		line := uncomment(c.lines[i])
		if len(line) < 2 || line[0] != '%' && line[0] != '!' {
			if !strings.HasPrefix(c.lines[i], "package ") {
				masked[i] = c.lines[i]
			}
			continue
		}
		word, _, _ := strings.Cut(line, " ")
		switch word {
		case "%%", "%main":
			if c.Separator == 0 {
				c.Separator = i + 1
			}
		case "%exec", "%test", "%wasm":
			c.Foreign = true
		case "%%writefile", "%%script", "%%bash", "%%sh", "%%gx":
			c.Foreign = c.Foreign || i == 0
		}
		for c.commands[i] = true; strings.HasSuffix(uncomment(c.lines[i]), `\`) && i+1 < len(c.lines); c.commands[i] = true {
			i++
		}
	}
	c.masked = strings.Join(masked, "\n")
	if c.Foreign {
		return c
	}
	c.divide()
	return c
}

// uncomment takes away the prefix that lets commands stand in files of Go.
func uncomment(line string) string { return strings.TrimPrefix(line, "//gonb:") }

// divide finds the chunks of the masked source.
func (c *Cell) divide() {
	below := len(c.masked) + 1 // where statements begin that a %% sets apart
	if c.Separator > 0 {
		below = c.offset(c.Separator)
	}
	for _, k := range split(c.masked) {
		switch {
		case k.at >= below, k.first == token.VAR && len(c.body) > 0:
			c.body = append(c.body, k)
		case k.first == token.FUNC || k.first == token.IMPORT || k.first == token.TYPE || k.first == token.CONST || k.first == token.VAR:
			c.declared = append(c.declared, k)
		default:
			c.body = append(c.body, k)
		}
	}
	slices.SortStableFunc(c.declared, func(a, b chunk) int { return rank(a) - rank(b) })
	for _, k := range c.declared {
		c.Foreign = c.Foreign || slices.Contains(names(c.masked[k.from:k.to]), "main")
	}
}

// rank sorts imports before other declarations, as Go wants them.
func rank(k chunk) int {
	if k.first == token.IMPORT {
		return 0
	}
	return 1
}

// names lists what a declaration declares: its names, a method as T.M, an import as its quoted path.
func names(declaration string) []string {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package main\n"+declaration, parser.SkipObjectResolution)
	if file == nil || err != nil {
		return nil
	}
	var out []string
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil && len(d.Recv.List) == 1 {
				name = receiver(d.Recv.List[0].Type) + "." + name
			}
			out = append(out, name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.ImportSpec:
					out = append(out, s.Path.Value)
				case *ast.TypeSpec:
					out = append(out, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						out = append(out, n.Name)
					}
				}
			}
		}
	}
	return out
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// offset is where a line, from 1, begins in the masked source.
func (c *Cell) offset(line int) int {
	at := 0
	for ; line > 1; line-- {
		next := strings.IndexByte(c.masked[at:], '\n')
		if next < 0 {
			return len(c.masked)
		}
		at += next + 1
	}
	return at
}

// lineAt is the line, from 1, of an offset of the masked source.
func (c *Cell) lineAt(offset int) int {
	return 1 + strings.Count(c.masked[:min(offset, len(c.masked))], "\n")
}

// split cuts Go at the ends of its top-level declarations and statements.
func split(src string) []chunk {
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(src))
	var s scanner.Scanner
	s.Init(file, []byte(src), func(token.Position, string) {}, 0)
	type lexeme struct {
		at  int
		tok token.Token
		lit string
	}
	var all []lexeme
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		all = append(all, lexeme{file.Offset(pos), tok, lit})
	}
	var out []chunk
	start := 0 // offset behind the last chunk
	begin := 0 // index of this chunk's first token
	var open []byte
	for i, l := range all {
		switch l.tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			open = append(open, src[l.at])
		case token.RPAREN, token.RBRACE, token.RBRACK:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case token.SEMICOLON:
			first := all[begin].tok
			header := first == token.FOR || first == token.IF || first == token.SWITCH || first == token.IDENT && begin+1 < len(all) && all[begin+1].tok == token.COLON
			if len(open) > 0 || l.lit == ";" && header {
				continue
			}
			if i > begin {
				out = append(out, chunk{from: start, to: l.at, at: all[begin].at, first: kind(all[begin].tok, func(n int) token.Token {
					if begin+n < i {
						return all[begin+n].tok
					}
					return token.EOF
				})})
			}
			start, begin = min(l.at+1, len(src)), i+1
			if l.lit != ";" {
				start = l.at
			}
		}
	}
	if begin < len(all) {
		first := kind(all[begin].tok, func(n int) token.Token {
			if begin+n < len(all) {
				return all[begin+n].tok
			}
			return token.EOF
		})
		out = append(out, chunk{from: start, to: len(src), at: all[begin].at, first: first, open: open})
	}
	return out
}

// kind is a chunk's first token; for a function's literal, which only looks like a declaration, it is a bracket.
func kind(first token.Token, at func(int) token.Token) token.Token {
	if first != token.FUNC || at(1) != token.LPAREN {
		return first
	}
	depth := 0
	for i := 1; ; i++ {
		switch at(i) {
		case token.LPAREN:
			depth++
		case token.RPAREN:
			if depth--; depth == 0 {
				if at(i+1) == token.IDENT && at(i+2) == token.LPAREN { // func (r T) name(
					return token.FUNC
				}
				return token.LBRACE
			}
		case token.EOF:
			return token.LBRACE
		}
	}
}
