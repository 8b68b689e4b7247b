package methods_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/physics"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// small are parameters that make a method quick here; one that is not listed is tested with its defaults.
var small = map[string]lab.Set{
	"pca": {"latent": 3}, "vae": {"latent": 2, "hidden": "6", "batch": n}, "dcgan": {"latent": 3, "width": 4, "batch": n},
	"gan": {"latent": 3, "hidden": "6", "discriminator": "5", "batch": n}, "sngan": {"latent": 3, "width": 4, "batch": n},
	"cgan": {"latent": 3, "width": 4, "batch": n}, "infogan": {"latent": 3, "width": 4, "batch": n}, "article-gan": {"latent": 3, "batch": n},
	"wgan": {"latent": 3, "width": 4, "batch": n}, "wgan-gp": {"latent": 3, "width": 4, "batch": n}, "lsgan": {"latent": 3, "width": 4, "batch": n},
	"pix2pix": {"width": 4, "layers": 2, "batch": n}, "cyclegan": {"width": 4, "blocks": 1, "layers": 2, "pool": 3, "batch": n, "skip": true},
	"fista": {"patch": 4, "atoms": 5, "iterations": 20}, "omp": {"patch": 4, "atoms": 5, "most": 3},
	"ksvd": {"patch": 4, "atoms": 5, "most": 3, "sparsity": 2, "learn": 2, "adapt": 1}, "odl": {"patch": 4, "atoms": 5, "most": 3, "batch": 10},
	"dncnn": {"depth": 3, "width": 4, "patch": side, "batch": n}, "lenet": {"batch": n},
	"srcnn": {"widths": "4,3", "kernels": "5,1,3", "patch": side, "batch": n}, "espcn": {"widths": "4,3", "patch": side, "batch": n},
	"iwae": {"latent": 2, "hidden": "6", "batch": n}, "beta-vae": {"latent": 2, "hidden": "6", "batch": n, "warm-up": 5, "free-bits": 0.1},
	"conv-vae": {"latent": 2, "width": 3, "batch": n, "likelihood": "logistic"}, "article-vae": {"latent": 2, "batch": n},
	"gmm":     {"latent": 3, "components": 2},
	"vae-gan": {"latent": 3, "width": 4, "batch": n},
	"cvae":    {"latent": 2, "hidden": "6", "batch": n},
	"vq-vae":  {"codes": 5, "size": 3, "width": 3, "layers": 2, "batch": n},
	"vdsr":    {"depth": 3, "width": 4, "patch": side, "batch": n}, "unet": {"width": 2, "levels": 2, "patch": side, "batch": n},
	"linear": {"window": 3}, "linear-gradient": {"window": 3, "patch": side, "batch": n}, "mlp": {"window": 5, "hidden": "6,5", "patch": side, "batch": n},
	"patch-pca": {"window": 4, "code": 3}, "autoencoder": {"window": 4, "code": 3, "hidden": "6", "patch": side, "batch": n},
	"modl":  {"unrolled": 2, "depth": 3, "width": 3, "steps": 2, "patch": side, "batch": n},
	"lista": {"side": 4, "atoms": 5, "unrolled": 2, "patch": side, "batch": n},
	"pnp":   {"denoiser": "wavelet", "iterations": 2, "form": "admm"}, "red": {"denoiser": "median", "iterations": 2},
	"csc": {"filters": 3, "side": 3, "smooth": 2, "iterations": 10, "patch": side, "patches": 6, "batch": 3},
	"fcn": {"width": 3, "patch": side, "batch": n},
}

const n, side, classes = 6, 12, 3

// sides are those of the images for methods that need others than side.
var sides = map[string]int{"article-vae": 64, "article-gan": 64}

func tensor(v []float32, dims ...int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(v, dims...)
}

func flat(t *tensors.Tensor) []float32 { return tensors.MustCopyFlatData[float32](t) }

func uniform(seed uint64, count int) []float32 {
	r := rand.New(rand.NewPCG(5, seed))
	v := make([]float32, count)
	for i := range v {
		v[i] = r.Float32()
	}
	return v
}

