package methods

import (
	"math/rand/v2"

	"darkroom/lib/lab"
	"darkroom/lib/nn"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics
)

// Scope is where variables live.
type Scope = nn.Scope

// Problem is what a method is fitted to.
type Problem struct {
	Kind                    lab.Kind
	Height, Width, Channels int              // of the training images; for restore, of the patches
	Classes                 int              // number of labels, 0 if there are none; for segment, of the regions
	Operator                physics.Operator // restore only
}

// Method is any method. Pose tells it the problem before anything else; the error says what does not fit and what would.
type Method interface {
	Pose(p Problem) error
}

// Posed is embedded in methods to remember the problem.
type Posed struct{ problem Problem }

// Pose implements Method.
func (p *Posed) Pose(q Problem) error { p.problem = q; return nil }

// Batch is what one training step sees. Images are [batch, height, width, channels] in [0, 1].
type Batch struct {
	X *Node
	// Target is what X is to become, as many images: for translate of domain B, each the true partner of X's if the method is Supervised, and drawn
	// independently of X if not; for segment the masks, of one channel, whose values are the numbers of regions over 255; nil for other tasks.
	Target *Node
	Label  *Node // [batch] int32, of X; nil if the data has no labels
}

// Trainable methods learn by steps.
type Trainable interface {
	Method
	// Objectives are what is minimised; within a step one after the other, each seeing what the one before it changed.
	Objectives() []Objective
	// BatchSize is the number of images in an update; a step has as many for each of the most updates of an objective.
	BatchSize() int
}

// Objective is one loss and the variables that it trains. One objective is a plain network; two make a GAN.
type Objective struct {
	Name      string   // prefix of its events, such as "generator"; empty if there is only one
	Scopes    []string // whose variables it trains, such as "generator"
	Optimizer nn.Optimizer
	// Updates is how often it is minimised within a step, each time on other images; 0 means once.
	Updates int
	// Average is the decay of a moving average of what the scopes hold, which is used in place of the last values once training is done; 0
	// keeps the last values.
	Average float64
	Loss    func(s *Scope, b Batch) Loss
}

// Loss is a scalar to minimise and the scalars that go into the events.
type Loss struct {
	Total *Node
	Terms []Term
}

// Term is a named scalar.
type Term struct {
	Name  string
	Value *Node
}

// Jittered methods learn from whole pictures that are shifted by up to so many pixels at random, in each direction, the pixels at the edge repeated,
// and mirrored every other time. A true pair is shifted and mirrored as one.
type Jittered interface {
	Jittering() (shift int, mirror bool)
}

// Perception is the scope of the fixed network by which a perceptive method looks at pictures.
const Perception = "perception"

// Perceptive methods compare or judge pictures in training by what a network makes of them that has learnt to see.
type Perceptive interface {
	Trainable
	// Perceives says whether it does, with the parameters that are set.
	Perceives() bool
	// Perceive gives it, before Objectives, the network.
	Perceive(Sight)
}

// Sight is a fixed network that has learnt to see, on pictures [n, height, width, channels] in [0, 1]. The scope that its functions get is to be Perception.
type Sight struct {
	Distance func(s *Scope, x, y *Node) *Node // of pictures x and y, [n]
	Maps     func(s *Scope, x *Node) []*Node  // the features at seven depths, [n, h, w, channels]
}

// Patcher is a restorer that learns from square patches of this side, cut at random.
type Patcher interface{ PatchSize() int }

// Picky is a Patcher that says which patches it learns from: ones of the training pictures and of ones 2, …, zooms times smaller, all
// sizes alike often, and of each rough patches the roughest.
type Picky interface{ PatchChoice() (zooms, rough int) }

// Array is a variable's value on the host.
type Array struct {
	Shape []int
	Data  []float32
}

// Images is a stack of equal images on the host, [n, height, width, channels], 8 bits a value.
type Images struct {
	N, Height, Width, Channels int
	At                         func(i int) []uint8
	Random                     *rand.Rand // for the noise of measurements; nil where none are made
}

// Runner compiles graph functions for methods that work outside the training loop.
type Runner interface {
	// Compile returns a function that runs fn on the engine's backend; the first call for given shapes compiles it.
	Compile(fn func(inputs []*Node) []*Node) func(inputs ...Array) ([]Array, error)
}

// Fitter methods compute their variables, by path, from all the training images at once.
type Fitter interface {
	Method
	Fit(run Runner, x Images) (map[string]Array, error)
}

// PatchFitter restorers are fitted to so many patches, of the size that Pose was told, cut at random from the training pictures.
type PatchFitter interface {
	Fitter
	Patcher
	FitPatches() int
}

// Sampler methods make images from noise.
type Sampler interface {
	Method
	// LatentSize is the number of standard normal values that one image is made from.
	LatentSize() int
	// Sample maps z [n, latent] to images [n, height, width, channels] in [0, 1].
	Sample(s *Scope, z *Node) *Node
}

