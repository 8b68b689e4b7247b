package sparse

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Dictionary is a set of atoms of unit norm: Atoms holds them as rows, [atoms, size].
type Dictionary struct {
	Count, Size int
	Atoms       []float32
}

// OvercompleteDCT is the separable cosine dictionary for side×side patches with freq×freq atoms (Elad & Aharon 2006, section III):
// atom (k, l) is the outer product of cos(π·i·k/freq) over the rows and cos(π·j·l/freq) over the columns, i, j = 0 … side−1, each but the
// constant one with its mean taken away, and normalised.
func OvercompleteDCT(side, freq int) Dictionary {
	one := make([][]float64, freq)
	for k := range one {
		v := make([]float64, side)
		mean := 0.0
		for i := range v {
			v[i] = math.Cos(math.Pi * float64(i) * float64(k) / float64(freq))
			mean += v[i] / float64(side)
		}
		norm := 0.0
		for i := range v {
			if k > 0 {
				v[i] -= mean
			}
			norm += v[i] * v[i]
		}
		for i := range v {
			v[i] /= math.Sqrt(norm)
		}
		one[k] = v
	}
	d := Dictionary{Count: freq * freq, Size: side * side, Atoms: make([]float32, 0, freq*freq*side*side)}
	for k := range freq {
		for l := range freq {
			for i := range side {
				for j := range side {
					d.Atoms = append(d.Atoms, float32(one[k][i]*one[l][j]))
				}
			}
		}
	}
	return d
}

// Norm2 is the largest eigenvalue of DᵀD: the Lipschitz constant of the gradient of ½‖y − Da‖². It returns an error for a dictionary with
// an atom that is zero or not finite.
func (d Dictionary) Norm2() (float64, error) {
	m := mat.NewDense(d.Count, d.Size, nil)
	for i := range d.Count {
		norm := 0.0
		for j := range d.Size {
			v := float64(d.Atoms[i*d.Size+j])
			m.Set(i, j, v)
			norm += v * v
		}
		if !(norm > 0) || math.IsInf(norm, 0) {
			return 0, fmt.Errorf("dictionary: atom %d has norm %g; every atom must be finite and not zero", i, math.Sqrt(norm))
		}
	}
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDNone) {
		return 0, fmt.Errorf("dictionary: singular values of %d×%d did not converge", d.Count, d.Size)
	}
	s := svd.Values(nil)[0]
	return s * s, nil
}
