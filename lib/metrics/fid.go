package metrics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// FID returns the Fréchet distance of Heusel et al. 2017 (arXiv:1706.08500, equation 6) between the Gaussians with the means and
// covariances (divisor n−1) of two sets of features:
//
//	FID = |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½)
//
// With Σ₁ = FFᵀ, F by the pivoted Cholesky decomposition, the eigenvalues of Σ₁Σ₂ are those of the symmetric FᵀΣ₂F, which are real and not
// negative but for rounding: there is no NaN and no imaginary part, however singular the covariances are. It is biased: fewer pictures
// give a greater distance, so only distances at equal numbers can be compared. A set with no more pictures than features is an error.
func FID(reference, samples Features) (Score, error) {
	if err := comparable("FID", reference, samples); err != nil {
		return Score{}, err
	}
	for _, f := range []Features{reference, samples} {
		if f.N() <= f.Dim() {
			return Score{}, fmt.Errorf("FID: %s has %d pictures for %d features, too few for a covariance: take more than %d pictures, "+
				"fewer features, or KID, which needs no covariance", f.Of, f.N(), f.Dim(), f.Dim())
		}
	}
	m1, c1 := moments(reference)
	m2, c2 := moments(samples)
	value, err := frechet(m1, m2, c1, c2)
	if err != nil {
		return Score{}, err
	}
	return Score{
		Name: "fid", Value: value, Low: value, High: value, Better: "lower",
		Protocol: fmt.Sprintf("FID (Heusel 2017), %s", pairProtocol(reference, samples)),
	}, nil
}

func moments(f Features) (mean []float64, covariance *mat.SymDense) {
	x := mat.NewDense(f.N(), f.Dim(), f.m.Data)
	covariance = new(mat.SymDense)
	stat.CovarianceMatrix(covariance, x, nil)
	mean = make([]float64, f.Dim())
	for k := range mean {
		mean[k] = stat.Mean(mat.Col(nil, k, x), nil)
	}
	return mean, covariance
}

// frechet is the squared Fréchet (2-Wasserstein) distance between two Gaussians (Dowson & Landau 1982, Journal of Multivariate
// Analysis 12).
func frechet(m1, m2 []float64, c1, c2 *mat.SymDense) (float64, error) {
	sum := mat.Trace(c1) + mat.Trace(c2)
	for k := range m1 {
		sum += (m1[k] - m2[k]) * (m1[k] - m2[k])
	}
	var cholesky mat.PivotedCholesky
	cholesky.Factorize(c1, -1) // false only says that the matrix is singular
	rank := cholesky.Rank()
	if rank == 0 {
		return sum, nil
	}
	// c1 = P UᵀU Pᵀ; the first rows of U, with their columns put back, are Fᵀ [rank, d].
	var u mat.TriDense
	cholesky.UTo(&u)
	f := mat.NewDense(rank, len(m1), nil)
	for to, from := range cholesky.ColumnPivots(nil) {
		for i := range min(rank, to+1) {
			f.Set(i, from, u.At(i, to))
		}
	}
	var half, product mat.Dense
	half.Mul(f, c2)
	product.Mul(&half, f.T())
	symmetric := mat.NewSymDense(rank, nil)
	for i := range rank {
		for j := range i + 1 {
			symmetric.SetSym(i, j, (product.At(i, j)+product.At(j, i))/2)
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(symmetric, false) {
		return 0, fmt.Errorf("FID: the eigenvalues of the %d×%d covariance did not converge; scale the features, whose variances sum to %g and %g",
			rank, rank, mat.Trace(c1), mat.Trace(c2))
	}
	for _, v := range eigen.Values(nil) {
		sum -= 2 * math.Sqrt(max(v, 0))
	}
	return max(sum, 0), nil
}
