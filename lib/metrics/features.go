package metrics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas/blas64"
)

// Features are what a network makes of n pictures: a vector of d numbers each. Make them with NewFeatures.
type Features struct {
	// Network names the network, its layer, the hash of its weights and how pictures are resized for it. Features of different networks
	// are never compared.
	Network string
	// Of says which pictures these are, in words that are the same for every method that is compared: "mnist test", "samples".
	Of string

	m blas64.General // [n, d], finite
}

// NewFeatures returns the features of n pictures, values being [n, d] row by row. They are kept as float64, which takes 8 n d bytes.
// Numbers that do not fit n and d, and a value that is not finite, are errors.
func NewFeatures[T float32 | float64](network, of string, n, d int, values []T) (Features, error) {
	if n < 1 || d < 1 || len(values) != n*d {
		return Features{}, fmt.Errorf("features of %s: %d values are not %d pictures × %d features; both must be at least 1",
			of, len(values), n, d)
	}
	kept := make([]float64, len(values))
	for i, v := range values {
		kept[i] = float64(v)
		if math.IsNaN(kept[i]) || math.IsInf(kept[i], 0) {
			return Features{}, fmt.Errorf("features of %s: feature %d of picture %d is %v; look at the picture, or at the network %s",
				of, i%d, i/d, v, network)
		}
	}
	return Features{network, of, blas64.General{Rows: n, Cols: d, Stride: d, Data: kept}}, nil
}

// N is the number of pictures.
func (f Features) N() int { return f.m.Rows }

// Dim is the number of features of each picture.
func (f Features) Dim() int { return f.m.Cols }

// Row returns the features of picture i; do not change them.
func (f Features) Row(i int) []float64 { return f.m.Data[i*f.m.Stride:][:f.m.Cols] }

// take returns the features of some of the pictures.
func (f Features) take(pictures []int) Features {
	data := make([]float64, 0, len(pictures)*f.Dim())
	for _, i := range pictures {
		data = append(data, f.Row(i)...)
	}
	f.m = blas64.General{Rows: len(pictures), Cols: f.Dim(), Stride: f.Dim(), Data: data}
	return f
}

// comparable returns an error unless a measure may compare all the features: one network, one dimension, at least two pictures each.
func comparable(measure string, all ...Features) error {
	for _, f := range all {
		switch first := all[0]; {
		case f.Network != first.Network:
			return fmt.Errorf("%s: %s has features of %s, but %s of %s; use one network for both",
				measure, first.Of, first.Network, f.Of, f.Network)
		case f.Dim() != first.Dim():
			return fmt.Errorf("%s: %s has %d features a picture, but %s has %d; use one layer for both",
				measure, first.Of, first.Dim(), f.Of, f.Dim())
		case f.N() < 2:
			return fmt.Errorf("%s: %s has %d pictures of the at least 2 needed", measure, f.Of, f.N())
		}
	}
	return nil
}

// pairProtocol is the part of a protocol that every measure on features shares.
func pairProtocol(reference, samples Features) string {
	return fmt.Sprintf("%d %s against %d %s, features: %s", samples.N(), samples.Of, reference.N(), reference.Of, samples.Network)
}
