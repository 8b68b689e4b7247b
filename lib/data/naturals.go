package data

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"darkroom/lib/fetch"
)

type side int

const (
	train side = iota
	test
)

// natural is one photograph of the naturals, with the side that it is on for ever.
type natural struct {
	file   string // in its package
	side   side
	sha256 string
}

// skimage are the photographs of scikit-image that look like what a camera sees. Left out: drawings, text, patterns,
// the motion-blurred clock, binary pictures, and the second view of the stereo pair. The test side is the varied one: a
// portrait, a classic grey scene, fur, smooth shading, small objects, clutter.
var skimage = []natural{
	{"astronaut.png", test, "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"},
	{"camera.png", test, "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a"},
	{"chelsea.png", test, "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"},
	{"coffee.png", test, "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"},
	{"coins.png", test, "f8d773fc9cfa6f4d8e5942dc34d0a0788fcaed2a4fefbbed0aef5398d7ef4cba"},
	{"motorcycle_left.png", test, "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179"},
	{"brick.png", train, "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf"},
	{"grass.png", train, "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89"},
	{"gravel.png", train, "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12"},
	{"hubble_deep_field.jpg", train, "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4"},
	{"ihc.png", train, "f8dd1aa387ddd1f49d8ad13b50921b237df8e9b262606d258770687b0ef93cef"},
	{"moon.png", train, "78739619d11f7eb9c165bb5d2efd4772cee557812ec847532dbb1d92ef71f577"},
	{"retina.jpg", train, "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6"},
	{"rocket.jpg", train, "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c"},
}

// mate are the nature photographs of mate-backgrounds. They are halved in width and height (mean of 2×2 pixels), which
// also takes away most of their JPEG blocks and grain: a denoiser should learn from clean pictures.
var mate = []natural{
	{"Aqua.jpg", train, "5c30118205982da441bf7e6a1ada636a8a0be879408140b3148280c665ed6bce"},
	{"Blinds.jpg", train, "f7aac0dcc2e06d0491643e84df3da1d9db7c4610f58806a880d56e074799f600"},
	{"Dune.jpg", train, "8a67c2cb0be8c46b70c237311a4fa4d2b4ac7d39568135384787801fa5cc9a91"},
	{"FreshFlower.jpg", train, "972b0a0c4e5e3fa93f4f244fc84bc64b121a5eac3aaa5856f1308c1f38a02f8e"},
	{"Garden.jpg", train, "d3095ee09d425ef23d27155412136cf14fc3c9af76ca58b452f55e23da324e78"},
	{"GreenMeadow.jpg", train, "8fa0de0aa4089f7319c9fb7a6d006d4cab6023e8c8853731557cff53567b4832"},
	{"LadyBird.jpg", train, "e35a9a4126ef969c90b29c038058c5a575a20eadd84106a37bf1fa9931e7b61d"},
	{"RainDrops.jpg", train, "3e4ea9671c28c90a86cf67b3db9daf18c4741587c596333a7529ca589aaa0c16"},
	{"Storm.jpg", train, "77ca53077831d3237f73393a91fc879158abc046d852941c26e90de336356957"},
	{"TwoWings.jpg", train, "665e5abf8a5399070a91a9a8e455fe071e5b61697ff78fdeda4e9843ef545aeb"},
	{"Wood.jpg", train, "19c78500ac00a622e19907ab9cc7d06d46fe08c4a6142759a84195696150ec07"},
	{"YellowFlower.jpg", train, "254da96256acb7add685679775a04d1e4a5bc8cd13e5a5a3d61351ce198a5306"},
}

func naturalsOn(s side) int {
	n := 0
	for _, p := range append(skimage[:len(skimage):len(skimage)], mate...) {
		if p.side == s {
			n++
		}
	}
	return n
}

func naturalFiles() []fetch.File {
	const dir = "data/naturals/"
	var files []fetch.File
	for _, p := range skimage {
		files = append(files, fetch.File{Name: dir + p.file, SHA256: p.sha256, From: []fetch.Origin{
			fetch.Wheel{Package: "scikit-image", Version: "0.26.0", Member: "skimage/data/" + p.file},
			fetch.URL{Address: "https://gitlab.com/scikit-image/data/-/raw/5c090b56df3988d988ff97928e2ef2d2cbe38e1b/" + p.file},
		}})
	}
	for _, p := range mate {
		files = append(files, fetch.File{Name: dir + p.file, SHA256: p.sha256, From: []fetch.Origin{
			fetch.Deb{Package: "mate-backgrounds", Member: "usr/share/backgrounds/mate/nature/" + p.file},
			fetch.URL{Address: "https://raw.githubusercontent.com/mate-desktop/mate-backgrounds/v1.26.0/nature/" + p.file},
		}})
	}
	return files
}

func readNaturals(ctx context.Context, d *Dataset, paths []string, o Options) error {
	pictures, sides, bad := make(Split, len(paths)), make([]side, len(paths)), make([]error, len(paths))
	err := each(ctx, len(paths), func(i int) {
		b, err := os.ReadFile(paths[i])
		if err != nil {
			bad[i] = err
			return
		}
		out, err := decode(b, maxPixels)
		if err != nil {
			bad[i] = fmt.Errorf("%s: %w; delete it and it is fetched again", paths[i], err)
			return
		}
		p := out.Picture
		if i < len(skimage) {
			sides[i] = skimage[i].side
		} else {
			sides[i] = mate[i-len(skimage)].side
			p = p.Shrink(2)
		}
		file := path.Base(d.Files[i].Name)
		p.Name = strings.TrimSuffix(file, path.Ext(file))
		pictures[i] = o.prepare(p)
	})
	if err := errors.Join(append(bad, err)...); err != nil {
		return err
	}
	for i, p := range pictures {
		if sides[i] == test {
			d.Test = append(d.Test, p)
		} else {
			d.Train = append(d.Train, p)
		}
	}
	return nil
}
