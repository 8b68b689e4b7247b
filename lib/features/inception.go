package features

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"darkroom/lib/nn"
	"darkroom/lib/record"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Inception is Inception-V3 (Szegedy et al. 2015, arXiv:1512.00567) as the FID of papers has it (Heusel et al. 2017, arXiv:1706.08500):
// TensorFlow's network of 5 December 2015. Unlike torchvision's, its means of 3×3 pixels leave out what lies beyond the edge, its last
// block takes the largest of 3×3 pixels instead of their mean, and it knows 1008 classes. Its weights are a file that the user gives.
type Inception struct {
	weights map[string]filter
	sum     string // SHA-256 of the file
}

// Sizes of Inception's results.
const (
	InceptionFeatures = 2048
	inceptionClasses  = 1008
	inceptionSide     = 299
)

// filter is a kernel [height, width, in, out] and a bias [out].
type filter struct {
	dims         []int
	kernel, bias []float32
}

// layer is a convolution, a batch norm and a ReLU. In a block one of stride 2 is not padded, and one of stride 1 keeps the size.
type layer struct {
	name                       string
	out, height, width, stride int
}

// branch is one of the ways through a block, whose channels are put side by side: a pooling, layers one after the other, and others that all
// read the last of these.
type branch struct {
	pool   func(*Node) *Node
	layers []layer
	ends   []layer
}

type block struct {
	name     string
	branches []branch
}

func mean3(x *Node) *Node { return nn.AvgPool(x, 3, 1, nn.Same) }
func most3(x *Node) *Node { return MaxPool(x).Window(3).Strides(1).PadSame().Done() }
func half3(x *Node) *Node { return MaxPool(x).Window(3).Strides(2).NoPadding().Done() }

func inceptionA(name string, pool int) block {
	return block{name, []branch{
		{layers: []layer{{"branch1x1", 64, 1, 1, 1}}},
		{layers: []layer{{"branch5x5_1", 48, 1, 1, 1}, {"branch5x5_2", 64, 5, 5, 1}}},
		{layers: []layer{{"branch3x3dbl_1", 64, 1, 1, 1}, {"branch3x3dbl_2", 96, 3, 3, 1}, {"branch3x3dbl_3", 96, 3, 3, 1}}},
		{pool: mean3, layers: []layer{{"branch_pool", pool, 1, 1, 1}}},
	}}
}

func inceptionB(name string) block {
	return block{name, []branch{
		{layers: []layer{{"branch3x3", 384, 3, 3, 2}}},
		{layers: []layer{{"branch3x3dbl_1", 64, 1, 1, 1}, {"branch3x3dbl_2", 96, 3, 3, 1}, {"branch3x3dbl_3", 96, 3, 3, 2}}},
		{pool: half3},
	}}
}

func inceptionC(name string, n int) block {
	return block{name, []branch{
		{layers: []layer{{"branch1x1", 192, 1, 1, 1}}},
		{layers: []layer{{"branch7x7_1", n, 1, 1, 1}, {"branch7x7_2", n, 1, 7, 1}, {"branch7x7_3", 192, 7, 1, 1}}},
		{layers: []layer{
			{"branch7x7dbl_1", n, 1, 1, 1}, {"branch7x7dbl_2", n, 7, 1, 1}, {"branch7x7dbl_3", n, 1, 7, 1},
			{"branch7x7dbl_4", n, 7, 1, 1}, {"branch7x7dbl_5", 192, 1, 7, 1},
		}},
		{pool: mean3, layers: []layer{{"branch_pool", 192, 1, 1, 1}}},
	}}
}

func inceptionD(name string) block {
	return block{name, []branch{
		{layers: []layer{{"branch3x3_1", 192, 1, 1, 1}, {"branch3x3_2", 320, 3, 3, 2}}},
		{layers: []layer{
			{"branch7x7x3_1", 192, 1, 1, 1}, {"branch7x7x3_2", 192, 1, 7, 1}, {"branch7x7x3_3", 192, 7, 1, 1}, {"branch7x7x3_4", 192, 3, 3, 2},
		}},
		{pool: half3},
	}}
}

func inceptionE(name string, pool func(*Node) *Node) block {
	return block{name, []branch{
		{layers: []layer{{"branch1x1", 320, 1, 1, 1}}},
		{layers: []layer{{"branch3x3_1", 384, 1, 1, 1}}, ends: []layer{{"branch3x3_2a", 384, 1, 3, 1}, {"branch3x3_2b", 384, 3, 1, 1}}},
		{
			layers: []layer{{"branch3x3dbl_1", 448, 1, 1, 1}, {"branch3x3dbl_2", 384, 3, 3, 1}},
			ends:   []layer{{"branch3x3dbl_3a", 384, 1, 3, 1}, {"branch3x3dbl_3b", 384, 3, 1, 1}},
		},
		{pool: pool, layers: []layer{{"branch_pool", 192, 1, 1, 1}}},
	}}
}

// inceptionStem is what comes before the blocks. Its layers are padded only where that is said.
var inceptionStem = []struct {
	layer
	padded bool
	pooled bool // half3 follows
}{
	{layer{"Conv2d_1a_3x3", 32, 3, 3, 2}, false, false},
	{layer{"Conv2d_2a_3x3", 32, 3, 3, 1}, false, false},
	{layer{"Conv2d_2b_3x3", 64, 3, 3, 1}, true, true},
	{layer{"Conv2d_3b_1x1", 80, 1, 1, 1}, false, false},
	{layer{"Conv2d_4a_3x3", 192, 3, 3, 1}, false, true},
}

func inceptionBlocks() []block {
	return []block{
		inceptionA("Mixed_5b", 32), inceptionA("Mixed_5c", 64), inceptionA("Mixed_5d", 64), inceptionB("Mixed_6a"),
		inceptionC("Mixed_6b", 128), inceptionC("Mixed_6c", 160), inceptionC("Mixed_6d", 160), inceptionC("Mixed_6e", 192),
		inceptionD("Mixed_7a"), inceptionE("Mixed_7b", mean3), inceptionE("Mixed_7c", most3),
	}
}

// eachLayer calls visit for all layers with their full names and numbers of input channels.
func eachLayer(visit func(name string, in int, l layer)) {
	in := 3
	for _, l := range inceptionStem {
		visit(l.name, in, l.layer)
		in = l.out
	}
	for _, b := range inceptionBlocks() {
		sum := 0
		for _, way := range b.branches {
			last := in
			for _, l := range way.layers {
				visit(b.name+"."+l.name, last, l)
				last = l.out
			}
			for _, l := range way.ends {
				visit(b.name+"."+l.name, last, l)
			}
			sum += last * max(1, len(way.ends)) // the ends have as many channels as what they read
		}
		in = sum
	}
}

// inceptionNames says where the names of the tensors come from, for errors.
const inceptionNames = "its tensors are named and shaped as in pytorch-fid's and torch-fidelity's file of weights"

// ReadInception reads the weights from a safetensors file; its tensors are those of pytorch-fid's and torch-fidelity's file
// (…-inception-2015-12-05-6726825d.pth), as float32. Other tensors in it are passed over. The error says what is not as it must be. A file of
// pickles is an error, too: reading those can run code.
func ReadInception(path string) (*Inception, error) {
	found, sum, err := readWeights(path)
	if err != nil {
		return nil, err
	}
	n := &Inception{weights: map[string]filter{}, sum: sum}
	take := func(name string, dims ...int) []float32 {
		t, ok := found[name]
		switch {
		case err != nil:
		case !ok:
			err = fmt.Errorf("%s has no tensor %s; %s", path, name, inceptionNames)
		case t.DType != "F32" || !slices.Equal(t.Shape, dims):
			err = fmt.Errorf("%s: the tensor %s is %s %v, but must be F32 %v; %s", path, name, t.DType, t.Shape, dims, inceptionNames)
		default:
			return floats(t.Data)
		}
		return nil
	}
	fc := take("fc.weight", inceptionClasses, InceptionFeatures)
	eachLayer(func(name string, in int, l layer) {
		w := take(name+".conv.weight", l.out, in, l.height, l.width)
		scale, shift := take(name+".bn.weight", l.out), take(name+".bn.bias", l.out)
		mean, variance := take(name+".bn.running_mean", l.out), take(name+".bn.running_var", l.out)
		if err == nil {
			n.weights[name] = folded(w, scale, shift, mean, variance, in, l)
		}
	})
	if err != nil {
		return nil, err
	}
	n.weights["fc"] = filter{dims: []int{inceptionClasses, InceptionFeatures}, kernel: fc}
	return n, nil
}

// largestWeights is the size of the largest file that is read; Inception's has 96 MB.
const largestWeights = 1 << 30

// readWeights reads a safetensors file: its tensors by name, and its SHA-256.
func readWeights(path string) (map[string]record.Tensor, string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", fmt.Errorf("the weights of Inception-V3: %w; give a safetensors file", err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, largestWeights+1))
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("the weights of Inception-V3: %w", err)
	case len(b) > largestWeights:
		return nil, "", fmt.Errorf("%s has more than %d bytes, and Inception's weights have 96 MB; give the right file", path, largestWeights)
	case bytes.HasPrefix(b, []byte("PK\x03\x04")), bytes.HasPrefix(b, []byte{0x80, 2}):
		return nil, "", fmt.Errorf("%s is a file of PyTorch, whose pickles can run code when they are read, so it is not; "+
			"write its tensors into a safetensors file, as the README says under Inception", path)
	}
	ts, _, err := record.ParseTensors(b)
	if err != nil {
		return nil, "", fmt.Errorf("%s is no safetensors file: %w", path, err)
	}
	out := map[string]record.Tensor{}
	for _, t := range ts {
		out[t.Name] = t
	}
	return out, fmt.Sprintf("%x", sha256.Sum256(b)), nil
}

func floats(b []byte) []float32 {
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

// folded is a convolution [out, in, height, width] and the batch norm behind it, with ε = 0.001, as one convolution.
func folded(w, scale, shift, mean, variance []float32, in int, l layer) filter {
	f := filter{[]int{l.height, l.width, in, l.out}, make([]float32, len(w)), make([]float32, l.out)}
	area := l.height * l.width
	for o := range l.out {
		factor := float64(scale[o]) / math.Sqrt(float64(variance[o])+0.001)
		f.bias[o] = float32(float64(shift[o]) - float64(mean[o])*factor)
		for i := range in {
			for at := range area {
				f.kernel[(at*in+i)*l.out+o] = float32(float64(w[(o*in+i)*area+at]) * factor)
			}
		}
	}
	return f
}

// Describe names the network and its weights, for protocols.
func (n *Inception) Describe() string {
	return fmt.Sprintf("the Inception-V3 of FID (weights %.12s)", n.sum)
}

// Look gives what papers take of pictures x [n, height, width, 1 or 3] in [0, 1]: the mean over the last maps, [n, InceptionFeatures], for FID,
// KID, precision and recall; and the scores of the classes without their bias, [n, 1008], for the Inception score. The pictures are rounded to 8 bits,
// resized to 299×299 as TensorFlow 1 does, and brought to [−1, 1).
func (n *Inception) Look(s *model.Scope, x *Node) (features, logits *Node) {
	d := x.Shape().Dimensions
	if x.Rank() != 4 || d[3] != 1 && d[3] != 3 {
		panic(fmt.Errorf("Inception: pictures are %s, but must be [n, height, width, 1 or 3]", x.Shape()))
	}
	x = preprocess(x)
	for _, l := range inceptionStem {
		x = n.conv(s, l.name, x, l.stride, l.padded)
		if l.pooled {
			x = half3(x)
		}
	}
	for _, b := range inceptionBlocks() {
		var ways []*Node
		for _, way := range b.branches {
			y := x
			if way.pool != nil {
				y = way.pool(y)
			}
			for _, l := range way.layers {
				y = n.conv(s, b.name+"."+l.name, y, l.stride, l.stride == 1)
			}
			if len(way.ends) == 0 {
				ways = append(ways, y)
			}
			for _, l := range way.ends {
				ways = append(ways, n.conv(s, b.name+"."+l.name, y, l.stride, true))
			}
		}
		x = Concatenate(ways, 3)
	}
	features = nn.GlobalAvgPool(x)
	fc := n.weights["fc"]
	w := s.At("fc").VariableWithValue("weight", tensors.FromFlatDataAndDimensions(fc.kernel, fc.dims...)).SetTrainable(false)
	return features, Einsum("nf,cf->nc", features, w.NodeValue(x.Graph()))
}

// preprocess makes of pictures in [0, 1] what the network reads.
func preprocess(x *Node) *Node {
	d := x.Shape().Dimensions
	x = Round(MulScalar(ClipScalar(x, 0, 1), 255))
	if d[3] == 1 {
		x = BroadcastToDims(x, d[0], d[1], d[2], 3)
	}
	matrix := func(from int) *Node {
		return ConstTensor(x.Graph(), tensors.FromFlatDataAndDimensions(resizeTF1(from, inceptionSide), inceptionSide, from))
	}
	x = Einsum("oh,bhwc->bowc", matrix(d[1]), x)
	x = Einsum("ow,bhwc->bhoc", matrix(d[2]), x)
	return MulScalar(AddScalar(x, -128), 1.0/128)
}

// resizeTF1 is the matrix [to, from] of bilinear interpolation along one axis as TensorFlow 1 does it: pixel i is read at i·from/to, so that the
// centres of pixels are not kept, and never more than two pixels count.
func resizeTF1(from, to int) []float32 {
	m := make([]float32, to*from)
	for i := range to {
		at := float64(i) * float64(from) / float64(to)
		low := int(at)
		part := float32(at - float64(low))
		m[i*from+low] += 1 - part
		m[i*from+min(low+1, from-1)] += part
	}
	return m
}

// conv is a layer of the network.
func (n *Inception) conv(s *model.Scope, name string, x *Node, stride int, padded bool) *Node {
	f := n.weights[name]
	s = s.At("%s", name)
	kernel := s.VariableWithValue("kernel", tensors.FromFlatDataAndDimensions(f.kernel, f.dims...)).SetTrainable(false)
	s.VariableWithValue("bias", tensors.FromFlatDataAndDimensions(f.bias, len(f.bias))).SetTrainable(false) // for nn.AddBias
	padding := [][2]int{{}, {}}
	if padded {
		for i := range padding {
			padding[i] = [2]int{f.dims[i] / 2, f.dims[i] / 2}
		}
	}
	y := Convolve(x, kernel.NodeValue(x.Graph())).Strides(stride).PaddingPerDim(padding).Done()
	return nn.ReLU(nn.AddBias(s, y))
}
