package onednn

import (
	"fmt"
	"strings"
)

// Target is the name of the custom_call that Rewrite writes and the handler is registered under.
const Target = "darkroom.conv"

// Rewrite returns the StableHLO program with every convolution that it understands and that accept agrees to made a
// custom_call, and how many convolutions it saw and took. A bias that is added to a convolution's result, which nothing else
// reads, becomes part of its call, and so does a (leaky) ReLU. Everything else stays byte for byte.
func Rewrite(program string, accept func(Conv) bool) (rewritten string, seen, taken int) {
	if !strings.Contains(program, convolutionOp) {
		return program, 0, 0
	}
	var out []string
	known := scopes{{}}
	uses := countNames(program)
	for rest := program; rest != ""; {
		line, after := cutLine(rest)
		if strings.Contains(line, " = "+convolutionOp) && isStatement(line) {
			seen++
			if text, after, ok := cutStatement(rest); ok {
				if call, ok := known.replace(text, accept); ok {
					taken++
					known.define(line)
					if call.conv.Kind != BackwardWeights {
						known[len(known)-1][call.st.result] = value{call: call, at: len(out), uses: uses[call.st.result] - 1}
					}
					out = append(out, call.String())
					rest = after
					continue
				}
			}
		}
		if gone, call, ok := known.fuses(line); ok && accept(call.conv) {
			for _, at := range gone { // the call moves to where the bias or the slope is known
				out[at] = ""
			}
			known.define(line)
			known[len(known)-1][call.st.result] = value{call: call, at: len(out), uses: uses[call.st.result] - 1}
			out = append(out, call.String())
			rest = after
			continue
		}
		known.read(line)
		known.place(line, len(out), uses)
		out = append(out, line)
		rest = after
	}
	if taken == 0 {
		return program, seen, 0
	}
	return strings.Join(out, ""), seen, taken
}

// isStatement says whether a line begins with one SSA name and an equals sign: not a comment, not the inside of anything.
func isStatement(line string) bool {
	name, _, ok := strings.Cut(strings.TrimLeft(line, " "), " = ")
	return ok && isName(name)
}

// cutLine splits after the first newline.
func cutLine(s string) (line, rest string) {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return s[:i+1], s[i+1:]
	}
	return s, ""
}

// cutStatement takes the lines of one convolution: the head, one attribute a line, and the line that starts with } : (.
func cutStatement(s string) (statement, rest string, ok bool) {
	rest = s
	for range 12 {
		var line string
		line, rest = cutLine(rest)
		if strings.HasPrefix(strings.TrimLeft(line, " "), "} : (") {
			return s[:len(s)-len(rest)], rest, true
		}
		if rest == "" {
			break
		}
	}
	return "", "", false
}

// replace returns the custom_call for a convolution's text.
func (known scopes) replace(text string, accept func(Conv) bool) (call, bool) {
	body := strings.TrimSuffix(text, "\n")
	st, ok := parseConvolution(body)
	if !ok {
		return call{}, false
	}
	made := call{indent: text[:len(text)-len(strings.TrimLeft(text, " "))], end: text[len(body):], st: st}
	if original, ok := known.mirrored(st); ok {
		if made.conv, ok = recognise(st, true); ok && accept(made.conv) {
			made.args, made.types = []string{st.lhs, original}, []tensor{st.lhsType, st.rhsType}
			return made, true
		}
	}
	if made.conv, ok = recognise(st, false); ok && accept(made.conv) {
		made.args, made.types = []string{st.lhs, st.rhs}, []tensor{st.lhsType, st.rhsType}
		return made, true
	}
	return call{}, false
}

// call is a custom_call in the place of a convolution.
type call struct {
	indent, end string // white space around it
	st          statement
	conv        Conv
	args        []string
	types       []tensor
}

// String is the call's text.
func (c call) String() string {
	values := c.conv.values()
	config := "conv = array<i64: " + list(len(values), func(i int) string { return fmt.Sprint(values[i]) }) + ">"
	return c.indent + customCall(c.indent, c.st.result, Target, config, c.args, c.types, c.st.outType) + c.end
}

// customCall writes a call with its operands' and results' layouts fixed to row-major, which is what the handlers read.
func customCall(indent, results, target, config string, args []string, types []tensor, out ...tensor) string {
	layout := func(t tensor) string {
		order := list(len(t.dims), func(i int) string { return fmt.Sprint(len(t.dims) - 1 - i) })
		if len(t.dims) != 1 {
			order = "[" + order + "]"
		}
		return fmt.Sprintf("dense<%s> : tensor<%dxindex>", order, len(t.dims))
	}
	layouts := func(types []tensor) string { return list(len(types), func(i int) string { return layout(types[i]) }) }
	made := list(len(out), func(i int) string { return out[i].String() })
	if len(out) > 1 {
		made = "(" + made + ")"
	}
	return fmt.Sprintf(`%[2]s = "stablehlo.custom_call"(%[3]s) {
%[1]s  api_version = 4 : i32,
%[1]s  backend_config = {%[4]s},
%[1]s  call_target_name = %[5]q,
%[1]s  operand_layouts = [%[6]s],
%[1]s  result_layouts = [%[7]s]
%[1]s} : (%[8]s) -> %[9]s`,
		indent, results, strings.Join(args, ", "), config, target, layouts(types), layouts(out),
		list(len(types), func(i int) string { return types[i].String() }), made)
}

// list joins n items by commas.
func list(n int, item func(i int) string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = item(i)
	}
	return strings.Join(parts, ", ")
}

// String is the type as StableHLO writes it.
func (t tensor) String() string {
	var b strings.Builder
	b.WriteString("tensor<")
	for _, d := range t.dims {
		fmt.Fprintf(&b, "%dx", d)
	}
	return b.String() + t.dtype + ">"
}
