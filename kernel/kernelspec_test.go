package kernel

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"image/png"
	"slices"
	"testing"
)

func TestKernelspec(t *testing.T) {
	t.Setenv("DARKROOM_HOME", "/somewhere")
	var got struct {
		Argv          []string          `json:"argv"`
		DisplayName   string            `json:"display_name"`
		Language      string            `json:"language"`
		InterruptMode string            `json:"interrupt_mode"`
		Env           map[string]string `json:"env"`
	}
	if err := json.Unmarshal(At("/clone").kernelspec(), &got); err != nil {
		t.Fatal(err)
	}
	// https://jupyter-client.readthedocs.io/en/latest/kernels.html#kernel-specs
	if want := []string{"/somewhere/data/bin/darkroom", "kernel", "{connection_file}"}; !slices.Equal(got.Argv, want) {
		t.Errorf("argv %q, want %q", got.Argv, want)
	}
	if got.DisplayName != "Go (darkroom)" || got.Language != "go" || got.InterruptMode != "message" {
		t.Errorf("got %+v", got)
	}
	if got.Env["DARKROOM_HOME"] != "/somewhere" || got.Env["DARKROOM_REPO"] != "/clone" {
		t.Errorf("the kernel would not find its home or its sources: %v", got.Env)
	}
}

func TestLogo(t *testing.T) {
	for _, side := range []int{32, 64} {
		im, err := png.Decode(bytes.NewReader(logoPNG(side)))
		if err != nil {
			t.Fatal(err)
		}
		if b := im.Bounds(); b.Dx() != side || b.Dy() != side {
			t.Errorf("the logo of side %d is %v", side, b)
		}
		if _, _, _, a := im.At(0, 0).RGBA(); a != 0 {
			t.Errorf("side %d: the corner is not transparent", side)
		}
		sun := im.At(side*39/64, side*28/64)
		if r, g, b, _ := sun.RGBA(); r>>8 != 0xe5 || g>>8 != 0x38 || b>>8 != 0x3b {
			t.Errorf("side %d: the safelight is %v", side, sun)
		}
	}
	if err := xml.Unmarshal([]byte(logoSVG), new(struct{})); err != nil {
		t.Errorf("the SVG: %v", err)
	}
}
