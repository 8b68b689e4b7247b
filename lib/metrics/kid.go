package metrics

import (
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// KIDOptions say how KID cuts the sets into blocks. The zero value is the default.
type KIDOptions struct {
	// Block is the number of pictures in a block, at least 2. 0 stands for 1000, or for a tenth of the smaller set if that is less.
	Block int
	// Seed decides which pictures come into which block.
	Seed int64
}

// KID returns the kernel distance of Bińkowski et al. 2018 (arXiv:1801.01401): the unbiased estimate of the squared maximum mean discrepancy
// under the polynomial kernel k(x, y) = (xᵀy/d + 1)³,
//
//	MMD² = Σᵢ≠ⱼ (k(xᵢ, xⱼ) + k(yᵢ, yⱼ)) / (m(m−1)) − 2 Σᵢⱼ k(xᵢ, yⱼ) / m²
//
// Both sets are shuffled by the seed and cut into blocks of m pictures that share none; the value is the mean over blocks, and
// the interval is Student's over them. (The field's code draws overlapping subsets instead, whose mean estimates the same number
// but whose spread is no standard error.) It is 0 on average for equal distributions, so it can be negative.
func KID(reference, samples Features, o KIDOptions) (Score, error) {
	if err := comparable("KID", reference, samples); err != nil {
		return Score{}, err
	}
	n := min(reference.N(), samples.N())
	m := o.Block
	if m == 0 {
		m = max(2, min(1000, n/10))
	}
	if m < 2 || m > n {
		return Score{}, fmt.Errorf("KID: a block of %d pictures does not fit %d %s and %d %s; give one from 2 to %d",
			m, reference.N(), reference.Of, samples.N(), samples.Of, n)
	}
	random := rand.New(rand.NewPCG(uint64(o.Seed), 0))
	one, other := random.Perm(reference.N()), random.Perm(samples.N())
	parts := make([]float64, n/m)
	for b := range parts {
		parts[b] = mmd2(reference.take(one[b*m:(b+1)*m]), samples.take(other[b*m:(b+1)*m]))
	}
	return Score{
		Name: "kid", Better: "lower",
		Protocol: fmt.Sprintf("KID (Bińkowski 2018), unbiased, (xᵀy/d + 1)³, mean over %d blocks of %d that share no picture, seed %d, %s",
			len(parts), m, o.Seed, pairProtocol(reference, samples)),
	}.ofParts(parts), nil
}

// mmd2 is the unbiased estimate for two sets of the same size.
func mmd2(x, y Features) float64 {
	m := float64(x.N())
	within := kernelSum(x, x, true) + kernelSum(y, y, true)
	return within/(m*(m-1)) - 2*kernelSum(x, y, false)/(m*m)
}

// kernelSum adds the kernel up over all pairs, or over those of different numbers.
func kernelSum(x, y Features, different bool) float64 {
	k := blas64.General{Rows: x.N(), Cols: y.N(), Stride: y.N(), Data: make([]float64, x.N()*y.N())}
	blas64.Gemm(blas.NoTrans, blas.Trans, 1/float64(x.Dim()), x.m, y.m, 0, k)
	sum := 0.0
	for i := range k.Rows {
		row := 0.0
		for j, v := range k.Data[i*k.Stride:][:k.Cols] {
			if v++; !different || i != j {
				row += v * v * v
			}
		}
		sum += row
	}
	return sum
}