func normal(seed uint64, count int) []float32 {
	r := rand.New(rand.NewPCG(6, seed))
	v := make([]float32, count)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

// runner is methods.Runner for the tests.
type runner struct{ backend compute.Backend }

func (r runner) Compile(fn func(in []*graph.Node) []*graph.Node) func(in ...methods.Array) ([]methods.Array, error) {
	exec := graph.MustNewExec(r.backend, fn)
	return func(in ...methods.Array) (out []methods.Array, err error) {
		var args []any
		for _, a := range in {
			args = append(args, tensor(a.Data, a.Shape...))
		}
		got, err := exec.Call(args...)
		for _, v := range got {
			out = append(out, methods.Array{Shape: v.Shape().Dimensions, Data: flat(v)})
		}
		return out, err
	}
}

// TestContract puts every method of the catalogue through what its interfaces promise, on a tiny problem.
func TestContract(t *testing.T) {
	for _, e := range methods.Catalogue() {
		for _, kind := range e.Kinds {
			operators := []string{""}
			if kind == lab.Restore {
				operators = physics.Catalogue()
				switch {
				case slices.Contains([]string{"omp", "ksvd", "odl", "lista", "csc"}, e.Name): // they see a measurement as fista does, which is tested with every operator
					operators = []string{"denoise25", "inpaint50"}
				case e.Name == "interpolate":
					operators = []string{"inpaint50", "box25"}
				case slices.Contains([]string{"pnp", "red"}, e.Name): // their step towards a measurement is tested with every operator
					operators = []string{"inpaint50", "disc3-valid+denoise2"}
				case e.Steps > 0 && e.Name != "dncnn": // a network sees what Start makes of a measurement: one of them is tested with every operator
					operators = []string{"inpaint50", "superres2"}
				}
			}
			for _, op := range operators {
				t.Run(strings.TrimSuffix(e.Name+"/"+op, "/"), func(t *testing.T) { contract(t, e, kind, op) })
			}
		}
	}
}

// problem is a tiny one of a kind: of grey images, or of colour ones that networks can halve four times.
func problem(kind lab.Kind) methods.Problem {
	p := methods.Problem{Kind: kind, Height: side, Width: side, Channels: 1, Classes: classes}
	if kind == lab.Translate {
		p.Height, p.Width, p.Channels = 16, 16, 3
	}
	return p
}

// domain is a set of images for a fit.
func domain(p methods.Problem, seed uint64) methods.Images {
	const count = 40
	size := p.Height * p.Width * p.Channels
	x := uniform(seed, count*size)
	return methods.Images{N: count, Height: p.Height, Width: p.Width, Channels: p.Channels, Random: rand.New(rand.NewPCG(5, seed)), At: func(i int) []uint8 {
		out := make([]uint8, size)
		for j := range out {
			out[j] = uint8(255 * x[i*size+j])
		}
		return out
	}}
}

func contract(t *testing.T, e methods.Entry, kind lab.Kind, operator string) {
	m := e.New()
	if _, err := methods.Apply(e.Name, m, small[e.Name]); err != nil {
		t.Fatal(err)
	}
	p := problem(kind)
	if side, ok := sides[e.Name]; ok {
		p.Height, p.Width = side, side
	}
	if operator == "grey" {
		p.Channels = 3
	}
	if operator != "" {
		var err error
		if p.Operator, err = physics.Parse(operator); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := m.(methods.Adapter); ok {
		return // it restores one picture at a time: adapt_test.go
	}
	if err := m.Pose(p); err != nil {
		if operator != "" && strings.HasPrefix(err.Error(), e.Name+": ") && strings.Contains(err.Error(), "; use ") {
			t.Skip(err) // not for this operator
		}
		t.Fatal(err)
	}
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(1); err != nil {
		t.Fatal(err)
	}
	trainable, trains := m.(methods.Trainable)
	if trains != (e.Steps > 0) {
		t.Errorf("the catalogue has %d steps, and it is trainable: %v", e.Steps, trains)
	}
	if trains {
		if b := trainable.BatchSize(); b != n {
			t.Errorf("batch size %d, want %d", b, n)
		}
		train(t, trainable, p, store)
	}
	var vars map[string]methods.Array
	var err error
	switch f := m.(type) {
	case methods.Fitter:
		vars, err = f.Fit(runner{xlatest.Backend(t)}, domain(p, 1))
	case methods.DomainFitter:
		vars, err = f.FitDomains(domain(p, 1), domain(p, 4))
	}
	if err != nil {
		t.Fatal(err)
	}
	for path, a := range vars {
		if _, err := store.CreateVariable(path, tensor(a.Data, a.Shape...)); err != nil {
			t.Fatal(err)
		}
	}
	if c, ok := m.(methods.Chooser); ok {
		choose(t, c)
		return
	}
	use(t, e, m, p, store)
}

// inRange are the results that are pixels between 0 and 1.
var inRange = []string{"Sample", "SampleClass", "Translate", "TranslateBack"}

// choose checks that training images are chosen by their numbers, each once before any twice, and as the random numbers say.
func choose(t *testing.T, m methods.Chooser) {
	draw := func(seed uint64, n int) []int { return m.Choose(rand.New(rand.NewPCG(1, seed)), 20, n) }
	got := draw(1, 50)
	for from, to := range map[int]int{0: 20, 20: 40, 40: 50} {
		part := slices.Sorted(slices.Values(got[from:to]))
		if part[0] < 0 || part[len(part)-1] > 19 || len(slices.Compact(part)) != to-from {
			t.Errorf("chosen %v", got[from:to])
		}
	}
	if !slices.Equal(got, draw(1, 50)) || slices.Equal(got, draw(2, 50)) {
		t.Error("the choice is no function of the seed")
	}
}

// use calls what a trained method can do, all in one program.
func use(t *testing.T, e methods.Entry, m methods.Method, p methods.Problem, store *model.Store) {
	image, batch := []int{n, p.Height, p.Width, p.Channels}, n*p.Height*p.Width*p.Channels
	var names []string
	var shapes [][]int
	latent := 1
	sampler, samples := m.(methods.Sampler)
	if samples {
		latent = sampler.LatentSize()
	}
	args := []any{tensor(uniform(2, batch), image...), tensor(normal(3, n*latent), n, latent)}
	if p.Operator != nil {
		if a := p.Operator.Aux(rand.New(rand.NewPCG(5, 4)), n*p.Height, p.Width, p.Channels); a != nil {
			args = append(args, tensor(a, image...))
		}
	}
	got := model.MustCallOnceN(xlatest.Backend(t), store, func(s *model.Scope, in []*graph.Node) (out []*graph.Node) {
		s.Store().SetTraining(in[0].Graph(), false)
		add := func(name string, y *graph.Node, dims ...int) {
			names, shapes, out = append(names, name), append(shapes, dims), append(out, y)
		}
		if samples {
			add("Sample", sampler.Sample(s, in[1]), image...)
		}
		if m, ok := m.(methods.Conditional); ok {
			z := graph.BroadcastToDims(graph.Slice(in[1], graph.AxisRange(0, 1)), n, latent)
			add("SampleClass", m.SampleClass(s, z, graph.Const(z.Graph(), []int32{0, 0, 1, 1, 2, 2})), image...)
		}
		if m, ok := m.(methods.Encoder); ok {
			mean, logVar := m.Encode(s, in[0])
			add("Encode's mean", mean, n, latent)
			add("Encode's log-variance", logVar, n, latent)
		}
		if m, ok := m.(methods.ImportanceSampler); ok {
			add("Weights", m.Weights(s, in[0], graph.Concatenate([]*graph.Node{in[1], in[1], in[1]}, 0), 3), n, 3)
			reconstruction, kl := m.Terms(s, in[0], in[1])
			add("Terms' reconstruction", reconstruction, n)
			add("Terms' KL", kl, n)
		}
		if m, ok := m.(methods.Decoder); ok {
			add("LogLikelihood", m.LogLikelihood(s, in[0], in[1]), n)
		}
		if m, ok := m.(methods.Density); ok {
			add("LogDensity", m.LogDensity(s, in[0]), n)
		}
		if m, ok := m.(methods.Translator); ok && p.Kind == lab.Translate {
			add("Translate", m.Translate(s, in[0]), image...)
		}
		if m, ok := m.(methods.Invertible); ok && p.Kind == lab.Translate {
			add("TranslateBack", m.TranslateBack(s, in[0]), image...)
		}
		if m, ok := m.(methods.Restorer); ok && p.Kind == lab.Restore {
			var aux *graph.Node
			if len(in) > 2 {
				aux = in[2]
			}
			add("Restore", m.Restore(s, p.Operator.Forward(in[0], aux), aux), image...)
		}
		if m, ok := m.(methods.Segmenter); ok && p.Kind == lab.Segment {
			add("Scores", m.Scores(s, in[0]), n, p.Height, p.Width, classes)
		}
		if m, ok := m.(methods.Classifier); ok {
			add("Logits", m.Logits(s, in[0]), n, classes)
		}
		return out
	}, args...)
	if len(got) == 0 {
		t.Errorf("%s can do nothing that the engine asks for", e.Name)
	}
	for i, v := range got {
		if d := v.Shape().Dimensions; !slices.Equal(d, shapes[i]) {
			t.Errorf("%s has shape %v, want %v", names[i], d, shapes[i])
			continue
		}
		rows := map[string]bool{}
		values := flat(v)
		for k, x := range values {
			if f := float64(x); math.IsNaN(f) || math.IsInf(f, 0) || slices.Contains(inRange, names[i]) && (x < 0 || x > 1) {
				t.Errorf("%s: value %d is %v", names[i], k, x)
				break
			}
		}
		for k := range n {
			rows[fmt.Sprint(values[k*len(values)/n:(k+1)*len(values)/n])] = true
		}
		want := n
		switch names[i] {
		case "Encode's log-variance": // PCA's is the same for every image
			want = 1
		case "SampleClass": // of one z
			want = classes
		}
		if len(rows) < want || names[i] == "SampleClass" && len(rows) > want {
			t.Errorf("%s: %d of %d rows differ, want %d", names[i], len(rows), n, want)
		}
	}
}

// train makes two steps of each objective alone; the second must change all weights in its scopes, and no others.
func train(t *testing.T, m methods.Trainable, p methods.Problem, store *model.Store) {
	inside := func(path string, scopes []string) bool {
		return slices.ContainsFunc(scopes, func(s string) bool { return strings.HasPrefix(path, "/"+s+"/") })
	}
	weights := func() map[string]string {
		out := map[string]string{}
		for v := range store.IterVariables() {
			if v.Trainable && v.HasValue() {
				out[v.Path()] = fmt.Sprint(flat(v.MustValue()))
			}
		}
		return out
	}
	images := func(seed uint64) *tensors.Tensor {
		return tensor(uniform(seed, n*p.Height*p.Width*p.Channels), n, p.Height, p.Width, p.Channels)
	}
	labels := make([]int32, n)
	for i := range labels {
		labels[i] = int32(i % classes)
	}
	for _, o := range m.Objectives() {
		var terms []string
		exec := model.MustNewExec(xlatest.Backend(t), store, func(s *model.Scope, x, target, label *graph.Node) []*graph.Node {
			g := x.Graph()
			s.Store().SetTraining(g, true)
			batch := methods.Batch{X: x, Label: label}
			switch p.Kind {
			case lab.Translate:
				batch.Target = target
			case lab.Segment:
				batch.Target = graph.MulScalar(graph.Floor(graph.MulScalar(target, classes-0.01)), 1.0/255)
			}
			loss := o.Loss(s, batch)
			var vars []*model.Variable
			var nodes []*graph.Node
			for v := range s.Store().IterVariables() {
				if v.Trainable && v.InUseByGraph(g) && inside(v.Path(), o.Scopes) {
					vars, nodes = append(vars, v), append(nodes, v.NodeValue(g))
				}
			}
			o.Optimizer.Update(s.Store(), "test"+o.Name, 10, vars, graph.Gradient(loss.Total, nodes...))
			out := []*graph.Node{loss.Total}
			terms = []string{"loss"}
			for _, term := range loss.Terms {
				out, terms = append(out, term.Value), append(terms, term.Name)
			}
			return out
		})
		var before map[string]string
		for range 2 {
			before = weights()
			for i, v := range exec.MustCall(images(7), images(8), labels) {
				if !v.Shape().IsScalar() {
					t.Errorf("%s %s has shape %s, want a scalar", o.Name, terms[i], v.Shape())
				} else if f := float64(v.Value().(float32)); math.IsNaN(f) || math.IsInf(f, 0) {
					t.Errorf("%s %s is %v", o.Name, terms[i], f)
				}
			}
		}
		trained := 0
		for path, now := range weights() {
			changed := now != before[path]
			if changed {
				trained++
			}
			if changed != inside(path, o.Scopes) {
				t.Errorf("objective %q with scopes %v: %s changed: %v", o.Name, o.Scopes, path, changed)
			}
		}
		if trained == 0 {
			t.Errorf("objective %q changes nothing", o.Name)
		}
		exec.Finalize()
	}
}
