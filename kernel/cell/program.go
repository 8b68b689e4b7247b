package cell

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// Program is what GoNB is given to run.
type Program struct {
	Text  string
	Lines []int // for each line of Text the cell's line, from 1; 0 is none
}

// Line is the cell's line of a line, both from 1, or 0.
func (p Program) Line(n int) int {
	if n < 1 || n > len(p.Lines) {
		return 0
	}
	return p.Lines[n-1]
}

// SyntaxError is a cell that is no Go.
type SyntaxError struct {
	Line, Column int // in the cell, from 1; 0 is unknown
	Text         string
	AtEnd        bool // more lines could still make it right
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// line is one line of a program that is being made, and the cell's line that it comes from.
type line struct {
	text string
	from int
}

// linesOf returns a chunk's lines. The first is moved to its column, so that columns stay the cell's.
func (c *Cell) linesOf(k chunk) []line {
	for k.from < k.to && strings.ContainsRune(" \t\r\n;", rune(c.masked[k.from])) {
		k.from++
	}
	at := c.lineAt(k.from)
	column := k.from - c.offset(at)
	var out []line
	for i, text := range strings.Split(strings.Repeat(" ", column)+c.masked[k.from:k.to]+c.closing(k), "\n") {
		out = append(out, line{text, at + i})
	}
	return out
}

// closing ends what a half-typed chunk leaves open.
func (c *Cell) closing(k chunk) string {
	if !c.heal || k.to < len(c.masked) {
		return ""
	}
	text := ""
	for _, open := range slices.Backward(k.open) {
		text += map[byte]string{'(': ")", '[': "]", '{': "}"}[open]
	}
	switch k.first {
	case token.FOR, token.IF, token.SWITCH:
		if !strings.Contains(c.masked[k.from:k.to], "{") {
			text += " {}"
		}
	}
	return text
}

func (c *Cell) all(chunks []chunk) (out []line) {
	for _, k := range chunks {
		out = append(out, c.linesOf(k)...)
	}
	return out
}

// file is the cell as a file of Go, with more imports than its own. Its lines are parallel to the text's.
func (c *Cell) file(imports []string) (src string, lines []line, body int) {
	lines = append(lines, line{text: "package main"})
	for _, i := range imports {
		lines = append(lines, line{text: "import " + i})
	}
	lines = append(lines, c.all(c.declared)...)
	lines = append(lines, line{text: "func main() {"})
	body = len(lines)
	lines = append(lines, c.all(c.body)...)
	lines = append(lines, line{text: "}"})
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.text)
		b.WriteByte('\n')
	}
	return b.String(), lines, body
}

// Check looks for errors of syntax.
func (c *Cell) Check() error {
	if c.Foreign {
		return nil
	}
	if e := c.scan(); e != nil {
		return e
	}
	for _, k := range [][]chunk{c.declared, c.body} { // an open bracket would swallow what stands behind it in the file
		if n := len(k); n > 0 && len(k[n-1].open) > 0 {
			open := k[n-1].open
			return &SyntaxError{
				Line: c.lineAt(len(strings.TrimRight(c.masked, " \t\n"))), Text: fmt.Sprintf("the bracket %c is never closed", open[len(open)-1]), AtEnd: true,
			}
		}
	}
	src, lines, _ := c.file(nil)
	_, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution|parser.AllErrors)
	var list scanner.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return nil
	}
	e := &SyntaxError{Text: list[0].Msg, Column: list[0].Pos.Column}
	for at := min(list[0].Pos.Line, len(lines)); at > 0 && e.Line == 0; at-- {
		e.Line = lines[at-1].from
	}
	last := strings.TrimRight(c.masked, " \t\n")
	if e.Line == 0 || list[0].Pos.Line > len(lines)-1 {
		e.Line, e.Column = c.lineAt(len(last)), 0
	}
	// An operator, a comma or a header at the very end waits for more.
	e.AtEnd = e.Line >= c.lineAt(len(last)) && strings.Contains(e.Text, "found '}'") || strings.HasSuffix(last, ",") || strings.HasSuffix(last, ".")
	return e
}

