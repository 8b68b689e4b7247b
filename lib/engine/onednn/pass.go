package onednn

import (
	"fmt"
	"strings"
)

// Target is the name of the custom_call that Rewrite writes and the handler is registered under.
const Target = "darkroom.conv"

// Rewrite returns the StableHLO program with every convolution that it understands and that accept agrees to made a
// custom_call, and how many convolutions it saw and took. Everything else stays byte for byte.
func Rewrite(program string, accept func(Conv) bool) (rewritten string, seen, taken int) {
	if !strings.Contains(program, convolutionOp) {
		return program, 0, 0
	}
	var out strings.Builder
	known := scopes{{}}
	for rest := program; rest != ""; {
		line, after := cutLine(rest)
		if strings.Contains(line, " = "+convolutionOp) && isStatement(line) {
			seen++
			statement, after2, ok := cutStatement(rest)
			if ok {
				if call, ok := known.replace(statement, accept); ok {
					taken++
					out.WriteString(call)
					known.define(line)
					rest = after2
					continue
				}
			}
		}
		known.read(line)
		out.WriteString(line)
		rest = after
	}
	if taken == 0 {
		return program, seen, 0
	}
	return out.String(), seen, taken
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
func (known scopes) replace(text string, accept func(Conv) bool) (string, bool) {
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	end := ""
	if strings.HasSuffix(text, "\n") {
		end = "\n"
	}
	st, ok := parseConvolution(strings.TrimSuffix(text, "\n"))
	if !ok {
		return "", false
	}
	var c Conv
	rhs := st.rhs
	if original, ok := known.mirrored(st); ok {
		if c, ok = recognise(st, true); ok && accept(c) {
			return customCall(indent, st, original, c) + end, true
		}
	}
	if c, ok = recognise(st, false); ok && accept(c) {
		return customCall(indent, st, rhs, c) + end, true
	}
	return "", false
}

// customCall writes the call with its operands' and result's layouts fixed to row-major, which is what the handler reads.
func customCall(indent string, st statement, rhs string, c Conv) string {
	values := strings.ReplaceAll(strings.Trim(fmt.Sprint(c.values()), "[]"), " ", ", ")
	const rowMajor4 = "dense<[3, 2, 1, 0]> : tensor<4xindex>"
	return fmt.Sprintf(`%[1]s%[2]s = "stablehlo.custom_call"(%[3]s, %[4]s) {
%[1]s  api_version = 4 : i32,
%[1]s  backend_config = {conv = array<i64: %[5]s>},
%[1]s  call_target_name = %[6]q,
%[1]s  operand_layouts = [%[7]s, %[7]s],
%[1]s  result_layouts = [%[7]s]
%[1]s} : (%[8]s, %[9]s) -> %[10]s`,
		indent, st.result, st.lhs, rhs, values, Target, rowMajor4, st.lhsType, st.rhsType, st.outType)
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
