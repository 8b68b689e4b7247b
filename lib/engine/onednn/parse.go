package onednn

import (
	"strconv"
	"strings"
)

// tensor is a ranked tensor type such as tensor<3x9x9x4xf32>.
type tensor struct {
	dims  []int
	dtype string
}

// statement is one stablehlo.convolution as go-xla prints it.
type statement struct {
	result, lhs, rhs string // SSA names with their %
	lhsType, rhsType tensor
	outType          tensor

	lhsDims, rhsDims, outDims string // letters such as "b01f", "01io"
	strides, lhsDil, rhsDil   [2]int
	padding                   [2][2]int // [axis][low, high]
	groups, batchGroups       int
}

const convolutionOp = `"stablehlo.convolution"(`

// parseConvolution reads one whole statement, from its result's name to its result's type. It is strict: an attribute that it does
// not know, or one missing, means that it does not understand the statement.
func parseConvolution(s string) (st statement, ok bool) {
	head, rest, ok := strings.Cut(s, " = "+convolutionOp)
	if !ok || !isName(strings.TrimSpace(head)) {
		return st, false
	}
	st.result = strings.TrimSpace(head)
	args, rest, ok := strings.Cut(rest, ") {")
	if !ok {
		return st, false
	}
	attrs, types, ok := strings.Cut(rest, "} : ")
	if !ok {
		return st, false
	}
	if st.lhs, st.rhs, ok = strings.Cut(args, ", "); !ok || !isName(st.lhs) || !isName(st.rhs) {
		return st, false
	}
	if !st.parseTypes(types) {
		return st, false
	}
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(attrs), "\n") {
		line = strings.TrimSuffix(strings.TrimSpace(line), ",")
		key, value, ok := strings.Cut(line, " = ")
		if !ok || seen[key] || !st.parseAttribute(key, value) {
			return st, false
		}
		seen[key] = true
	}
	return st, len(seen) == 9
}

func (st *statement) parseTypes(s string) bool {
	in, out, ok := strings.Cut(s, " -> ")
	if !ok || !strings.HasPrefix(in, "(") || !strings.HasSuffix(in, ")") {
		return false
	}
	a, b, ok := strings.Cut(in[1:len(in)-1], ", ")
	if !ok {
		return false
	}
	for _, t := range []struct {
		text string
		to   *tensor
	}{{a, &st.lhsType}, {b, &st.rhsType}, {out, &st.outType}} {
		if *t.to, ok = parseTensor(t.text); !ok || len(t.to.dims) != 4 {
			return false
		}
	}
	return true
}

func (st *statement) parseAttribute(key, value string) bool {
	var ok bool
	switch key {
	case "batch_group_count":
		st.batchGroups, ok = parseInt64(value)
	case "feature_group_count":
		st.groups, ok = parseInt64(value)
	case "dimension_numbers":
		ok = st.parseDimensionNumbers(value)
	case "lhs_dilation":
		st.lhsDil, ok = parsePair(value)
	case "rhs_dilation":
		st.rhsDil, ok = parsePair(value)
	case "window_strides":
		st.strides, ok = parsePair(value)
	case "padding":
		st.padding, ok = parsePadding(value)
	case "window_reversal":
		ok = value == "array<i1: false, false>"
	case "precision_config": // float32 arithmetic is always in full precision here
		ok = strings.HasPrefix(value, "[#stablehlo<precision ") && strings.HasSuffix(value, ">]")
	}
	return ok
}

// parseDimensionNumbers reads #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>.
func (st *statement) parseDimensionNumbers(s string) bool {
	s, ok := strings.CutPrefix(s, "#stablehlo.conv<[")
	if !ok {
		return false
	}
	if s, ok = strings.CutSuffix(s, "]>"); !ok {
		return false
	}
	lhs, s, ok1 := strings.Cut(s, "]x[")
	rhs, out, ok2 := strings.Cut(s, "]->[")
	if !ok1 || !ok2 {
		return false
	}
	squeeze := func(s string) string { return strings.ReplaceAll(s, ", ", "") }
	st.lhsDims, st.rhsDims, st.outDims = squeeze(lhs), squeeze(rhs), squeeze(out)
	return permutes(st.lhsDims, "b01f") && permutes(st.rhsDims, "01io") && permutes(st.outDims, "b01f")
}

func permutes(s, letters string) bool {
	if len(s) != len(letters) {
		return false
	}
	for _, c := range letters {
		if strings.Count(s, string(c)) != 1 {
			return false
		}
	}
	return true
}

// parseTensor reads a ranked tensor type with fixed dimensions.
func parseTensor(s string) (t tensor, ok bool) {
	s, ok = strings.CutPrefix(s, "tensor<")
	if !ok {
		return t, false
	}
	if s, ok = strings.CutSuffix(s, ">"); !ok {
		return t, false
	}
	parts := strings.Split(s, "x")
	t.dtype = parts[len(parts)-1]
	for _, p := range parts[:len(parts)-1] {
		n, ok := parseNumber(p)
		if !ok {
			return t, false
		}
		t.dims = append(t.dims, n)
	}
	return t, true
}

// parseInt64 reads "2 : i64".
func parseInt64(s string) (int, bool) {
	s, ok := strings.CutSuffix(s, " : i64")
	if !ok {
		return 0, false
	}
	return parseNumber(s)
}

// parsePair reads "array<i64: 1, 2>".
func parsePair(s string) (p [2]int, ok bool) {
	s, ok1 := strings.CutPrefix(s, "array<i64: ")
	s, ok2 := strings.CutSuffix(s, ">")
	if !ok1 || !ok2 {
		return p, false
	}
	return twoNumbers(s)
}

// parsePadding reads "dense<[[1, 2], [1, 2]]> : tensor<2x2xi64>".
func parsePadding(s string) (p [2][2]int, ok bool) {
	s, ok1 := strings.CutPrefix(s, "dense<[[")
	s, ok2 := strings.CutSuffix(s, "]]> : tensor<2x2xi64>")
	a, b, ok3 := strings.Cut(s, "], [")
	if !ok1 || !ok2 || !ok3 {
		return p, false
	}
	if p[0], ok = twoNumbers(a); !ok {
		return p, false
	}
	p[1], ok = twoNumbers(b)
	return p, ok
}

func twoNumbers(s string) (p [2]int, ok bool) {
	a, b, ok := strings.Cut(s, ", ")
	if !ok {
		return p, false
	}
	x, ok1 := parseNumber(a)
	y, ok2 := parseNumber(b)
	return [2]int{x, y}, ok1 && ok2
}

// parseNumber reads a number of at most 31 bits, as oneDNN's own loops count.
func parseNumber(s string) (int, bool) {
	n, err := strconv.ParseInt(s, 10, 32)
	return int(n), err == nil
}

// isName says whether s is one SSA name such as %12 or %arg0.
func isName(s string) bool {
	if len(s) < 2 || s[0] != '%' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isNameByte(s[i]) {
			return false
		}
	}
	return true
}

func isNameByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
}
