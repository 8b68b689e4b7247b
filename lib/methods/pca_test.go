package methods_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
)

// fitPCA fits to images of 2×3 pixels.
func fitPCA(t *testing.T, latent int, pixels string, x [][]uint8) (*methods.PCA, map[string]methods.Array) {
	t.Helper()
	m := new(methods.PCA)
	if _, err := methods.Apply("pca", m, lab.Set{"latent": latent, "pixels": pixels}); err != nil {
		t.Fatal(err)
	}
	if err := m.Pose(methods.Problem{Height: 2, Width: 3, Channels: 1}); err != nil {
		t.Fatal(err)
	}
	vars, err := m.Fit(runner{xlatest.Backend(t)}, methods.Images{N: len(x), Height: 2, Width: 3, Channels: 1, At: func(i int) []uint8 { return x[i] }})
	if err != nil {
		t.Fatal(err)
	}
	return m, vars
}

// covariance is WWᵀ + σ²I of a fitted model: U(Λ − σ²)Uᵀ + σ²I.
func covariance(vars map[string]methods.Array) *mat.SymDense {
	axes, spread, noise := vars["pca/axes"], vars["pca/variances"].Data, float64(vars["pca/noise"].Data[0])
	d := axes.Shape[1]
	c := mat.NewSymDense(d, nil)
	for i := range d {
		c.SetSym(i, i, noise)
	}
	for k, v := range spread {
		u := mat.NewVecDense(d, nil)
		for i := range d {
			u.SetVec(i, float64(axes.Data[k*d+i]))
		}
		c.SymRankOne(c, float64(v)-noise, u)
	}
	return c
}

func means(vars map[string]methods.Array) []float64 {
	var out []float64
	for _, v := range vars["pca/mean"].Data {
		out = append(out, float64(v))
	}
	return out
}

// linear draws images from a linear Gaussian model with two components and noise of deviation 0.04.
func linear(count int) (x [][]uint8, truth *mat.SymDense) {
	const sigma = 0.04
	w := [2][6]float64{{0.1, 0.05, -0.1, 0, 0.05, 0.1}, {0, 0.06, 0.06, -0.05, 0, 0.02}}
	r := rand.New(rand.NewPCG(9, 1))
	for range count {
		z := [2]float64{r.NormFloat64(), r.NormFloat64()}
		image := make([]uint8, 6)
		for i := range image {
			v := 0.5 + w[0][i]*z[0] + w[1][i]*z[1] + sigma*r.NormFloat64()
			image[i] = uint8(math.Round(255 * min(max(v, 0), 1)))
		}
		x = append(x, image)
	}
	truth = mat.NewSymDense(6, nil)
	for i := range 6 {
		for j := i; j < 6; j++ {
			truth.SetSym(i, j, w[0][i]*w[0][j]+w[1][i]*w[1][j])
		}
		truth.SetSym(i, i, truth.At(i, i)+sigma*sigma+1.0/(12*255*255)) // 8 bits
	}
	return x, truth
}

