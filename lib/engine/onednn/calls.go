package onednn

import (
	"strings"
	"unicode"
)

// handled are the kinds of call that RewriteCalls knows, and how many results each has. The functions' first operands are the handler's, matrices
// [rows, columns] of float32 but for supports, which are int32:
//
//	omp    D·y, the atoms' squares as [1 or n, atoms], ‖y‖², the least of it to stop at, [recursive]; DDᵀ, or D and masks → support, coefficients
//	lasso  y, D, D·y, ½‖y‖², λ as [1 or n, atoms], [non-negative, tolerance, steps, masked?, start?, room]; DDᵀ or masks; maybe start → codes, steps
//	atoms  y, D, support, coefficients, maybe masks → D, coefficients
var handled = map[string]int{"omp": 2, "lasso": 2, "atoms": 2}

// RewriteCalls returns the StableHLO program with each call of a function darkroom_KIND_NUMBER made a custom_call of the handler darkroom.KIND, and
// how many calls it took. Such a function returns its last operands, which are its results as XLA computes them; the custom_call does without
// them, so that XLA drops what would compute them. On a plugin without handlers the function is what it says.
func RewriteCalls(program string) (rewritten string, taken int) {
	if !strings.Contains(program, calledFunction) {
		return program, 0
	}
	var out strings.Builder
	for rest := program; rest != ""; {
		var line string
		line, rest = cutLine(rest)
		if call, ok := rewriteCall(line); ok {
			line = call
			taken++
		}
		out.WriteString(line)
	}
	return out.String(), taken
}

const calledFunction = "{ callee = @darkroom_"

// rewriteCall reads `%a, %b = "func.call"(%x, …) { callee = @darkroom_KIND_NUMBER } : (types) -> (types)`.
func rewriteCall(line string) (call string, ok bool) {
	body := strings.TrimSpace(line)
	results, rest, ok1 := strings.Cut(body, ` = "func.call"(`)
	operands, rest, ok2 := strings.Cut(rest, ") "+calledFunction)
	name, types, ok3 := strings.Cut(rest, " } : (")
	in, out, ok4 := strings.Cut(types, ") -> (")
	kind, number, ok5 := strings.Cut(name, "_")
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !strings.HasSuffix(out, ")") || strings.ContainsFunc(number, func(r rune) bool { return !unicode.IsDigit(r) }) {
		return "", false
	}
	args := strings.Split(operands, ", ")
	given, ok1 := parseTensors(in)
	made, ok2 := parseTensors(strings.TrimSuffix(out, ")"))
	names := strings.Split(results, ", ")
	own := len(args) - len(made)
	if n, known := handled[kind]; !known || !ok1 || !ok2 || n != len(made) || n != len(names) || len(given) != len(args) || own < 1 {
		return "", false
	}
	for _, name := range append(names, args...) {
		if !isName(name) {
			return "", false
		}
	}
	for i, t := range made {
		if !t.equal(given[own+i]) {
			return "", false
		}
	}
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	return indent + customCall(indent, results, "darkroom."+kind, "", args[:own], given[:own], made...) + line[len(strings.TrimRight(line, "\r\n")):], true
}

// parseTensors reads types that are separated by commas.
func parseTensors(s string) (out []tensor, ok bool) {
	for _, part := range strings.Split(s, ", ") {
		t, ok := parseTensor(part)
		if !ok {
			return nil, false
		}
		out = append(out, t)
	}
	return out, true
}
