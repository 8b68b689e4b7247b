package cell

import (
	"go/ast"
	"go/types"
	"strings"
)

// The packages that show the value of a cell's last expression.
const (
	resultImport = `darkroom_result "darkroom/kernel/result"`
	plotsImport  = `darkroom_plots "darkroom/plots"`
)

// show returns the function that the cell's last expression is given to, with its import; "" where there is nothing to show: the
// cell does not end in an expression, or ends in a semicolon, or the value is that of printing.
func (v *view) show() (call string, imports []string) {
	main := mainOf(v.file)
	if main == nil || len(main.Body.List) == 0 || strings.HasSuffix(strings.TrimRight(v.cell.masked, " \t\n"), ";") {
		return "", nil
	}
	stmt, ok := main.Body.List[len(main.Body.List)-1].(*ast.ExprStmt)
	if !ok {
		return "", nil
	}
	t := v.info.TypeOf(stmt.X)
	if call, ok := ast.Unparen(stmt.X).(*ast.CallExpr); ok {
		if !shown(t) || prints(call) {
			return "", nil
		}
	}
	if drawn(t) {
		return "darkroom_plots.Show", []string{plotsImport}
	}
	return "darkroom_result.Show", []string{resultImport}
}

// shown reports whether a call has a value; where its type is not known, it has none.
func shown(t types.Type) bool {
	switch t := t.(type) {
	case nil:
		return false
	case *types.Tuple:
		return t.Len() > 0
	case *types.Basic:
		return t.Kind() != types.Invalid
	}
	return true
}

// prints reports whether a call is of a function like fmt.Println, whose value nobody wants.
func prints(call *ast.CallExpr) bool {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	for _, verb := range []string{"Print", "Fprint", "Write", "Copy", "copy", "recover"} {
		if strings.HasPrefix(name, verb) {
			return true
		}
	}
	return false
}

// drawn reports whether plots.Show draws a value: a figure, a picture, or what has a page of its own.
func drawn(t types.Type) bool {
	switch t := t.(type) {
	case nil, *types.Tuple:
		return false
	case *types.Slice:
		return types.TypeString(t, nil) == "[]darkroom/lib/lab.Image"
	}
	switch types.TypeString(t, nil) {
	case "darkroom/lib/lab.Image", "darkroom/lib/lab.Curves", "*gonum.org/v1/plot.Plot":
		return true
	}
	methods := types.NewMethodSet(t)
	has := func(name string) bool { return methods.Lookup(nil, name) != nil }
	return has("HTML") || has("Alt") && has("Draw") && has("Size")
}
