package methods

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"darkroom/lib/lab"
)

// Entry is one method of the catalogue.
type Entry struct {
	Name  string
	Kinds []lab.Kind
	Paper string
	Steps int           // default training steps; 0 for a method that does not train by steps
	New   func() Method // a pointer to the zero struct; Apply sets its parameters
}

// Catalogue lists all methods, baselines first, and those of Register last.
func Catalogue() []Entry {
	own.Lock()
	defer own.Unlock()
	return append(shipped(), own.entries...)
}

// own are the methods that this process has added.
var own struct {
	sync.Mutex
	entries []Entry
}

var entryName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Register puts a method of one's own, of a notebook's cell or of a module, beside darkroom's, for the rest of this process: the engine, comparisons and
// contract tests then know it by its name. A run is known by the method's name and parameters, not by its code: a method that comes to mean
// something else needs another name. A name that is taken, or is not made of small letters, digits and hyphens, and an entry that says no task or makes
// nothing are errors.
func Register(e Entry) error {
	if !entryName.MatchString(e.Name) {
		return fmt.Errorf("the name %q is none for a method: use small letters and digits, with hyphens between words, such as my-gan", e.Name)
	}
	if _, err := Lookup(e.Name); err == nil {
		return fmt.Errorf("there is a method %s already; give yours another name", e.Name)
	}
	if len(e.Kinds) == 0 || e.New == nil {
		return errors.New("method " + e.Name + ": its entry needs Kinds, the tasks that it can do, and New, a function that returns a pointer to its struct")
	}
	own.Lock()
	defer own.Unlock()
	own.entries = append(own.entries, e)
	return nil
}

