package methods

import (
	"math"
	"math/rand/v2"

	"darkroom/lib/sparse"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// KSVD restores by sparse representation over a learnt dictionary (Elad & Aharon 2006, Image denoising via sparse and redundant
// representations over learned dictionaries, IEEE TIP 15(12); inpainting as Mairal, Elad & Sapiro 2008):
//
//	min Σ ‖m∘(yᵢ − aᵢD)‖² over D and a,  with ‖aᵢ‖₀ least such that ‖m∘(yᵢ − aᵢD)‖² ≤ (gain·σ)² Σm,  yᵢ the patches less their means
//
// A dictionary for all pictures is learnt first from patches of the training ones, beginning with cosines. It is then adapted to the
// patches of the measurement itself, and x̂ is the average of the patches aᵢD and of y. Each iteration is an orthogonal matching pursuit
// and an update of the atoms (sparse.KSVDStep).
type KSVD struct {
	Posed
	Pursuit
	Learn      int `default:"15" range:"0:1000" help:"iterations on patches of the training pictures; 0 begins with cosines"`
	Sparsity   int `default:"6" range:"1:1024" help:"atoms for a patch of the training pictures"`
	Adapt      int `default:"5" range:"0:100" help:"iterations on the patches of the measurement itself; 0 leaves the dictionary as it was learnt"`
	LearnBatch int `default:"10000" range:"16:200000" help:"training patches"`
}

// Pose implements Method.
func (m *KSVD) Pose(p Problem) error {
	if err := poseOverlap("ksvd", p, m.Patch, m.Stride); err != nil {
		return err
	}
	return m.Posed.Pose(p)
}

// PatchSize implements Patcher.
func (m *KSVD) PatchSize() int { return m.Patch }

// FitPatches implements PatchFitter.
func (m *KSVD) FitPatches() int { return m.LearnBatch }

// Fit implements Fitter: K-SVD on clean patches, from cosines.
func (m *KSVD) Fit(run Runner, x Images) (map[string]Array, error) {
	signals := centred(x, m.Patch)
	start := sparse.OvercompleteDCT(m.Patch, m.Atoms)
	d := Array{[]int{start.Count, start.Size}, start.Atoms}
	step := run.Compile(func(in []*Node) []*Node {
		code := sparse.OMP(in[0], nil, in[1], sparse.Pursuit{Atoms: m.most(m.Sparsity)})
		next, _ := sparse.KSVDStep(in[0], nil, in[1], code)
		return []*Node{next}
	})
	for range m.Learn {
		out, err := step(signals, d)
		if err != nil {
			return nil, err
		}
		d = out[0]
	}
	return map[string]Array{"ksvd/dictionary": d}, nil
}

// Restore implements Restorer. Each picture of a batch has a dictionary of its own.
func (m *KSVD) Restore(s *Scope, y, aux *Node) *Node {
	d := s.At("ksvd").VariableWithShape("dictionary", shapes.Make(dtypes.Float32, m.count(), m.size())).NodeValue(y.Graph())
	var out []*Node
	for i := range y.Shape().Dim(0) {
		one := func(v *Node) *Node {
			if v == nil {
				return nil
			}
			return Slice(v, AxisElem(i))
		}
		out = append(out, m.adapt(one(y), one(aux), d))
	}
	return Concatenate(out, 0)
}

func (m *KSVD) adapt(y, aux, d *Node) *Node {
	s := see("ksvd", "patch", m.problem.Operator, y, aux, m.Patch, m.Stride)
	for range m.Adapt {
		d, _ = sparse.KSVDStep(s.signals, s.mask, d, m.code(s, d))
	}
	return m.restore(s, d)
}

// centred are the patches of side×side at the images' top left corners, less their means, [n·channels, side²].
func centred(x Images, side int) Array {
	size := side * side
	out := Array{[]int{x.N * x.Channels, size}, make([]float32, 0, x.N*x.Channels*size)}
	for i := range x.N {
		pix := x.At(i)
		for c := range x.Channels {
			mean := 0.0
			for k := range size {
				mean += float64(pix[((k/side)*x.Width+k%side)*x.Channels+c]) / float64(size)
			}
			for k := range size {
				out.Data = append(out.Data, float32((float64(pix[((k/side)*x.Width+k%side)*x.Channels+c])-mean)/255))
			}
		}
	}
	return out
}

// shuffled is the order of n things, the same each time.
func shuffled(n int) []int { return rand.New(rand.NewPCG(uint64(n), 0)).Perm(n) }

// batchesOf are whole batches of signals, in an order that is the same each time.
func batchesOf(signals Array, size int) []Array {
	n, width := signals.Shape[0], signals.Shape[1]
	size = min(size, n)
	var out []Array
	order := shuffled(n)
	for from := 0; from+size <= n; from += size {
		b := Array{[]int{size, width}, make([]float32, 0, size*width)}
		for _, i := range order[from : from+size] {
			b.Data = append(b.Data, signals.Data[i*width:(i+1)*width]...)
		}
		out = append(out, b)
	}
	return out
}

// unitRows gives each row that is not zero the length 1.
func unitRows(d Array) {
	size := d.Shape[1]
	for i := 0; i < len(d.Data); i += size {
		square := 0.0
		for _, v := range d.Data[i : i+size] {
			square += float64(v) * float64(v)
		}
		for k := range d.Data[i : i+size] {
			if square > 0 {
				d.Data[i+k] /= float32(math.Sqrt(square))
			}
		}
	}
}
