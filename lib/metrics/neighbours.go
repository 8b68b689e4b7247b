package metrics

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
)

// The distances of so many rows to so many columns are held at once by each processor: one megabyte.
const (
	blockRows = 128
	blockCols = 1024
)

// search computes the squared Euclidean distances between all pictures of a and of b, a block at a time on all processors. row is called with
// the distances of picture i of a to the pictures first, first+1, … of b. Calls for the same i come one after another in the order of
// first; calls for different i may come at the same time. row may change d2.
func search(a, b Features, row func(i, first int, d2 []float64)) {
	squareA, squareB := squares(a), squares(b)
	blocks := (a.N() + blockRows - 1) / blockRows
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), blocks) {
		wg.Go(func() {
			buffer := make([]float64, blockRows*blockCols)
			for {
				block := int(next.Add(1)) - 1
				if block >= blocks {
					return
				}
				from := block * blockRows
				some := rows(a, from, min(from+blockRows, a.N()))
				for first := 0; first < b.N(); first += blockCols {
					others := rows(b, first, min(first+blockCols, b.N()))
					dot := blas64.General{Rows: some.Rows, Cols: others.Rows, Stride: others.Rows, Data: buffer}
					blas64.Gemm(blas.NoTrans, blas.Trans, -2, some, others, 0, dot)
					for i := range some.Rows {
						d2 := dot.Data[i*dot.Stride:][:dot.Cols]
						for j := range d2 {
							d2[j] = max(d2[j]+squareA[from+i]+squareB[first+j], 0)
						}
						row(from+i, first, d2)
					}
				}
			}
		})
	}
	wg.Wait()
}

func rows(f Features, from, to int) blas64.General {
	m := f.m
	m.Rows, m.Data = to-from, m.Data[from*m.Stride:to*m.Stride]
	return m
}

func squares(f Features) []float64 {
	out := make([]float64, f.N())
	for i := range out {
		out[i] = floats.Dot(f.Row(i), f.Row(i))
	}
	return out
}

// radii returns the squared distance of each picture to its k-th nearest neighbour in the same set, itself not counted; k is below n.
func radii(f Features, k int) []float64 {
	nearest := make([]float64, f.N()*k) // of each picture, ascending
	for i := range nearest {
		nearest[i] = math.Inf(1)
	}
	search(f, f, func(i, first int, d2 []float64) {
		if self := i - first; self >= 0 && self < len(d2) {
			d2[self] = math.Inf(1)
		}
		best := nearest[i*k:][:k]
		for _, d := range d2 {
			if d >= best[k-1] {
				continue
			}
			at := k - 1
			for ; at > 0 && best[at-1] > d; at-- {
				best[at] = best[at-1]
			}
			best[at] = d
		}
	})
	out := make([]float64, f.N())
	for i := range out {
		out[i] = nearest[i*k+k-1]
	}
	return out
}

// nearest returns for each picture of a the number of the nearest one of b, and their Euclidean distance.
func nearest(a, b Features) (index []int, distance []float64) {
	index, distance = make([]int, a.N()), make([]float64, a.N())
	for i := range distance {
		distance[i] = math.Inf(1)
	}
	search(a, b, func(i, first int, d2 []float64) {
		if j := floats.MinIdx(d2); d2[j] < distance[i] {
			index[i], distance[i] = first+j, d2[j]
		}
	})
	for i, j := range index { // anew, as |a|² + |b|² − 2ab cancels where the two are nearly equal
		distance[i] = floats.Distance(a.Row(i), b.Row(j), 2)
	}
	return index, distance
}
