package onednn

import (
	"fmt"
	"math"
	"strings"
)

// Kind says which of the three convolutions an operation is.
type Kind int

// The kinds, in the numbering of conv.c.
const (
	Forward         Kind = iota // y from x and w
	BackwardData                // x from y and w: the input's gradient, or a transposed convolution
	BackwardWeights             // w from x and y: the kernel's gradient
)

func (k Kind) String() string { return [...]string{"forward", "backward data", "backward weights"}[k] }

// Conv is one convolution as oneDNN has it, always seen from the forward one: x [N, H, W, C], y [N, OH, OW, K] and a kernel of KH×KW,
// whatever of the three is computed. Activations are channels-last; WeightStrides say where the kernel's elements lie.
type Conv struct {
	Kind             Kind
	N, H, W, C       int // x
	OH, OW, K        int // y: [N, OH, OW, K]
	KH, KW           int
	StrideH, StrideW int
	DilateH, DilateW int // 1: no dilation
	Top, Bottom      int // padding of x
	Left, Right      int
	Groups           int
	WeightStrides    [5]int  // of group, output channel, input channel, row, column; in elements
	Flip             bool    // the kernel lies mirrored in both spatial axes
	Bias             bool    // a vector of the result's channels is added to it; not for BackwardWeights
	Activated        bool    // then its negative values are multiplied by Slope (0: ReLU); not for BackwardWeights
	Slope            float32 // from 0 to below 1
}

// values is the order in which conv.c reads the fields.
func (c Conv) values() []int {
	number := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return append([]int{int(c.Kind), c.N, c.H, c.W, c.C, c.OH, c.OW, c.K, c.KH, c.KW, c.StrideH, c.StrideW, c.DilateH, c.DilateW,
		c.Top, c.Bottom, c.Left, c.Right, c.Groups, number(c.Flip), number(c.Bias), number(c.Activated), int(math.Float32bits(c.Slope))},
		c.WeightStrides[:]...)
}

// String is short and complete: it is what error messages and reports show.
func (c Conv) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s convolution of x [%d, %d, %d, %d] with kernel %d×%d to y [%d, %d, %d, %d], stride %d×%d",
		c.Kind, c.N, c.H, c.W, c.C, c.KH, c.KW, c.N, c.OH, c.OW, c.K, c.StrideH, c.StrideW)
	fmt.Fprintf(&b, ", padding %d+%d, %d+%d", c.Top, c.Bottom, c.Left, c.Right)
	if c.DilateH != 1 || c.DilateW != 1 {
		fmt.Fprintf(&b, ", dilation %d×%d", c.DilateH, c.DilateW)
	}
	if c.Groups != 1 {
		fmt.Fprintf(&b, ", %d groups", c.Groups)
	}
	if c.Bias {
		b.WriteString(", with bias")
	}
	if c.Activated {
		b.WriteString(", activated")
	}
	return b.String()
}

// FLOPs is the number of multiplications and additions, not counting those with padding as fewer.
func (c Conv) FLOPs() float64 {
	return 2 * float64(c.N) * float64(c.OH) * float64(c.OW) * float64(c.K) * float64(c.C/c.Groups) * float64(c.KH) * float64(c.KW)
}

// recognise tells which convolution a statement is. reversed is true when rhs is known to be the mirror image, in
// both spatial axes, of another value that will be used in its place.
func recognise(st statement, reversed bool) (Conv, bool) {
	if st.lhsType.dtype != "f32" || st.rhsType.dtype != "f32" || st.outType.dtype != "f32" {
		return Conv{}, false
	}
	for _, t := range []tensor{st.lhsType, st.rhsType, st.outType} {
		elements := 1
		for _, d := range t.dims {
			if d < 1 || elements > (1<<40)/d {
				return Conv{}, false
			}
			elements *= d
		}
	}
	if !positive(st.strides) || !positive(st.lhsDil) || !positive(st.rhsDil) || st.groups < 1 || st.batchGroups < 1 {
		return Conv{}, false
	}
	one := [2]int{1, 1}
	var c Conv
	var ok bool
	switch {
	case st.lhsDims == "f01b" && st.rhsDims == "i01o":
		if st.lhsDil == one && st.groups == 1 && !reversed {
			c, ok = kernelGradient(st)
		}
	case st.lhsDims == "b01f" && st.outDims == "b01f" && st.batchGroups == 1:
		if st.strides == one && (st.lhsDil != one || reversed) {
			c, ok = inputGradient(st)
			c.Flip = !reversed
		} else if st.lhsDil == one && !reversed {
			c, ok = forward(st)
		}
	}
	return c, ok && c.consistent()
}

// forward is y = x * w with stride, padding, dilation of the kernel and groups.
func forward(st statement) (c Conv, ok bool) {
	x, w, y := st.lhsType.dims, st.rhsType.dims, st.outType.dims
	at := func(letter string) int { return strings.Index(st.rhsDims, letter) }
	c = Conv{Kind: Forward, N: x[0], H: x[1], W: x[2], C: x[3], OH: y[1], OW: y[2], K: y[3],
		KH: w[at("0")], KW: w[at("1")], StrideH: st.strides[0], StrideW: st.strides[1],
		DilateH: st.rhsDil[0], DilateW: st.rhsDil[1], Groups: st.groups,
		Top: st.padding[0][0], Bottom: st.padding[0][1], Left: st.padding[1][0], Right: st.padding[1][1]}
	s := rowMajor(w)
	c.WeightStrides = [5]int{c.K / c.Groups * s[at("o")], s[at("o")], s[at("i")], s[at("0")], s[at("1")]}
	return c, y[0] == c.N && w[at("o")] == c.K && w[at("i")]*c.Groups == c.C
}