// Conditional samplers make images of a class.
type Conditional interface {
	Sampler
	// SampleClass maps z [n, latent] and labels [n] int32 to images, as Sample does; Sample takes the classes in turn.
	SampleClass(s *Scope, z, label *Node) *Node
}

// Chooser methods have no network: their samples are training images.
type Chooser interface {
	Method
	// Choose returns the numbers, below train, of n training images.
	Choose(r *rand.Rand, train, n int) []int
}

// Encoder methods map images to the mean and log-variance of a code, both [n, latent].
type Encoder interface {
	Encode(s *Scope, x *Node) (mean, logVar *Node)
}

// Quantiser methods map images to entries of a codebook.
type Quantiser interface {
	// Indices are those of images x, [n, codes of an image] int32, below CodebookSize.
	Indices(s *Scope, x *Node) *Node
	CodebookSize() int
}

// ImportanceSampler methods bound log p(x) by importance sampling: the log-mean-exp of k weights log p(x, z) − log q(z|x), in nats, is a
// lower bound that tightens with k (Burda et al. 2015); with k = 1 it is the ELBO.
type ImportanceSampler interface {
	// Weights returns log-weights [n, k] for images x and standard normal noise eps [n·k, latent], image-major.
	Weights(s *Scope, x, eps *Node, k int) *Node
	// Terms returns the two terms of the ELBO, E[log p(x|z)] and KL(q(z|x) ‖ p(z)), each [n], with eps [n, latent].
	Terms(s *Scope, x, eps *Node) (reconstruction, kl *Node)
	LatentSize() int
	// Binary says whether x must be binarised first.
	Binary() bool
}

// Decoder methods have a likelihood of images by codes z from N(0, 1), so that log p(x) can be found without their encoder.
type Decoder interface {
	ImportanceSampler
	// LogLikelihood is log p(x|z) [n], in nats, for images x and as many codes z [n, latent].
	LogLikelihood(s *Scope, x, z *Node) *Node
}

// Discrete says that the likelihood of an ImportanceSampler that is not binary is a probability of pixels of 256 levels, not a density.
type Discrete interface{ Discrete() bool }

// Density methods give an exact log-density [n] of images, in nats.
type Density interface {
	LogDensity(s *Scope, x *Node) *Node
	// Dequantise says whether x is binarised and uniform noise on [0, 1) added first, so that the density bounds the log-probability of
	// the binary image from below (Theis et al. 2016).
	Dequantise() bool
}

// Restorer methods undo a degradation: from y [n, height, width, channels] and the operator's array aux (nil if it has none)
// to an estimate of x.
type Restorer interface {
	Method
	Restore(s *Scope, y, aux *Node) *Node
}

// Translator methods bring images x [n, height, width, channels] of domain A into domain B, both in [0, 1].
type Translator interface {
	Method
	Translate(s *Scope, x *Node) *Node
}

// Invertible translators bring images of domain B into domain A too, so that it can be measured how far a picture is from its way there and back.
type Invertible interface {
	Translator
	TranslateBack(s *Scope, x *Node) *Node
}

// Supervised translators learn from true pairs. Without this, pairs are kept for the evaluation.
type Supervised interface{ Supervised() }

// DomainFitter methods compute parameters from all images of two domains at once; a Trainable one does so before it is trained, and they stay.
type DomainFitter interface {
	Method
	// FitDomains returns the variables, by path, that Translate will find.
	FitDomains(a, b Images) (map[string]Array, error)
}

// Local methods restore a pixel from those around it, so that a large picture can be restored by tiles without seams.
type Local interface {
	// Reach is how many pixels of the measurement away a restored pixel looks; negative if it looks at the whole picture.
	Reach() int
}

// Segmenter methods tell regions apart: from images x [n, height, width, channels] in [0, 1] to a score of each class for each pixel,
// [n, height, width, classes].
type Segmenter interface {
	Method
	Scores(s *Scope, x *Node) *Node
}

// Adapted is the scope of the variables that an adapter fits.
const Adapted = "adapted"

// Adapter methods fit variables, below Adapted, to each measurement by itself before they restore it: a latent, or a whole network.
type Adapter interface {
	Restorer
	// Adapt says how.
	Adapt() (steps int, by nn.Optimizer)
	// Misfit is what is minimised, a scalar.
	Misfit(s *Scope, y, aux *Node) *Node
}

// Borrowed is the scope below which a borrower finds the weights that it borrows.
const Borrowed = "borrowed"

// Borrower methods restore by what another method learnt in a run of its own, such as a denoiser.
type Borrower interface {
	Method
	// Borrows says whether it needs a run, with the parameters that are set.
	Borrows() bool
	// Lend gives it, before Pose, the method of the run, with the run's parameters, and what that was posed. The error says what would fit.
	Lend(lender Method, name string, p Problem) error
}

// Classifier methods give class scores [n, classes]; darkroom trains one to look at the samples of generators.
type Classifier interface {
	Method
	Logits(s *Scope, x *Node) *Node
}
