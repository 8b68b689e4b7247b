package nn

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go
)

// block is what an error names: the block and, if it has weights, the scope where they live. Its methods check what a block is given, and
// panic with an error, which GoMLX returns from compiling the graph.
type block struct {
	name  string
	scope *Scope // or nil
}

func (b block) fail(format string, args ...any) {
	where := "nn." + b.name
	if b.scope != nil {
		where += " at " + b.scope.Scope()
	}
	panic(fmt.Errorf(where+": "+format, args...))
}

// image checks that x is a stack of images.
func (b block) image(x *Node) {
	if x.Rank() != 4 {
		b.fail("x is %s, but must be [batch, height, width, channels]", x.Shape())
	}
	if !x.DType().IsFloat() {
		b.fail("x is %s; convert it to a floating-point type", x.Shape())
	}
}

func checkImage(name string, x *Node) { block{name, nil}.image(x) }

func (b block) atLeast(what string, n, least int) {
	if n < least {
		b.fail("%s is %d; it must be at least %d", what, n, least)
	}
}

func (b block) positive(what string, v float64) {
	if !(v > 0) {
		b.fail("%s is %g; it must be above 0", what, v)
	}
}

func (b block) initializer(init Initializer) {
	if init == nil {
		b.fail("there is no initializer; give nn.Normal(s, 0.02), nn.Glorot(s) or nn.He(s)")
	}
}

// padding checks the padding of a window, and makes Same of its other name PadZero.
func (b block) padding(p PadMode) PadMode {
	switch p {
	case Same, PadZero:
		return Same
	case Valid, PadReflect, PadReplicate:
		return p
	}
	b.fail("unknown padding %q; use %s", p, paddings(Same, Valid, PadReflect, PadReplicate))
	return p
}

// reflection checks that an axis of x can be lengthened by n pixels at an end, if by reflection.
func (b block) reflection(x *Node, n, axis int, mode PadMode) {
	if mode == PadReflect && n >= x.Shape().Dim(axis) {
		b.fail("a reflection by %d pixels needs more than %d, but x is %s; nn.PadReplicate needs one", n, n, x.Shape())
	}
}

// known checks an interpolation.
func (b block) known(kind Interpolation) {
	if kind != Nearest && kind != Bilinear && kind != Bicubic {
		b.fail("unknown interpolation %q; use nearest, bilinear or bicubic", kind)
	}
}

// paddings lists paddings as they are written in code.
func paddings(modes ...PadMode) string {
	names := map[PadMode]string{Same: "nn.Same", Valid: "nn.Valid", PadReflect: "nn.PadReflect", PadReplicate: "nn.PadReplicate"}
	list := make([]string, len(modes))
	for i, m := range modes {
		list[i] = names[m]
	}
	return orList(list)
}

// divisors lists the common divisors of some numbers.
func divisors(numbers ...int) string {
	var list []string
	for n := 1; n <= slices.Min(numbers); n++ {
		if !slices.ContainsFunc(numbers, func(m int) bool { return m%n != 0 }) {
			list = append(list, fmt.Sprint(n))
		}
	}
	return orList(list)
}

// orList writes "a, b or c".
func orList(list []string) string {
	if last := len(list) - 1; last > 0 {
		return strings.Join(list[:last], ", ") + " or " + list[last]
	}
	return strings.Join(list, "")
}

// operand is an argument of a block, by name.
type operand struct {
	name string
	x    *Node
}

// together checks that arguments can be combined element by element: an axis is as long in all of them, or 1, and scalars go with all.
func (b block) together(operands ...operand) {
	first := operands[0]
	for _, o := range operands[1:] {
		if first.x.IsScalar() {
			first = o
			continue
		}
		if o.x.IsScalar() {
			continue
		}
		fits := o.x.Rank() == first.x.Rank() && o.x.DType() == first.x.DType()
		for i := 0; fits && i < o.x.Rank(); i++ {
			n, m := o.x.Shape().Dim(i), first.x.Shape().Dim(i)
			fits = n == m || n == 1 || m == 1
		}
		if !fits {
			b.fail("%s is %s and %s is %s; they must have the same type and shape", first.name, first.x.Shape(), o.name, o.x.Shape())
		}
	}
}
