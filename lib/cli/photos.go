package cli

import (
	"bytes"
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"darkroom/lib/data"
	"darkroom/lib/lab"
	"darkroom/lib/metrics"
	"darkroom/lib/report"
)

// The endings of the files that go with a measurement.
const (
	maskEnding  = "-mask"
	truthEnding = "-truth"
)

// beside is the file that goes with a picture: the one named, the one of its name in the folder named, or, if wanted, NAME with an ending beside
// it; "" if there is none.
func beside(f data.PhotoFile, named, ending string, wanted bool) (string, error) {
	if named == "" {
		path := filepath.Join(filepath.Dir(f.Path), filepath.Base(f.Name)+ending+".png")
		if _, err := os.Stat(path); wanted && err == nil {
			return path, nil
		}
		return "", nil
	}
	st, err := os.Stat(named)
	if err != nil {
		return "", misuse("--%s %s cannot be read: %w", strings.TrimPrefix(ending, "-"), named, errors.Unwrap(err))
	}
	if !st.IsDir() {
		return named, nil
	}
	for _, name := range []string{f.Name + ending, f.Name} {
		found, err := filepath.Glob(filepath.Join(escaped(named), escaped(filepath.FromSlash(name))+".*"))
		if err == nil && len(found) > 0 {
			return found[0], nil
		}
	}
	return "", fmt.Errorf("the folder %s has no %s%s and no %s", named, f.Name, ending, f.Name)
}

// escaped is a path for filepath.Glob.
func escaped(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(path)
}

// blackWhite is 1 where the first channel is at least a half.
func blackWhite(im lab.Image) lab.Image {
	out := lab.NewImage(im.Height, im.Width, 1)
	for i := range out.Pix {
		if im.Pix[i*im.Channels] >= 0.5 {
			out.Pix[i] = 1
		}
	}
	return out
}

// writePhoto writes a picture as NAME.png below a folder and returns where. It refuses to write over the one that it was made from.
func writePhoto(out, name, source string, p data.Photo) (string, error) {
	path := filepath.Join(out, filepath.FromSlash(name)+".png")
	if a, err := os.Stat(path); err == nil {
		if b, err := os.Stat(source); err == nil && os.SameFile(a, b) {
			return "", misuse("--out %s is where the picture itself lies, and it would be lost; name another folder", out)
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	b, err := p.PNG()
	if err != nil {
		return "", err
	}
	return path, os.WriteFile(path, b, 0o644) //nolint:gosec // for others, too
}

// with is a photo with other pixels. A profile of its colours goes where they have become grey, or the other way round.
func with(p data.Photo, im lab.Image) data.Photo {
	if im.Channels != p.Channels {
		p.ICC = nil
	}
	p.Image = im
	return p
}

// losslessPixels is the largest picture that a page holds as PNG; larger ones are JPEG.
const losslessPixels = 2_000_000

// encoded is a picture for a page.
func encoded(im lab.Image) report.File {
	var b bytes.Buffer
	if im.Height*im.Width <= losslessPixels {
		_ = png.Encode(&b, im.Standard()) // into memory
		return report.File{MIME: "image/png", Bytes: b.Bytes()}
	}
	_ = jpeg.Encode(&b, im.Standard(), &jpeg.Options{Quality: 92})
	return report.File{MIME: "image/jpeg", Bytes: b.Bytes()}
}

// measured is the PSNR and, where the picture is large enough, the SSIM of x, clipped to [0, 1], over all channels.
func measured(truth, x lab.Image) (string, error) {
	psnr, err := metrics.PSNRMeasure(metrics.Options{Clip: true}).Of(truth, x)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("PSNR %.2f dB", psnr)
	if ssim, err := metrics.SSIMMeasure(metrics.Options{Clip: true}).Of(truth, x); err == nil {
		text += fmt.Sprintf(", SSIM %.4f", ssim)
	}
	return text, nil
}
