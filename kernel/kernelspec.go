package kernel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
)

// Name is the kernel's name for Jupyter, DisplayName the one that people see.
const (
	Name        = "darkroom"
	DisplayName = "Go (darkroom)"
)

// spec is Jupyter's kernel.json.
type spec struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env,omitempty"`
	Metadata      map[string]any    `json:"metadata,omitempty"`
}

// kernelspec returns the kernel.json. Interrupts come as messages: GoNB then signals the cell's program alone, once; as
// signals they would reach the cell twice and its engine process as well.
func (in *Installation) kernelspec() []byte {
	env := map[string]string{"DARKROOM_REPO": in.Repo}
	for _, name := range []string{"DARKROOM_HOME"} {
		if v := os.Getenv(name); v != "" {
			env[name] = v
		}
	}
	b, err := json.MarshalIndent(spec{
		Argv:          []string{in.Binary(), "kernel", "{connection_file}"},
		DisplayName:   DisplayName,
		Language:      "go",
		InterruptMode: "message",
		Env:           env,
		Metadata:      map[string]any{"debugger": false},
	}, "", "  ")
	if err != nil { // strings always encode
		panic(err)
	}
	return append(b, '\n')
}

func kernelspecKey(s *setup) (string, error) {
	return digest(string(s.kernelspec()), logoSVG, string(logoPNG(32))), nil
}

func writeKernelspec(_ context.Context, s *setup) error {
	dir := s.Kernelspec()
	return errors.Join(
		writeFile(filepath.Join(dir, "logo-32x32.png"), logoPNG(32), 0o644),
		writeFile(filepath.Join(dir, "logo-64x64.png"), logoPNG(64), 0o644),
		writeFile(filepath.Join(dir, "logo-svg.svg"), []byte(logoSVG), 0o644),
		writeFile(filepath.Join(dir, "kernel.json"), s.kernelspec(), 0o644),
	)
}

// The logo: a print that appears under the red safelight. The drawing lives on a square of side 64.
const logoSVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">
<rect x="2" y="2" width="60" height="60" rx="12" fill="#201c24"/>
<rect x="12" y="16" width="40" height="36" rx="2" fill="#f6efe6"/>
<rect x="16" y="20" width="32" height="28" fill="#f2b8a2"/>
<circle cx="39" cy="28" r="5" fill="#e5383b"/>
<path d="M16 48 L16 42 L27 29 L36 40 L40 36 L48 45 L48 48 Z" fill="#5b3a4a"/>
</svg>
`

// logoPNG draws the same, with 8×8 samples a pixel.
func logoPNG(side int) []byte {
	const samples = 8
	im := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			var r, g, b, a int
			for i := range samples * samples {
				c := logoAt((float64(x)+(float64(i%samples)+.5)/samples)*64/float64(side),
					(float64(y)+(float64(i/samples)+.5)/samples)*64/float64(side))
				r, g, b, a = r+int(c.R)*int(c.A), g+int(c.G)*int(c.A), b+int(c.B)*int(c.A), a+int(c.A)
			}
			if a > 0 {
				im.SetNRGBA(x, y, color.NRGBA{uint8(r / a), uint8(g / a), uint8(b / a), uint8(a / (samples * samples))})
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, im); err != nil { // a buffer takes everything
		panic(fmt.Sprint("drawing the logo: ", err))
	}
	return out.Bytes()
}

// logoAt is the logo's colour at a point.
func logoAt(x, y float64) color.NRGBA {
	rounded := func(x0, y0, x1, y1, r float64) bool {
		dx, dy := max(x0+r-x, x-(x1-r), 0), max(y0+r-y, y-(y1-r), 0)
		return dx*dx+dy*dy <= r*r
	}
	ridge := func() bool { // the line of hills
		hills := [][2]float64{{16, 42}, {27, 29}, {36, 40}, {40, 36}, {48, 45}}
		for i := range len(hills) - 1 {
			p, q := hills[i], hills[i+1]
			if x >= p[0] && x <= q[0] {
				return y >= p[1]+(q[1]-p[1])*(x-p[0])/(q[0]-p[0])
			}
		}
		return false
	}
	switch {
	case !rounded(2, 2, 62, 62, 12):
		return color.NRGBA{}
	case !rounded(12, 16, 52, 52, 2):
		return color.NRGBA{0x20, 0x1c, 0x24, 0xff}
	case x < 16 || x > 48 || y < 20 || y > 48:
		return color.NRGBA{0xf6, 0xef, 0xe6, 0xff}
	case ridge():
		return color.NRGBA{0x5b, 0x3a, 0x4a, 0xff}
	case (x-39)*(x-39)+(y-28)*(y-28) <= 25:
		return color.NRGBA{0xe5, 0x38, 0x3b, 0xff}
	default:
		return color.NRGBA{0xf2, 0xb8, 0xa2, 0xff}
	}
}
