package onednn

import (
	"slices"
	"strconv"
	"strings"
)

// value is what is known about a value; the zero value knows nothing.
type value struct {
	reversed  string // it is this value reversed
	broadcast string // or this one, broadcast
	axes      []int  // along, or to, these axes
	from, to  tensor // types

	call    call      // or it is the result of this call,
	number  *float32  // or this constant,
	scaled  string    // or this value
	by      float32   // times this number,
	same    string    // or it has the values of this one in the same order,
	product [2]string // or is the product of these

	at   int // it is defined in the output's part number at
	uses int // and read so often
}

// scopes are the regions that are open at a place in the text, outermost first, with the values defined in each: a name in
// a closed region may mean something else later.
type scopes []map[string]value

const (
	reverseOp   = `"stablehlo.reverse"(`
	broadcastOp = `"stablehlo.broadcast_in_dim"(`
	reshapeOp   = `"stablehlo.reshape"(`
	barrierOp   = `"stablehlo.optimization_barrier"(`
	constantOp  = `"stablehlo.constant"() { value = dense<`
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
	} else if args, ok := strings.CutPrefix(op, constantOp); ok && isName(names) {
		v = parseNumberConstant(args)
	} else if args, ok := strings.CutPrefix(op, reshapeOp); ok && isName(names) {
		v = parseReshape(args)
	} else if args, ok := strings.CutPrefix(op, barrierOp); ok { // its first result is its first argument
		args, _, _ = strings.Cut(args, ",")
		first, _, _ := strings.Cut(names, ",")
		if isName(args) {
			defer func() { inner[first] = value{same: args} }()
		}
	} else if _, a, b, t, ok := elementwise(line, "multiply"); ok {
		v = value{product: [2]string{a, b}, to: t}
	}
	for _, name := range strings.Split(names, ",") {
		name, _, _ = strings.Cut(strings.TrimSpace(name), ":") // %5:2 defines %5#0 and %5#1
		inner[name] = v
	}
}

// parseShuffle reads what follows the name of a reverse or broadcast: the argument, the axes and the types.
func parseShuffle(s, attribute string) (arg string, v value, ok bool) {
	arg, s, ok1 := strings.Cut(s, ") { "+attribute+" = array<i64")
	axes, s, ok2 := strings.Cut(s, "> } : (")
	in, out, ok3 := strings.Cut(s, ") -> ")
	axes, some := strings.CutPrefix(axes, ": ")
	if !ok1 || !ok2 || !ok3 || !isName(arg) || some == (axes == "") {
		return "", v, false
	}
	for _, a := range strings.FieldsFunc(axes, func(r rune) bool { return r == ',' }) {
		a = strings.TrimPrefix(a, " ")
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

// parseReshape reads what follows the name of a reshape: the argument and the types.
func parseReshape(s string) value {
	arg, types, ok1 := strings.Cut(s, ") : (")
	in, out, ok2 := strings.Cut(types, ") -> ")
	from, ok3 := parseTensor(in)
	to, ok4 := parseTensor(out)
	if !ok1 || !ok2 || !ok3 || !ok4 || !isName(arg) {
		return value{}
	}
	return value{same: arg, from: from, to: to}
}

// parseNumberConstant reads what follows the start of a constant that is one float32.
func parseNumberConstant(s string) value {
	number, ok := strings.CutSuffix(s, "> : tensor<f32> } : () -> tensor<f32>")
	f, err := strconv.ParseFloat(number, 32)
	if !ok || err != nil {
		return value{}
	}
	n := float32(f)
	return value{number: &n}
}

func (t tensor) equal(u tensor) bool { return t.dtype == u.dtype && slices.Equal(t.dims, u.dims) }

// isBias says whether v is a vector of as many numbers as out has channels, broadcast over [N, height, width, channels].
func (v value) isBias(out tensor) bool {
	if v.broadcast == "" || !v.to.equal(out) || v.from.dtype != "f32" {
		return false
	}
	k := out.dims[3]
	return slices.Equal(v.from.dims, []int{k}) && slices.Equal(v.axes, []int{3}) ||
		slices.Equal(v.from.dims, []int{1, 1, 1, k}) && slices.Equal(v.axes, []int{0, 1, 2, 3})
}

// filled returns the number that every element of v is.
func (known scopes) filled(v value) (float32, bool) {
	if v.broadcast == "" || len(v.from.dims) != 0 {
		return 0, false
	}
	scalar := known.find(v.broadcast)
	if scalar.number == nil {
		return 0, false
	}
	return *scalar.number, true
}

// elementwise reads "%r = "stablehlo.op"(%a, %b) : (t, t) -> t" for values of one type.
func elementwise(line, op string) (result, a, b string, t tensor, ok bool) {
	result, s, ok1 := strings.Cut(strings.TrimSpace(line), ` = "stablehlo.`+op+`"(`)
	args, types, ok2 := strings.Cut(s, ") : (")
	a, b, ok3 := strings.Cut(args, ", ")
	in, out, ok4 := strings.Cut(types, ") -> ")
	t, ok5 := parseTensor(out)
	ok = ok1 && ok2 && ok3 && ok4 && ok5 && isName(result) && isName(a) && isName(b) && in == out+", "+out
	return result, a, b, t, ok
}

// fuses says whether a line adds a bias to the result of a call of the same region that nothing else reads, or activates it, and returns the call
// with that, in the place of the line, and the parts of the output that are gone then.
func (known scopes) fuses(line string) (gone []int, fused call, ok bool) {
	inner := known[len(known)-1]
	if name, a, b, t, ok := elementwise(line, "add"); ok {
		if inner[a].call.args == nil {
			a, b = b, a
		}
		conv, bias := inner[a], known.find(b)
		if conv.call.args == nil || conv.uses != 1 || conv.call.conv.Bias || conv.call.conv.Activated || a == b ||
			!conv.call.st.outType.equal(t) || !bias.isBias(t) {
			return nil, call{}, false
		}
		fused = conv.call
		fused.st.result = name
		fused.conv.Bias = true
		fused.args = append(slices.Clone(fused.args), bias.broadcast)
		fused.types = append(slices.Clone(fused.types), bias.from)
		return []int{conv.at}, fused, true
	}
	name, a, b, t, ok := elementwise(line, "maximum")
	if !ok || a == b {
		return nil, call{}, false
	}
	if inner[b].call.args == nil {
		a, b = b, a
	}
	conv, low := inner[b], known.find(a)
	if conv.call.args == nil || conv.call.conv.Activated || !conv.call.st.outType.equal(t) {
		return nil, call{}, false
	}
	fused = conv.call
	fused.st.result = name
	fused.conv.Activated = true
	if n, ok := known.filled(low); ok && n == 0 && conv.uses == 1 { // max(0, y)
		return []int{conv.at}, fused, true
	}
	low = inner[a]
	if low.scaled == b && low.uses == 1 && low.by > 0 && low.by < 1 && conv.uses == 2 { // max(slope·y, y)
		fused.conv.Slope = low.by
		return []int{conv.at, low.at}, fused, true
	}
	return nil, call{}, false
}

// place completes what define has recorded of a product with one number: where it is, and how often it is read.
func (known scopes) place(line string, at int, uses map[string]int) {
	name, a, b, _, ok := elementwise(line, "multiply")
	if !ok {
		return
	}
	n, ok := known.filled(known.find(b))
	if !ok {
		a, b = b, a
		n, ok = known.filled(known.find(b))
	}
	if ok {
		v := known[len(known)-1][name]
		v.scaled, v.by, v.at, v.uses = a, n, at, uses[name]-1
		known[len(known)-1][name] = v
	}
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
