package onednn

import (
	"fmt"
	"strings"
)

// SumTarget is the name of the custom_call that RewriteSums writes.
const SumTarget = "darkroom.sum"

// Sum is a sum over the rows of [Rows, Channels]: of a value, or of the product of two.
type Sum struct {
	Rows, Channels int
	Product        bool
}

// reduction is the inside of a sum as go-xla writes it; %s is a name.
var reduction = [...]string{
	`^reductionFn(%lhs: tensor<f32>, %rhs: tensor<f32>) :`,
	` = "stablehlo.add"(%lhs, %rhs) : (tensor<f32>, tensor<f32>) -> tensor<f32>`,
	`"stablehlo.return"(`,
	`}) { dimensions = array<i64: `,
}

const reduceOp = `"stablehlo.reduce"(`

// RewriteSums returns the StableHLO program with every float32 sum over all axes but the last that accept agrees to made a custom_call, and how many it
// took. Of a product its factors are passed on, and of a value that was only reshaped, or kept by a barrier, that value. Everything else
// stays byte for byte.
func RewriteSums(program string, accept func(Sum) bool) (rewritten string, taken int) {
	if !strings.Contains(program, reduceOp) {
		return program, 0
	}
	var out strings.Builder
	known := scopes{{}}
	for rest := program; rest != ""; {
		line, after := cutLine(rest)
		if strings.Contains(line, " = "+reduceOp) && isStatement(line) {
			if call, after, ok := known.sum(rest, accept); ok {
				taken++
				known.define(line)
				out.WriteString(call)
				rest = after
				continue
			}
		}
		known.read(line)
		out.WriteString(line)
		rest = after
	}
	if taken == 0 {
		return program, 0
	}
	return out.String(), taken
}

// sum reads the statement at the start of text and returns its call and the text after it.
func (known scopes) sum(text string, accept func(Sum) bool) (call, rest string, ok bool) {
	line, rest := cutLine(text)
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	result, s, _ := strings.Cut(strings.TrimSpace(line), " = "+reduceOp)
	args, end, ok1 := strings.Cut(s, ") ({")
	x, zero, ok2 := strings.Cut(args, ", ")
	start := known.find(zero)
	if !ok1 || !ok2 || end != "" || !isName(x) || start.number == nil || *start.number != 0 {
		return "", "", false
	}
	var inside [len(reduction)]string
	for i := range inside {
		line, rest = cutLine(rest)
		inside[i] = strings.TrimSpace(line)
	}
	total, ok1 := strings.CutSuffix(inside[1], reduction[1])
	types, ok2 := strings.CutPrefix(inside[3], reduction[3])
	if inside[0] != reduction[0] || !ok1 || !ok2 || inside[2] != reduction[2]+total+") : (tensor<f32>) -> ()" {
		return "", "", false
	}
	axes, types, ok1 := strings.Cut(types, "> } : (")
	in, sum, ok2 := strings.Cut(types, ", tensor<f32>) -> ")
	from, ok3 := parseTensor(in)
	to, ok4 := parseTensor(sum)
	if !ok1 || !ok2 || !ok3 || !ok4 || len(to.dims) != 1 || from.dtype != "f32" || to.dtype != "f32" {
		return "", "", false
	}
	rank := len(from.dims)
	if axes != list(rank-1, func(i int) string { return fmt.Sprint(i) }) || from.dims[rank-1] != to.dims[0] {
		return "", "", false
	}
	rows := 1
	for _, d := range from.dims[:rank-1] {
		rows *= d
	}
	x, from = known.origin(x, from)
	values, types2 := []string{x}, []tensor{from}
	if v := known.find(x); v.product[0] != "" && v.to.equal(from) {
		values, types2 = v.product[:], []tensor{from, from}
	}
	op := Sum{Rows: rows, Channels: to.dims[0], Product: len(values) == 2}
	if rows < 1 || op.Channels < 1 || !accept(op) {
		return "", "", false
	}
	config := fmt.Sprintf("sum = array<i64: %d, %d>", op.Rows, op.Channels)
	return indent + customCall(indent, result, SumTarget, config, values, types2, to) + line[len(strings.TrimRight(line, "\r\n")):], rest, true
}

// origin follows barriers, and reshapes that keep the last axis, back to the value that they began with.
func (known scopes) origin(name string, t tensor) (string, tensor) {
	for range 8 {
		v := known.find(name)
		switch {
		case v.same == "":
			return name, t
		case v.to.dims == nil: // a barrier
			name = v.same
		case len(v.from.dims) > 0 && v.from.dtype == t.dtype && v.to.equal(t) && v.from.dims[len(v.from.dims)-1] == t.dims[len(t.dims)-1]:
			name, t = v.same, v.from
		default:
			return name, t
		}
	}
	return name, t
}
