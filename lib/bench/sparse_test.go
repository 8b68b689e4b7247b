package bench

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/sparse"
)

func TestCoder(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	grey := make([]float32, 20*16)
	for i := range grey {
		grey[i] = float32(i%20)/20 + 0.1*r.Float32()
	}
	p := NewPatches(grey, 20, 16, 30)
	energy := 0.0
	for i := 0; i < len(p.Y); i += 64 {
		mean := 0.0
		for _, v := range p.Y[i : i+64] {
			mean += v
			energy += v * v / 30
		}
		if math.Abs(mean) > 1e-9 {
			t.Errorf("patch %d: the mean is left: %g", i/64, mean/64)
		}
	}
	code := func(task string, tolerance float64) (*Coder, Coded) {
		c, err := NewCoder(xlatest.Backend(t), p, task, sparse.FeatureSign, tolerance)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		coded, err := c.Code()
		if err != nil {
			t.Fatal(err)
		}
		return c, coded
	}
	c, omp := code("omp", 0)
	if !(omp.Objective > 0 && omp.Objective < energy/4) || omp.Nonzeros != PursuedAtoms && math.Abs(omp.Nonzeros-PursuedAtoms) > 1e-9 {
		t.Errorf("omp: %+v of patches with %g", omp, energy)
	}
	if _, ormp := code("ormp", 0); !(ormp.Objective < omp.Objective) {
		t.Errorf("ormp: %+v, omp: %+v", ormp, omp)
	}
	other := append([]int32{}, c.Supports...)
	other[PursuedAtoms] = -1
	if all, most := SameSupports(c.Supports, c.Supports), SameSupports(c.Supports, other); all != 1 || math.Abs(most-29.0/30) > 1e-9 {
		t.Errorf("supports are the same for %g of the patches, and for %g", all, most)
	}
	_, best := code("lasso", 1e-6)
	_, rough := code("lasso", 1e-1)
	if g := best.RelativeGap(); !(g >= -1e-12 && g < 1e-5) || rough.Objective < best.Objective || rough.Objective-best.Objective > 2*rough.Gap || rough.Gap < 10*best.Gap {
		t.Errorf("lasso: %+v, and to a gap of a tenth %+v", best, rough)
	}
}

// TestSparsePeers: an environment without the libraries is told how to get them, and one whose Python fails what it said.
func TestSparsePeers(t *testing.T) {
	venv := t.TempDir()
	python := filepath.Join(venv, "bin", "python")
	if err := os.Mkdir(filepath.Dir(python), 0o755); err != nil {
		t.Fatal(err)
	}
	for script, want := range map[string]string{
		`echo '{"peers": {"omp": [], "ormp": [], "lasso": []}}'; cat > /dev/null`: "has neither spams nor scikit-learn: `",
		`echo oh dear >&2`: "the peers' Python ended: oh dear",
	} {
		if err := os.WriteFile(python, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil { //nolint:gosec // it must run
			t.Fatal(err)
		}
		if _, err := NewSparsePeers(t.Context(), venv, "script.py", "picture.png", 10); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