func TestPCARecoversModel(t *testing.T) {
	x, truth := linear(4000)
	m, vars := fitPCA(t, 2, "grey", x)
	if noise, want := float64(vars["pca/noise"].Data[0]), 0.04*0.04+1.0/(12*255*255); math.Abs(noise/want-1) > 0.05 {
		t.Errorf("σ² = %g, the data has %g", noise, want)
	}
	fitted := covariance(vars)
	for i := range 6 {
		for j := range 6 {
			if e := math.Abs(fitted.At(i, j) - truth.At(i, j)); e > 0.001 { // 5 deviations of a variance of 0.012 from 4000 images
				t.Errorf("covariance (%d, %d) is %g, the data's %g", i, j, fitted.At(i, j), truth.At(i, j))
			}
		}
	}

	// The log-density is gonum's, and the posterior is that of the joint normal distribution.
	store := model.NewStore()
	for path, a := range vars {
		if _, err := store.CreateVariable(path, tensor(a.Data, a.Shape...)); err != nil {
			t.Fatal(err)
		}
	}
	points := [][]float64{{0.5, 0.5, 0.5, 0.5, 0.5, 0.5}, {0.6, 0.5, 0.4, 0.5, 0.45, 0.65}, {0, 0.2, 0.4, 0.6, 0.8, 1}}
	var single []float32
	for _, p := range points {
		for _, v := range p {
			single = append(single, float32(v))
		}
	}
	got := model.MustCallOnceN(xlatest.Backend(t), store, func(s *model.Scope, x *graph.Node) []*graph.Node {
		mean, logVar := m.Encode(s, x)
		return []*graph.Node{m.LogDensity(s, x), mean, logVar, m.Sample(s, mean)}
	}, tensor(single, len(points), 2, 3, 1))
	density, ok := distmv.NewNormal(means(vars), fitted, nil)
	if !ok {
		t.Fatal("the fitted covariance is not positive definite")
	}
	var inverse mat.Cholesky
	if !inverse.Factorize(fitted) {
		t.Fatal("the fitted covariance is not positive definite")
	}
	for i, p := range points {
		if g, want := float64(flat(got[0])[i]), density.LogProb(p); math.Abs(g-want) > 1e-3*math.Max(1, math.Abs(want)/100) {
			t.Errorf("point %d: log-density %.6g, gonum has %.6g", i, g, want)
		}
		var solved mat.VecDense // C⁻¹(x − μ); then E[z|x] = Wᵀ of it
		centred := mat.NewVecDense(6, nil)
		for j := range p {
			centred.SetVec(j, p[j]-means(vars)[j])
		}
		if err := inverse.SolveVecTo(&solved, centred); err != nil {
			t.Fatal(err)
		}
		noise := float64(vars["pca/noise"].Data[0])
		for k := range 2 {
			spread := float64(vars["pca/variances"].Data[k])
			want := 0.0
			for j := range 6 {
				want += math.Sqrt(spread-noise) * float64(vars["pca/axes"].Data[k*6+j]) * solved.AtVec(j)
			}
			if g := float64(flat(got[1])[i*2+k]); math.Abs(g-want) > 1e-4*(1+math.Abs(want)) {
				t.Errorf("point %d: E[z%d|x] = %g, want %g", i, k, g, want)
			}
			if g, want := float64(flat(got[2])[i*2+k]), math.Log(noise/spread); math.Abs(g-want) > 1e-4 {
				t.Errorf("point %d: log Var[z%d|x] = %g, want %g", i, k, g, want)
			}
		}
	}
}

// TestPCADequantise: a binary image with P(1) = p and uniform noise has mean p + ½ and variance p(1 − p) + 1/12; pixels are
// correlated as the grey ones are. With all but one component, the model's covariance is the data's.
func TestPCADequantise(t *testing.T) {
	x, _ := linear(300)
	_, vars := fitPCA(t, 5, "binary", x)
	mean := make([]float64, 6)
	for _, image := range x {
		for i, v := range image {
			mean[i] += float64(v) / 255 / float64(len(x))
		}
	}
	fitted := covariance(vars)
	for i := range 6 {
		if g := means(vars)[i]; math.Abs(g-mean[i]-0.5) > 1e-6 {
			t.Errorf("mean %d is %g, want %g", i, g, mean[i]+0.5)
		}
		for j := range 6 {
			want := mean[i]*(1-mean[i]) + 1.0/12
			if i != j {
				want = 0
				for _, image := range x {
					want += (float64(image[i])/255 - mean[i]) * (float64(image[j])/255 - mean[j]) / float64(len(x))
				}
			}
			if g := fitted.At(i, j); math.Abs(g-want) > 1e-6 {
				t.Errorf("covariance (%d, %d) is %g, want %g", i, j, g, want)
			}
		}
	}
}

func TestPCATooFewImages(t *testing.T) {
	m := new(methods.PCA)
	_, err := m.Fit(runner{xlatest.Backend(t)}, methods.Images{N: 1, Height: 2, Width: 3, Channels: 1})
	if err == nil || !strings.Contains(err.Error(), "pca: 1 training images, but a covariance needs at least 2") {
		t.Errorf("error %v", err)
	}
}