// inputGradient is a convolution of y, spread by the stride, with the mirrored kernel. The kernel's input channels ("i") are the
// channels of y, so they are output channels of the forward convolution.
func inputGradient(st statement) (c Conv, ok bool) {
	y, w, x := st.lhsType.dims, st.rhsType.dims, st.outType.dims
	at := func(letter string) int { return strings.Index(st.rhsDims, letter) }
	c = Conv{Kind: BackwardData, N: y[0], OH: y[1], OW: y[2], K: y[3], H: x[1], W: x[2], C: x[3],
		KH: w[at("0")], KW: w[at("1")], StrideH: st.lhsDil[0], StrideW: st.lhsDil[1],
		DilateH: st.rhsDil[0], DilateW: st.rhsDil[1], Groups: st.groups}
	c.Top = (c.KH-1)*c.DilateH - st.padding[0][0]
	c.Left = (c.KW-1)*c.DilateW - st.padding[1][0]
	// The spread y, padded, must give exactly x's size.
	if (c.OH-1)*c.StrideH+1+st.padding[0][0]+st.padding[0][1]-(c.KH-1)*c.DilateH != c.H ||
		(c.OW-1)*c.StrideW+1+st.padding[1][0]+st.padding[1][1]-(c.KW-1)*c.DilateW != c.W {
		return c, false
	}
	var ok1, ok2 bool
	c.Bottom, ok1 = farPadding(c.H, c.OH, c.KH, c.StrideH, c.DilateH, c.Top)
	c.Right, ok2 = farPadding(c.W, c.OW, c.KW, c.StrideW, c.DilateW, c.Left)
	s := rowMajor(w)
	c.WeightStrides = [5]int{c.C / c.Groups * s[at("o")], s[at("i")], s[at("o")], s[at("0")], s[at("1")]}
	return c, ok1 && ok2 && x[0] == c.N && w[at("o")] == c.C && w[at("i")]*c.Groups == c.K
}

// kernelGradient is a convolution of x with y as the kernel, spread by the stride, in which batch and channels change places.
func kernelGradient(st statement) (c Conv, ok bool) {
	x, y, w := st.lhsType.dims, st.rhsType.dims, st.outType.dims
	at := func(letter string) int { return strings.Index(st.outDims, letter) }
	c = Conv{Kind: BackwardWeights, N: x[0], H: x[1], W: x[2], C: x[3], OH: y[1], OW: y[2], K: y[3],
		KH: w[at("0")], KW: w[at("1")], StrideH: st.rhsDil[0], StrideW: st.rhsDil[1],
		DilateH: st.strides[0], DilateW: st.strides[1], Groups: st.batchGroups,
		Top: st.padding[0][0], Left: st.padding[1][0]}
	// The windows of x that y slides over must be exactly as many as the kernel has elements.
	rows := c.H + st.padding[0][0] + st.padding[0][1] - ((c.OH-1)*c.StrideH + 1)
	columns := c.W + st.padding[1][0] + st.padding[1][1] - ((c.OW-1)*c.StrideW + 1)
	if rows < 0 || columns < 0 || rows/c.DilateH+1 != c.KH || columns/c.DilateW+1 != c.KW {
		return c, false
	}
	var ok1, ok2 bool
	c.Bottom, ok1 = farPadding(c.H, c.OH, c.KH, c.StrideH, c.DilateH, c.Top)
	c.Right, ok2 = farPadding(c.W, c.OW, c.KW, c.StrideW, c.DilateW, c.Left)
	s := rowMajor(w)
	c.WeightStrides = [5]int{c.K / c.Groups * s[at("f")], s[at("f")], s[at("b")], s[at("0")], s[at("1")]}
	return c, ok1 && ok2 && y[0] == c.N && w[at("f")] == c.K && w[at("b")]*c.Groups == c.C
}

// farPadding is the padding after the last row (or column) with which n rows give exactly out windows. A little more or less padding can
// give the same number; oneDNN wants none that is negative.
func farPadding(n, out, kernel, stride, dilation, near int) (int, bool) {
	p := (out-1)*stride + (kernel-1)*dilation + 1 - n - near
	if p < 0 && p+stride > 0 {
		p = 0
	}
	return p, p >= 0
}

// consistent checks what every convolution must satisfy, and what oneDNN cannot do.
func (c Conv) consistent() bool {
	if min(c.Top, c.Bottom, c.Left, c.Right) < 0 || c.C%c.Groups != 0 || c.K%c.Groups != 0 {
		return false
	}
	rows := c.H + c.Top + c.Bottom - ((c.KH-1)*c.DilateH + 1)
	columns := c.W + c.Left + c.Right - ((c.KW-1)*c.DilateW + 1)
	return rows >= 0 && columns >= 0 && rows/c.StrideH+1 == c.OH && columns/c.StrideW+1 == c.OW
}

func positive(p [2]int) bool { return p[0] > 0 && p[1] > 0 }

// rowMajor returns the strides, in elements, of a dense row-major array.
func rowMajor(dims []int) []int {
	s := make([]int, len(dims))
	n := 1
	for i := len(dims) - 1; i >= 0; i-- {
		s[i] = n
		n *= dims[i]
	}
	return s
}
