package methods

import (
	"fmt"

	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"gonum.org/v1/gonum/mat"
)

// PatchPCA keeps of each patch its first principal components (Deledalle, Salmon & Dalalyan 2011, Image denoising with patch based PCA, BMVC;
// global form):
//
//	x̂ = μ + UUᵀ(y − μ),  U the leading eigenvectors of the training patches' covariance
//
// and averages the patches that overlap. Of all linear codes of this size it loses least: what an autoencoder must beat.
type PatchPCA struct {
	Posed
	Window  int `default:"12" range:"2:32" help:"side of the patches"`
	Code    int `default:"32" range:"1:1024" help:"number of principal components"`
	Stride  int `default:"2" range:"1:32" help:"pixels between neighbouring patches"`
	Patches int `default:"20000" range:"2:200000" help:"training patches"`
}

// Pose implements Method.
func (m *PatchPCA) Pose(p Problem) error {
	if err := codeFits("patch-pca", m.Code, m.Window); err != nil {
		return err
	}
	if err := windowFits("patch-pca", m.Window, m.Stride, Problem{}); err != nil {
		return err
	}
	return m.Posed.Pose(p)
}

// PatchSize implements Patcher: a window, of which the operator's factor may take away 7 pixels.
func (m *PatchPCA) PatchSize() int { return m.Window + 7 }

// FitPatches implements PatchFitter.
func (m *PatchPCA) FitPatches() int { return m.Patches }

// Fit implements Fitter.
func (m *PatchPCA) Fit(_ Runner, x Images) (map[string]Array, error) {
	d, n := m.Window*m.Window, x.N
	sum, products := make([]float64, d), mat.NewSymDense(d, nil)
	row := mat.NewVecDense(d, nil)
	for i := range n {
		picture := x.At(i)
		for j := range d {
			v := float64(picture[(j/m.Window*x.Width+j%m.Window)*x.Channels])/255 - 0.5
			row.SetVec(j, v)
			sum[j] += v
		}
		products.SymRankOne(products, 1, row)
	}
	mean := make([]float64, d)
	cov := mat.NewSymDense(d, nil)
	for i := range d {
		mean[i] = sum[i]/float64(n) + 0.5
		for j := i; j < d; j++ {
			cov.SetSym(i, j, products.At(i, j)/float64(n)-sum[i]*sum[j]/float64(n)/float64(n))
		}
	}
	found, err := (&PCA{Latent: m.Code}).decompose(mean, cov)
	if err != nil {
		return nil, fmt.Errorf("patch-pca: %w", err)
	}
	return map[string]Array{"pca/mean": found["pca/mean"], "pca/axes": found["pca/axes"]}, nil
}

// Restore implements Restorer.
func (m *PatchPCA) Restore(s *Scope, y, aux *Node) *Node {
	y = physics.Start(m.problem.Operator, y, aux)
	d := m.Window * m.Window
	get := func(name string, dims ...int) *Node {
		return s.At("pca").VariableWithShape(name, shapes.Make(dtypes.Float32, dims...)).NodeValue(y.Graph())
	}
	mean, axes := ExpandAxes(get("mean", d), 0), get("axes", m.Code, d)
	p := newOverlap("patch-pca", "window", y, m.Window, m.Stride)
	code := MatMul(Sub(p.cut(y), mean), TransposeAllAxes(axes, 1, 0))
	x := Add(MatMul(code, axes), mean)
	return p.mean(x, OnesLike(x))
}

// codeFits checks that a code is smaller than what it stands for.
func codeFits(method string, code, window int) error {
	if code >= window*window {
		return fmt.Errorf("%s: code = %d, but a patch of %d×%d has only %d values; use at most %d", method, code, window, window, window*window, window*window-1)
	}
	return nil
}
