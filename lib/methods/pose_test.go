package methods_test

import (
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// TestPoseErrors: what does not fit a method is named, with what would.
func TestPoseErrors(t *testing.T) {
	for _, c := range []struct {
		method                           string
		set                              lab.Set
		height, width, channels, classes int
		want                             string
	}{
		{"dcgan", nil, 30, 30, 1, 0, "dcgan: images are 30×30, but it needs squares whose side is a multiple of 4, at least 8; add @32 to the task"},
		{"dcgan", nil, 28, 32, 1, 0, "dcgan: images are 28×32"},
		{"dcgan", nil, 4, 4, 1, 0, "at least 8"},
		{"dcgan", nil, 28, 28, 1, 0, ""},
		{"dcgan", lab.Set{"r1": 10}, 28, 28, 1, 0, "dcgan: r1 and penalty need the gradient at each image by itself, and batch norm mixes the images; set norm to layer"},
		{"dcgan", lab.Set{"r1": 10, "penalty": 1, "norm": "layer"}, 28, 28, 1, 0, ""},
		{"dcgan", lab.Set{"loss": "wasserstein"}, 28, 28, 1, 0, "dcgan: the wasserstein loss needs a critic of bounded slope; set penalty to 10"},
		{"dcgan", lab.Set{"loss": "wasserstein", "norm": "spectral"}, 28, 28, 1, 0, ""},
		{"dcgan", lab.Set{"loss": "hinge", "smoothing": 0.1}, 28, 28, 1, 0, "dcgan: smoothing = 0.1 goes with the non-saturating loss, not with hinge; set it to 0"},
		{"wgan-gp", nil, 30, 30, 1, 0, "wgan-gp: images are 30×30"},
		{"cgan", nil, 28, 28, 1, 0, "cgan: the number of classes in the data is 0, but a condition needs at least 2; use dcgan, which needs no labels"},
		{"cgan", nil, 28, 28, 1, 1, "cgan: the number of classes in the data is 1, but"},
		{"cgan", nil, 28, 28, 1, 2, ""},
		{"gan", nil, 300, 300, 1, 0, "gan: images of 300×300×1 are too large for its dense layers; add @32 or @64 to the task"},
		{"article-gan", nil, 28, 28, 1, 0, "article-gan: images are 28×28, but its layers reach 64×64; add @64 to the task"},
		{"article-gan", nil, 64, 64, 3, 0, ""},
		{"dcgan", nil, 32, 32, 3, 0, ""},
		{"vae", nil, 2000, 3000, 3, 0, "vae: images of 2000×3000×3 are too large for its dense layers; add @32 or @64 to the task"},
		{"vae", nil, 28, 28, 1, 0, ""},
		{"pca", nil, 8, 8, 1, 0, "pca: latent = 100, but an image has only 64 values; use at most 63"},
		{"pca", lab.Set{"latent": 63}, 8, 8, 1, 0, ""},
		{"pca", nil, 100, 100, 3, 0, "more than the 4096 whose covariance is practical; add @32 to the task"},
		{"color-transfer", nil, 8, 8, 1, 0, "color-transfer: the pictures are grey, and it needs colour; take identity"},
		{"pix2pix", nil, 60, 64, 3, 0, "pix2pix: pictures are 64×60, but its networks need sides that are multiples of 8, at least 16; add @64 to the task"},
		{"pix2pix", nil, 8, 8, 3, 0, "at least 16"},
		{"pix2pix", nil, 16, 40, 1, 0, ""},
		{"pix2pix", lab.Set{"perceptual": 1}, 16, 40, 1, 0, "pix2pix: pictures are 40×16, but perceptual needs ones of at least 32×32; add @64 to the task, or leave perceptual out"},
		{"cyclegan", nil, 30, 32, 3, 0, "cyclegan: pictures are 32×30, but its networks need sides that are multiples of 4, at least 16; add @64 to the task"},
		{"cyclegan", nil, 20, 16, 3, 0, ""},
		{"cyclegan", lab.Set{"content": 1}, 20, 16, 3, 0, "cyclegan: pictures are 16×20, but content needs ones of at least 32×32"},
		{"cyclegan", lab.Set{"projected": true}, 20, 16, 3, 0, "cyclegan: pictures are 16×20, but projected needs ones of at least 32×32"},
		{"cyclegan", lab.Set{"enlarge": true}, 32, 32, 3, 0, "cyclegan: enlarge is true, but fine, whose judges would see it, is false; set fine, too, or leave enlarge out"},
		{"pix2pix", lab.Set{"enlarge": true}, 32, 32, 3, 0, "pix2pix: enlarge is true, but fine"},
		{"cyclegan", lab.Set{"enlarge": true, "fine": true}, 32, 32, 3, 0, ""},
		{"gmm", lab.Set{"latent": 64}, 8, 8, 1, 0, "gmm: latent = 64, but an image has only 64 values; use at most 63"},
		{"iwae", nil, 2000, 3000, 3, 0, "iwae: images of 2000×3000×3 are too large"},
		{"conv-vae", nil, 30, 30, 1, 0, "conv-vae: images are 30×30, but their sides must be multiples of 4, at least 8; add @32 to the task"},
		{"article-vae", nil, 28, 28, 1, 0, "article-vae: images are 28×28, but its layers divide their sides by 64; add @64 to the task, or use conv-vae"},
		{"cvae", nil, 28, 28, 1, 1, "cvae: the data has 1 classes, but its condition needs at least 2; use vae"},
		{"vq-vae", nil, 27, 28, 1, 0, "vq-vae: images are 27×28, but their sides must be even; add @32 to the task"},
		{"vq-vae", nil, 30, 30, 1, 0, "vq-vae: images of 30×30 become a grid of 15×15 codes, more than the 100 that can be sampled one by one; add @32 or @64 to the task"},
		{"vq-vae", nil, 64, 64, 3, 0, ""},
		{"lenet", nil, 28, 28, 1, 0, "lenet: the data has 0 classes, but a classifier needs at least 2"},
		{"lenet", nil, 7, 28, 1, 10, "lenet: images of 7×28 are smaller than 8×8"},
		{"fista", lab.Set{"stride": 9}, 28, 28, 1, 0, "fista: stride 9 is larger than the patch 8, so pixels would be left out; use a stride of at most 8"},
		{"autoencoder", lab.Set{"code": 200}, 40, 40, 1, 0, "autoencoder: code = 200, but a patch of 12×12 has only 144 values; use at most 143"},
		{"mlp", lab.Set{"stride": 14}, 40, 40, 1, 0, "mlp: stride 14 is larger than the window 13, so pixels would be left out; use a stride of at most 13"},
		{"mlp", lab.Set{"window": 41}, 40, 40, 1, 0, "mlp: patches of 40×40 are smaller than the window of 41×41; set patch to at least 41"},
		{"srcnn", lab.Set{"widths": "8"}, 28, 28, 1, 0, "srcnn: 3 kernels (9,1,5), but 1 inner layers (8) need 2; give one kernel for each of them and one for the last"},
		{"srcnn", lab.Set{"kernels": "9,2,5"}, 28, 28, 1, 0, "srcnn: kernels = 2, but a window with a centre has an odd side; use 3"},
	} {
		e, err := methods.Lookup(c.method)
		if err != nil {
			t.Fatal(err)
		}
		m := e.New()
		if _, err := methods.Apply(c.method, m, c.set); err != nil {
			t.Fatal(err)
		}
		err = m.Pose(methods.Problem{Kind: e.Kinds[0], Height: c.height, Width: c.width, Channels: c.channels, Classes: c.classes})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s at %d×%d×%d: error %v, want %q", c.method, c.height, c.width, c.channels, err, c.want)
		}
	}
}

// TestFISTASmallPicture: test pictures may be smaller than what Pose saw.
func TestFISTASmallPicture(t *testing.T) {
	m := fista(t, nil, "denoise25")
	_, err := model.CallOnce(xlatest.Backend(t), model.NewStore(), func(s *model.Scope, y *graph.Node) *graph.Node { return m.Restore(s, y, nil) },
		tensor(make([]float32, 7*20), 1, 7, 20, 1))
	if err == nil || !strings.Contains(err.Error(), "fista: the picture is 20×7, smaller than the patch of 8×8") {
		t.Errorf("error %v", err)
	}
}