// scan finds what are no words of Go, such as a text without an end.
func (c *Cell) scan() (first *SyntaxError) {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(c.masked))
	s.Init(file, []byte(c.masked), func(pos token.Position, msg string) {
		if first == nil {
			atEnd := strings.Contains(msg, "raw string") || strings.Contains(msg, "comment not terminated")
			first = &SyntaxError{Line: pos.Line, Column: pos.Column, Text: msg, AtEnd: atEnd}
		}
	}, 0)
	for {
		if _, tok, _ := s.Scan(); tok == token.EOF {
			return first
		}
	}
}

// Complete answers is_complete: "complete", "incomplete" with the next line's indentation, or "invalid".
func (c *Cell) Complete() (status, indent string) {
	err := c.Check()
	var e *SyntaxError
	if !errors.As(err, &e) {
		return "complete", ""
	}
	if !e.AtEnd {
		return "invalid", ""
	}
	depth := 0
	if n := len(c.body); n > 0 {
		depth = len(c.body[n-1].open)
	} else if n := len(c.declared); n > 0 {
		depth = len(c.declared[n-1].open)
	}
	return "incomplete", strings.Repeat("    ", depth) // a terminal would show a tab as ^I
}

// program makes GoNB's text of the cell: commands, declarations, and statements under a %%. The statement that show names is wrapped
// in a call; variables that only the statements have are used once, as a notebook's last line is often one.
func (c *Cell) program(file *ast.File, fset *token.FileSet, lines []line, body int, show string, imports []string) Program {
	lines = append([]line(nil), lines...)
	used := c.wrap(file, fset, lines, show)
	var out []line
	separator := "%%"
	for i, l := range c.lines {
		switch {
		case i+1 == c.Separator:
			separator = l
		case c.commands[i]:
			out = append(out, line{l, i + 1})
		}
	}
	for _, i := range imports {
		out = append(out, line{text: "import " + i})
	}
	for _, l := range lines[1 : body-1] {
		if l.from > 0 {
			out = append(out, l)
		}
	}
	if len(c.body) > 0 || c.Separator > 0 {
		out = append(append(out, line{separator, c.Separator}), lines[body:len(lines)-1]...)
		out = append(out, used...)
	}
	var p Program
	for i, l := range out {
		if i > 0 {
			p.Text += "\n"
		}
		p.Text += l.text
		p.Lines = append(p.Lines, l.from)
	}
	return p
}

// wrap gives the last statement, an expression, to show, in the lines of the file, and returns lines that use the variables which statements
// declare.
func (c *Cell) wrap(file *ast.File, fset *token.FileSet, lines []line, show string) (used []line) {
	main := mainOf(file)
	if main == nil || len(main.Body.List) == 0 {
		return nil
	}
	for _, s := range main.Body.List {
		for _, id := range declaredBy(s) {
			used = append(used, line{"_ = " + id.Name, lines[fset.Position(id.Pos()).Line-1].from})
		}
	}
	if e, ok := main.Body.List[len(main.Body.List)-1].(*ast.ExprStmt); ok && show != "" {
		to, from := fset.Position(e.End()), fset.Position(e.Pos())
		insert(lines, to, ")")
		insert(lines, from, show+"(")
	}
	return used
}

// insert puts text into a line, at a position from 1.
func insert(lines []line, at token.Position, text string) {
	l := &lines[at.Line-1]
	l.text = l.text[:at.Column-1] + text + l.text[at.Column-1:]
}

func mainOf(file *ast.File) *ast.FuncDecl {
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "main" && f.Body != nil {
			return f
		}
	}
	return nil
}

// declaredBy lists the variables that a statement declares for those behind it.
func declaredBy(s ast.Stmt) (out []*ast.Ident) {
	add := func(id *ast.Ident) {
		if id.Name != "_" {
			out = append(out, id)
		}
	}
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok != token.DEFINE {
			return nil
		}
		for _, e := range s.Lhs {
			if id, ok := e.(*ast.Ident); ok {
				add(id)
			}
		}
	case *ast.DeclStmt:
		if d, ok := s.Decl.(*ast.GenDecl); ok && d.Tok == token.VAR {
			for _, spec := range d.Specs {
				for _, id := range spec.(*ast.ValueSpec).Names {
					add(id)
				}
			}
		}
	}
	return out
}