// shipped are darkroom's methods. To add one, write its file and add its line.
func shipped() []Entry {
	return []Entry{
		{"identity", []lab.Kind{lab.Restore, lab.Translate}, "the image as it came: what every method must beat", 0, func() Method { return new(Unchanged) }},
		{"bicubic", []lab.Kind{lab.Restore}, "Keys 1981, Cubic convolution interpolation for digital image processing, IEEE Trans. ASSP 29(6)", 0, func() Method { return new(Bicubic) }},
		{"interpolate", []lab.Kind{lab.Restore}, "Knutsson & Westin 1993, Normalized and differential convolution, CVPR", 0, func() Method { return new(Interpolation) }},
		{"median", []lab.Kind{lab.Restore}, "Tukey 1977, Exploratory data analysis", 0, func() Method { return new(Median) }},
		{"wiener", []lab.Kind{lab.Restore}, "Wiener 1949, Extrapolation, interpolation, and smoothing; local form of Lee 1980, IEEE PAMI 2(2)", 0, func() Method { return new(Wiener) }},
		{"nlm", []lab.Kind{lab.Restore}, "Buades, Coll & Morel 2005, A non-local algorithm for image denoising, CVPR", 0, func() Method { return new(NLM) }},
		{"wavelet", []lab.Kind{lab.Restore}, "Chang, Yu & Vetterli 2000, Adaptive wavelet thresholding, IEEE TIP 9(9); spun as Coifman & Donoho 1995", 0, func() Method { return new(Wavelet) }},
		{"tv", []lab.Kind{lab.Restore}, "Rudin, Osher & Fatemi 1992; solver of Chambolle & Pock 2011, J. Math. Imaging Vis. 40", 0, func() Method { return new(TV) }},
		{"registration", []lab.Kind{lab.Translate}, "by least squares, as in Lucas & Kanade 1981, An iterative image registration technique, IJCAI; here of two domains' mean pictures", 0, func() Method { return new(Registration) }},
		{"color-transfer", []lab.Kind{lab.Translate}, "Reinhard et al. 2001, Color transfer between images, IEEE CG&A 21(5)", 0, func() Method { return new(ColorTransfer) }},
		{"replay", []lab.Kind{lab.Generate}, "training images themselves: what a generator at its best reaches, and how copies look", 0, func() Method { return new(Replay) }},
		{"noise", []lab.Kind{lab.Generate}, "uniform noise: what every generator must beat", 0, func() Method { return new(Noise) }},
		{"pca", []lab.Kind{lab.Generate}, "Tipping & Bishop 1999, Probabilistic principal component analysis, J. R. Stat. Soc. B 61(3)", 0, func() Method { return new(PCA) }},
		{"gmm", []lab.Kind{lab.Generate}, "Tipping & Bishop 1999, Mixtures of probabilistic principal component analyzers, Neural Computation 11(2)", 0, func() Method { return new(GMM) }},
		{"vae", []lab.Kind{lab.Generate}, "Kingma & Welling 2013, Auto-encoding variational Bayes, arXiv:1312.6114", 10000, func() Method { return new(VAE) }},
		{"iwae", []lab.Kind{lab.Generate}, "Burda, Grosse & Salakhutdinov 2015, Importance weighted autoencoders, arXiv:1509.00519", 10000, func() Method { return new(IWAE) }},
		{"beta-vae", []lab.Kind{lab.Generate}, "Higgins et al. 2017, beta-VAE: learning basic visual concepts with a constrained variational framework, ICLR", 10000, func() Method { return new(BetaVAE) }},
		{"conv-vae", []lab.Kind{lab.Generate}, "Kingma & Welling 2013, arXiv:1312.6114, with convolutions as of Radford, Metz & Chintala 2015", 5000, func() Method { return new(ConvVAE) }},
		{"article-vae", []lab.Kind{lab.Generate}, "Kingma & Welling 2013, arXiv:1312.6114, with the convolutions and pooling of the seed document, for 64×64", 5000, func() Method { return new(ArticleVAE) }},
		{"cvae", []lab.Kind{lab.Generate}, "Sohn, Lee & Yan 2015, Learning structured output representation using deep conditional generative models, NeurIPS", 10000, func() Method { return new(CVAE) }},
		{"vq-vae", []lab.Kind{lab.Generate}, "van den Oord, Vinyals & Kavukcuoglu 2017, arXiv:1711.00937; prior of van den Oord et al. 2016, arXiv:1601.06759", 5000, func() Method { return new(VQVAE) }},
		{"vae-gan", []lab.Kind{lab.Generate}, "Larsen, Sønderby, Larochelle & Winther 2016, Autoencoding beyond pixels using a learned similarity metric, arXiv:1512.09300", 5000, func() Method { return new(VAEGAN) }},
		{"gan", []lab.Kind{lab.Generate}, "Goodfellow et al. 2014, Generative adversarial nets, arXiv:1406.2661", 10000, func() Method { return new(GAN) }},
		{"dcgan", []lab.Kind{lab.Generate}, "Radford, Metz & Chintala 2015, arXiv:1511.06434; loss of Goodfellow et al. 2014, arXiv:1406.2661", 5000, func() Method { return new(DCGAN) }},
		{"wgan", []lab.Kind{lab.Generate}, "Arjovsky, Chintala & Bottou 2017, Wasserstein generative adversarial networks, arXiv:1701.07875", 5000, func() Method { return new(WGAN) }},
		{"wgan-gp", []lab.Kind{lab.Generate}, "Gulrajani et al. 2017, Improved training of Wasserstein GANs, arXiv:1704.00028", 3000, func() Method { return new(WGANGP) }},
		{"lsgan", []lab.Kind{lab.Generate}, "Mao et al. 2017, Least squares generative adversarial networks, arXiv:1611.04076", 5000, func() Method { return new(LSGAN) }},
		{"sngan", []lab.Kind{lab.Generate}, "Miyato et al. 2018, Spectral normalization for generative adversarial networks, arXiv:1802.05957", 3000, func() Method { return new(SNGAN) }},
		{"cgan", []lab.Kind{lab.Generate}, "Mirza & Osindero 2014, arXiv:1411.1784; projection of Miyato & Koyama 2018, arXiv:1802.05637", 5000, func() Method { return new(CGAN) }},
		{"infogan", []lab.Kind{lab.Generate}, "Chen et al. 2016, InfoGAN, arXiv:1606.03657", 5000, func() Method { return new(InfoGAN) }},
		{"article-gan", []lab.Kind{lab.Generate}, "the GAN of darkroom's design article, for images of 64×64", 5000, func() Method { return new(ArticleGAN) }},
		{"omp", []lab.Kind{lab.Restore}, "Pati, Rezaiifar & Krishnaprasad 1993; batched as Rubinstein, Zibulevsky & Elad 2008; dictionary of Elad & Aharon 2006", 0, func() Method { return new(OMP) }},
		{"ksvd", []lab.Kind{lab.Restore}, "Elad & Aharon 2006, Image denoising via sparse and redundant representations over learned dictionaries, IEEE TIP 15(12)", 0, func() Method { return new(KSVD) }},
		{"odl", []lab.Kind{lab.Restore}, "Mairal, Bach, Ponce & Sapiro 2009, Online dictionary learning for sparse coding, ICML", 0, func() Method { return new(ODL) }},
		{"csc", []lab.Kind{lab.Restore}, "Heide, Heidrich & Wetzstein 2015, Fast and flexible convolutional sparse coding, CVPR; Wohlberg 2014, ICASSP", 0, func() Method { return new(CSC) }},
		{"fista", []lab.Kind{lab.Restore}, "Beck & Teboulle 2009, A fast iterative shrinkage-thresholding algorithm, SIAM J. Imaging Sci. 2(1)", 0, func() Method { return new(FISTA) }},
		{"dncnn", []lab.Kind{lab.Restore}, "Zhang et al. 2017, Beyond a Gaussian denoiser, IEEE TIP 26(7), arXiv:1608.03981", 3000, func() Method { return new(DnCNN) }},
		{"linear", []lab.Kind{lab.Restore}, "least squares; after Wiener 1949, Extrapolation, interpolation, and smoothing of stationary time series", 0, func() Method { return new(Linear) }},
		{"linear-gradient", []lab.Kind{lab.Restore}, "least squares by descent: linear as a network is trained", 2000, func() Method { return new(LinearGradient) }},
		{"mlp", []lab.Kind{lab.Restore}, "Burger, Schuler & Harmeling 2012, Image denoising: can plain neural networks compete with BM3D?, CVPR", 3000, func() Method { return new(PatchMLP) }},
		{"patch-pca", []lab.Kind{lab.Restore}, "Deledalle, Salmon & Dalalyan 2011, Image denoising with patch based PCA, BMVC", 0, func() Method { return new(PatchPCA) }},
		{"autoencoder", []lab.Kind{lab.Restore}, "Hinton & Salakhutdinov 2006, Reducing the dimensionality of data with neural networks, Science 313", 3000, func() Method { return new(Autoencoder) }},
		{"srcnn", []lab.Kind{lab.Restore}, "Dong et al. 2014, Image super-resolution using deep convolutional networks, arXiv:1501.00092", 3000, func() Method { return new(SRCNN) }},
		{"espcn", []lab.Kind{lab.Restore}, "Shi et al. 2016, Real-time single image super-resolution by sub-pixel convolution, arXiv:1609.05158", 3000, func() Method { return new(ESPCN) }},
		{"vdsr", []lab.Kind{lab.Restore}, "Kim, Lee & Lee 2016, Accurate image super-resolution using very deep networks, arXiv:1511.04587", 3000, func() Method { return new(VDSR) }},
		{"unet", []lab.Kind{lab.Restore, lab.Segment}, "Ronneberger, Fischer & Brox 2015, U-Net, arXiv:1505.04597", 3000, func() Method { return new(UNet) }},
		{"modl", []lab.Kind{lab.Restore}, "Aggarwal, Mani & Jacob 2019, MoDL, IEEE TMI 38(2), arXiv:1712.02862", 2000, func() Method { return new(MoDL) }},
		{"lista", []lab.Kind{lab.Restore}, "Gregor & LeCun 2010, Learning fast approximations of sparse coding, ICML", 2000, func() Method { return new(LISTA) }},
		{"pnp", []lab.Kind{lab.Restore}, "Venkatakrishnan, Bouman & Wohlberg 2013, Plug-and-play priors for model based reconstruction, GlobalSIP", 0, func() Method { return new(PnP) }},
		{"red", []lab.Kind{lab.Restore}, "Romano, Elad & Milanfar 2017, The little engine that could: regularization by denoising, arXiv:1611.02862", 0, func() Method { return new(RED) }},
		{"csgm", []lab.Kind{lab.Restore}, "Bora, Jalal, Price & Dimakis 2017, Compressed sensing using generative models, arXiv:1703.03208", 0, func() Method { return new(CSGM) }},
		{"dip", []lab.Kind{lab.Restore}, "Ulyanov, Vedaldi & Lempitsky 2018, Deep image prior, arXiv:1711.10925", 0, func() Method { return new(DIP) }},
		{"pix2pix", []lab.Kind{lab.Translate}, "Isola, Zhu, Zhou & Efros 2017, Image-to-image translation with conditional adversarial networks, arXiv:1611.07004", 4000, func() Method { return new(Pix2Pix) }},
		{"cyclegan", []lab.Kind{lab.Translate}, "Zhu, Park, Isola & Efros 2017, Unpaired image-to-image translation using cycle-consistent adversarial networks, arXiv:1703.10593", 5000, func() Method { return new(CycleGAN) }},
		{"otsu", []lab.Kind{lab.Segment}, "Otsu 1979, A threshold selection method from gray-level histograms, IEEE Trans. SMC 9(1)", 0, func() Method { return new(Otsu) }},
		{"kmeans", []lab.Kind{lab.Segment}, "Lloyd 1982, Least squares quantization in PCM, IEEE Trans. Inf. Theory 28(2)", 0, func() Method { return new(KMeans) }},
		{"fcn", []lab.Kind{lab.Segment}, "Long, Shelhamer & Darrell 2015, Fully convolutional networks for semantic segmentation, arXiv:1411.4038", 1000, func() Method { return new(FCN) }},
		{"lenet", []lab.Kind{lab.Classify}, "after LeCun et al. 1998, Gradient-based learning applied to document recognition, Proc. IEEE 86(11)", 2000, func() Method { return new(LeNet) }},
	}
}

// Lookup returns the entry of a name. The error names the nearest known one.
func Lookup(name string) (Entry, error) {
	var names []string
	for _, e := range Catalogue() {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return Entry{}, fmt.Errorf("unknown method %q%s; the methods are %s", name, lab.Suggest(name, names), strings.Join(names, ", "))
}

// Does says whether the method can do a kind of task.
func (e Entry) Does(k lab.Kind) bool { return slices.Contains(e.Kinds, k) }

// Card describes the method.
func (e Entry) Card() lab.MethodCard {
	kinds := make([]string, len(e.Kinds))
	for i, k := range e.Kinds {
		kinds[i] = string(k)
	}
	return lab.MethodCard{Name: e.Name, Tasks: kinds, Paper: e.Paper, Parameters: Parameters(e.New()), Steps: e.Steps}
}
