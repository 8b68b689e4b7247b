package plots

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"image/color"
	"strings"

	"gonum.org/v1/plot/vg"
)

// darkPage is what a rule for dark pages starts with: JupyterLab says so on its body; elsewhere the reader's system does.
const (
	darkJupyter = `body[data-jp-theme-light="false"] `
	darkSystem  = `@media (prefers-color-scheme:dark){body:not([data-jp-theme-light]) `
)

// HTML returns a figure as a piece of a page, which follows the page from light to dark. It is an image with the figure's
// Alt as its alternative text; a viewer that removes styles, as JupyterLab does in a notebook it does not trust, still
// shows the light one. A click enlarges it.
func HTML(f Figure) (string, error) {
	if _, ok := f.(themed); ok {
		b, err := SVG(f)
		if err != nil {
			return "", err
		}
		return img(f, "image/svg+xml", b, ""), nil
	}
	if pixels(f) {
		b, err := pngIn(f, between)
		if err != nil {
			return "", err
		}
		return img(f, "image/png", b, ""), nil
	}
	light, err := svgIn(f, Light)
	if err != nil {
		return "", err
	}
	open := Dark // the page's own background shows through
	open.Background = color.NRGBA{}
	dark, err := svgIn(f, open)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(light)
	class := "darkroom-" + hex.EncodeToString(sum[:4])
	rule := "img." + class + "{content:url(" + dataURI("image/svg+xml", dark) + ")}"
	return "<style>" + darkJupyter + rule + darkSystem + rule + "}</style>" + img(f, "image/svg+xml", light, class), nil
}

// pixels says whether a figure is mostly pictures, for which a PNG is the smaller and truer form.
func pixels(f Figure) bool {
	switch f.(type) {
	case raster, restorations:
		return true
	}
	return false
}

func dataURI(mime string, b []byte) string {
	return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(b)
}

// enlargement is by how much a click enlarges a figure in a page; the next click shrinks it again. That needs no script.
const enlargement = 2.5

func img(f Figure, mime string, b []byte, class string) string {
	w, h := f.Size()
	if class != "" {
		class = ` class="` + class + `"`
	}
	smooth := ""
	if mime == "image/png" {
		smooth = ";image-rendering:pixelated"
	}
	return fmt.Sprintf(`<style>input.darkroom-zoom:checked+img{zoom:%g;max-width:none!important%s}</style><label title="click to enlarge or to shrink">`+
		`<input class="darkroom-zoom" type="checkbox" hidden><img%s src="%s" width="%.0f" height="%.0f" style="max-width:100%%;height:auto" alt="%s"></label>`,
		enlargement, smooth, class, dataURI(mime, b), w/px, h/px, html.EscapeString(f.Alt()))
}

// inline returns a figure as an SVG element whose colours are CSS variables, so that a live view changes without a
// flicker. Viewers that remove SVG show nothing of it; HTML is the form to keep.
func inline(f Figure) (string, error) {
	open := Light
	open.Background = color.NRGBA{}
	b, err := svgIn(f, open)
	if err != nil {
		return "", err
	}
	var pairs []string
	light, dark := roles(Light), roles(Dark)
	var darkVars strings.Builder
	for i, c := range light {
		from := hexColor(c)
		pairs = append(pairs, from, fmt.Sprintf("var(--darkroom-%d,%s)", i, from))
		fmt.Fprintf(&darkVars, "--darkroom-%d:%s;", i, hexColor(dark[i]))
	}
	svg := strings.NewReplacer(pairs...).Replace(string(b))
	if _, after, ok := strings.Cut(svg, "?>"); ok {
		svg = after
	}
	w, h := f.Size()
	_, body, _ := strings.Cut(svg, "<svg")
	_, body, _ = strings.Cut(body, ">")
	rule := ".darkroom-live{" + darkVars.String() + "}"
	return fmt.Sprintf(`<style>%s%s%s}</style><svg class="darkroom-live" xmlns="http://www.w3.org/2000/svg" `+
		`xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 %.5g %.5g" width="%.0f" height="%.0f" `+
		`style="max-width:100%%;height:auto" role="img" aria-label="%s">%s`,
		darkJupyter+rule, darkSystem, rule, w/vg.Points(1), h/vg.Points(1), w/px, h/px,
		html.EscapeString(f.Alt()), body), nil
}

// roles are the colours of a theme in a fixed order.
func roles(t Theme) []color.NRGBA {
	return append([]color.NRGBA{t.Ink, t.Muted, t.Grid}, t.Series...)
}

// hexColor writes a colour as the SVG library does.
func hexColor(c color.NRGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }
