package bench

import (
	"hash/crc32"
	"math"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// The weights and data of these tests come from a formula in integers that testdata/torch_losses.py has too, so nothing but losses
// is stored. noise is element i of the array with the given name: uniform in [-1, 1) in steps of 2⁻²³, which float32 holds exactly.
func noise(name string, i int) float64 {
	h := crc32.ChecksumIEEE([]byte(name)) + uint32(i)*0x9e3779b1
	for _, m := range []uint32{0x85ebca6b, 0xc2b2ae35} { // MurmurHash3's finalizer
		h = (h ^ h>>15) * m
	}
	return float64((h^h>>16)>>8)/(1<<23) - 1
}

// weight is element i of a trained variable: uniform within Glorot's limit for kernels and weights, near their usual first values, but not at
// them, for the others. Those before a batch norm, which takes their scale out again, are 8 times as large: Adam's steps of a
// fixed size are then small beside them, and the losses of 20 steps reproducible. With Glorot's own, rounding flips so many ReLUs that
// PyTorch's float32 losses differ from its float64 ones by 1e-3, and no two float32 programs agree.
func weight(path string, dims []int, i int) float64 {
	switch path[strings.LastIndexByte(path, '/')+1:] {
	case "scale":
		return 1 + noise(path, i)/8
	case "bias", "shift":
		return noise(path, i) / 8
	}
	n := len(dims)
	field := 1
	for _, d := range dims[:n-2] {
		field *= d
	}
	w := noise(path, i) * math.Sqrt(6/float64(field*(dims[n-2]+dims[n-1])))
	switch {
	case path == "/G/dense/weights" || path == "/G/up1/kernel" || path == "/D/down2/kernel":
		w *= 8
	case strings.HasPrefix(path, "/net/conv"):
		w *= 64
	}
	return w
}

// fill gives every variable its first value: trained ones by the formula, the others as a new network has them.
func fill[T float32 | float64](store *model.Store) error {
	for v := range store.IterVariables() {
		if v.Name() == model.RNGStateVariableName {
			continue
		}
		var t *tensors.Tensor
		switch dims := v.Shape().Dimensions; {
		case !v.Trainable:
			t = tensors.FromShape(v.Shape()) // zeros
			if v.Name() == "variance" {
				tensors.MustMutableFlatData(t, func(flat []T) {
					for i := range flat {
						flat[i] = 1
					}
				})
			}
		default:
			flat := make([]T, v.Shape().Size())
			for i := range flat {
				flat[i] = T(float32(weight(v.Path(), dims, i)))
			}
			t = tensors.FromFlatDataAndDimensions(flat, dims...)
		}
		if err := v.SetValue(t); err != nil {
			return err
		}
	}
	return store.SetRNGStateFromSeed(1)
}

// image returns a tensor of f of the elements' numbers.
func image(f func(i int) float64, dims ...int) *tensors.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	flat := make([]float32, n)
	for i := range flat {
		flat[i] = float32(f(i))
	}
	return tensors.FromFlatDataAndDimensions(flat, dims...)
}
