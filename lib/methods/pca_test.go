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

// TestPCALogit holds the fit against log-odds of pixels and of many points within their steps, the density against the normal one and the slope of the
// log-odds by central differences, and goes there and back.
func TestPCALogit(t *testing.T) {
	const edge = 1e-6
	odds := func(x float64) float64 { y := edge + (1-2*edge)*(255*x+0.5)/256; return math.Log(y / (1 - y)) } // of the middle of a step
	x, _ := linear(300)
	for i := range 20 {
		x[i][0], x[i][1] = 0, 255
	}
	m, vars := fitPCA(t, 5, "logit", x)
	const points = 20000 // within a step
	var mean, squares [256]float64
	for p := range 256 {
		for k := range points {
			v := odds((float64(p) + (float64(k)+0.5)/points - 0.5) / 255)
			mean[p] += v / points
			squares[p] += v * v / points
		}
	}
	fitted := covariance(vars)
	for i := range 6 {
		for j := range 6 {
			ei, ej, eij := 0.0, 0.0, 0.0
			for _, image := range x {
				a, b := image[i], image[j]
				ei, ej = ei+mean[a]/300, ej+mean[b]/300
				if i == j {
					eij += squares[a] / 300
				} else {
					eij += mean[a] * mean[b] / 300
				}
			}
			if want := eij - ei*ej; math.Abs(fitted.At(i, j)-want) > 2e-4*(1+math.Abs(want)) {
				t.Errorf("covariance (%d, %d) is %g, want %g", i, j, fitted.At(i, j), want)
			}
			if g := means(vars)[i]; math.Abs(g-ei) > 1e-4 {
				t.Errorf("mean %d is %g, want %g", i, g, ei)
			}
		}
	}
	store := model.NewStore()
	for path, a := range vars {
		if _, err := store.CreateVariable(path, tensor(a.Data, a.Shape...)); err != nil {
			t.Fatal(err)
		}
	}
	pixels := []float32{0.2, 0.5, 0.6, 0.4, 0.45, 0.9}
	out := model.MustCallOnceN(xlatest.Backend(t), store, func(s *model.Scope, x *graph.Node) []*graph.Node {
		code, _ := m.Encode(s, x)
		sample := m.Sample(s, code)
		again, _ := m.Encode(s, sample)
		return []*graph.Node{m.LogDensity(s, x), sample, code, again}
	}, tensor(pixels, 1, 2, 3, 1))
	normal, ok := distmv.NewNormal(means(vars), fitted, nil)
	if !ok {
		t.Fatal("the covariance is not positive definite")
	}
	at, want := make([]float64, 6), 0.0
	for i, v := range pixels {
		at[i] = odds(float64(v))
		want += math.Log((odds(float64(v)+1e-5) - odds(float64(v)-1e-5)) / 2e-5)
	}
	want += normal.LogProb(at)
	if got := float64(flat(out[0])[0]); math.Abs(got-want) > 1e-2 {
		t.Errorf("log-density %g, want %g", got, want)
	}
	for i, v := range flat(out[1]) {
		if !(v > 0 && v < 1) {
			t.Errorf("pixel %d of the reconstruction is %g", i, v)
		}
	}
	// The mean of a posterior is drawn towards 0: what is encoded again is the same code, drawn so once more.
	for k, v := range flat(out[2]) {
		shrunk := float64(v) * (1 - float64(vars["pca/noise"].Data[0]/vars["pca/variances"].Data[k]))
		if g := float64(flat(out[3])[k]); math.Abs(g-shrunk) > 1e-3 {
			t.Errorf("code %d is %g after there and back, want %g", k, g, shrunk)
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
