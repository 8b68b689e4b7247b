package onednn

import (
	"slices"
	"strings"
)

// value is what is known about a value; the zero value knows nothing.
type value struct {
	reversed  string // it is this value reversed
	broadcast string // or this one, broadcast
	axes      []int  // along, or to, these axes
	from, to  tensor // types

	call call // or it is the result of this call, which
	at   int  // is the output's part number at
}

// scopes are the regions that are open at a place in the text, outermost first, with the values defined in each: a name in
// a closed region may mean something else later.
type scopes []map[string]value

const (
	reverseOp   = `"stablehlo.reverse"(`
	broadcastOp = `"stablehlo.broadcast_in_dim"(`
)

// mirrored returns the value that a convolution's kernel is the mirror image of, in both spatial axes.
func (known scopes) mirrored(st statement) (string, bool) {
	m := known.find(st.rhs)
	spatial := []int{strings.Index(st.rhsDims, "0"), strings.Index(st.rhsDims, "1")}
	slices.Sort(spatial)
	return m.reversed, m.reversed != "" && slices.Equal(m.axes, spatial) && m.to.equal(st.rhsType)
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
			inner["%"+strings.TrimSpace(name)] = value{}
		}
		return
	}
	if !strings.HasPrefix(trimmed, "%") {
		return
	}
	names, op, ok := strings.Cut(trimmed, " = ")
	if !ok {
		return
	}
	v := value{}
	if args, ok := strings.CutPrefix(op, reverseOp); ok && isName(names) {
		v = parseReverse(args)
	} else if args, ok := strings.CutPrefix(op, broadcastOp); ok && isName(names) {
		v = parseBroadcast(args)
	}
	for _, name := range strings.Split(names, ",") {
		name, _, _ = strings.Cut(strings.TrimSpace(name), ":") // %5:2 defines %5#0 and %5#1
		inner[name] = v
	}
}

// parseShuffle reads what follows the name of a reverse or broadcast: the argument, the axes and the types.
func parseShuffle(s, attribute string) (arg string, v value, ok bool) {
	arg, s, ok1 := strings.Cut(s, ") { "+attribute+" = array<i64: ")
	axes, s, ok2 := strings.Cut(s, "> } : (")
	in, out, ok3 := strings.Cut(s, ") -> ")
	if !ok1 || !ok2 || !ok3 || !isName(arg) {
		return "", v, false
	}
	for _, a := range strings.Split(axes, ", ") {
		n, ok := parseNumber(a)
		if !ok {
			return "", v, false
		}
		v.axes = append(v.axes, n)
	}
	v.from, ok1 = parseTensor(in)
	v.to, ok2 = parseTensor(out)
	return arg, v, ok1 && ok2
}

func parseReverse(s string) value {
	arg, v, ok := parseShuffle(s, "dimensions")
	if !ok || !v.from.equal(v.to) {
		return value{}
	}
	slices.Sort(v.axes)
	v.reversed = arg
	return v
}

func parseBroadcast(s string) value {
	arg, v, ok := parseShuffle(s, "broadcast_dimensions")
	if !ok {
		return value{}
	}
	v.broadcast = arg
	return v
}

func (t tensor) equal(u tensor) bool { return t.dtype == u.dtype && slices.Equal(t.dims, u.dims) }

// isBias says whether v is a vector of K numbers broadcast over [N, OH, OW, K].
func (v value) isBias(out tensor) bool {
	if v.broadcast == "" || !v.to.equal(out) || v.from.dtype != "f32" {
		return false
	}
	k := out.dims[3]
	return slices.Equal(v.from.dims, []int{k}) && slices.Equal(v.axes, []int{3}) ||
		slices.Equal(v.from.dims, []int{1, 1, 1, k}) && slices.Equal(v.axes, []int{0, 1, 2, 3})
}

const addOp = ` = "stablehlo.add"(`

// addsBias says whether a line adds a bias to the result of a call of the same region that nothing else reads, and returns the call with the
// bias, in the place of the addition.
func (known scopes) addsBias(line string) (conv value, fused call, ok bool) {
	name, s, ok1 := strings.Cut(strings.TrimSpace(line), addOp)
	args, types, ok2 := strings.Cut(s, ") : (")
	a, b, ok3 := strings.Cut(args, ", ")
	if !ok1 || !ok2 || !ok3 || !isName(name) || !isName(a) || !isName(b) {
		return value{}, call{}, false
	}
	inner := known[len(known)-1]
	if inner[a].call.args == nil {
		a, b = b, a
	}
	conv, bias := inner[a], known.find(b)
	out := conv.call.st.outType
	if conv.call.args == nil || a == b || !bias.isBias(out) || types != out.String()+", "+out.String()+") -> "+out.String() {
		return value{}, call{}, false
	}
	fused = conv.call
	fused.st.result = name
	fused.conv.Bias = true
	fused.args = append(slices.Clone(fused.args), bias.broadcast)
	fused.types = append(slices.Clone(fused.types), bias.from)
	return conv, fused, true
}

// find returns what is known about a name, from the innermost region that has it.
func (known scopes) find(name string) value {
	for _, s := range slices.Backward(known) {
		if v, ok := s[name]; ok {
			return v
		}
	}
	return value{}
}

// countNames counts how often each SSA name occurs in the text.
func countNames(text string) map[string]int {
	counts := map[string]int{}
	for _, part := range strings.Split(text, "%")[1:] {
		n := 0
		for n < len(part) && isNameByte(part[n]) {
			n++
		}
		counts["%"+part[:n]]++
	}
	return counts
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
			*known = append(*known, map[string]value{})
		case c == '}' && len(*known) > 1:
			*known = (*known)[:len(*known)-1]
		}
	}
}
