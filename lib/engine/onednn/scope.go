package onednn

import (
	"slices"
	"strings"
)

// mirror is what is known about a value: that it is another value reversed along some axes. The zero mirror knows nothing.
type mirror struct {
	of   string
	axes []int
	typ  tensor
}

// scopes are the regions that are open at a place in the text, outermost first, with the values defined in each: a name in
// a closed region may mean something else later.
type scopes []map[string]mirror

const reverseOp = `"stablehlo.reverse"(`

// mirrored returns the value that a convolution's kernel is the mirror image of, in both spatial axes.
func (known scopes) mirrored(st statement) (string, bool) {
	for _, s := range slices.Backward(known) {
		m, ok := s[st.rhs]
		if !ok {
			continue
		}
		spatial := []int{strings.Index(st.rhsDims, "0"), strings.Index(st.rhsDims, "1")}
		slices.Sort(spatial)
		return m.of, m.of != "" && slices.Equal(m.axes, spatial) && slices.Equal(m.typ.dims, st.rhsType.dims) &&
			m.typ.dtype == st.rhsType.dtype
	}
	return "", false
}

// read follows one line: the names it defines, and the regions it opens and closes.
func (known *scopes) read(line string) {
	trimmed := strings.TrimLeft(line, " ")
	if isBlockHead(trimmed) { // its arguments belong to the region it opens, or that was opened on the line before
		known.braces(line)
		known.define(line)
		return
	}
	known.define(line)
	known.braces(line)
}

func isBlockHead(line string) bool {
	return strings.HasPrefix(line, "^") || strings.HasPrefix(line, "func.func") || strings.HasPrefix(line, "module")
}

// define records the names that a line defines: the results before " = ", or the arguments of a block or function.
func (known scopes) define(line string) {
	inner := known[len(known)-1]
	trimmed := strings.TrimSpace(line)
	if isBlockHead(trimmed) {
		for _, part := range strings.Split(trimmed, "%")[1:] {
			name, _, _ := strings.Cut(part, ":")
			inner["%"+strings.TrimSpace(name)] = mirror{}
		}
		return
	}
	if !strings.HasPrefix(trimmed, "%") {
		return
	}
	names, value, ok := strings.Cut(trimmed, " = ")
	if !ok {
		return
	}
	m := mirror{}
	if args, ok := strings.CutPrefix(value, reverseOp); ok && isName(names) {
		m = parseReverse(args)
	}
	for _, name := range strings.Split(names, ",") {
		name, _, _ = strings.Cut(strings.TrimSpace(name), ":") // %5:2 defines %5#0 and %5#1
		inner[name] = m
	}
}

// parseReverse reads what follows the name of the operation; of what it does not understand, it knows nothing.
func parseReverse(s string) mirror {
	arg, s, ok1 := strings.Cut(s, ") { dimensions = array<i64: ")
	axes, s, ok2 := strings.Cut(s, "> } : (")
	in, out, ok3 := strings.Cut(s, ") -> ")
	if !ok1 || !ok2 || !ok3 || !isName(arg) || in != out {
		return mirror{}
	}
	m := mirror{of: arg}
	for _, a := range strings.Split(axes, ", ") {
		n, ok := parseNumber(a)
		if !ok {
			return mirror{}
		}
		m.axes = append(m.axes, n)
	}
	slices.Sort(m.axes)
	if m.typ, ok1 = parseTensor(out); !ok1 {
		return mirror{}
	}
	return m
}

// braces opens and closes regions as the line's braces do; a brace inside a string is not one.
func (known *scopes) braces(line string) {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			*known = append(*known, map[string]mirror{})
		case c == '}' && len(*known) > 1:
			*known = (*known)[:len(*known)-1]
		}
	}
}
