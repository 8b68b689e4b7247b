package lab

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseTask(t *testing.T) {
	for text, want := range map[string]Task{
		"generate:mnist":                        {Kind: Generate, Data: "mnist"},
		"restore:denoise25:naturals":            {Kind: Restore, Operator: "denoise25", Data: "naturals"},
		"generate:folder:/some/pictures":        {Kind: Generate, Data: "folder:/some/pictures"},
		"generate:folder:/some/pictures@32":     {Kind: Generate, Data: "folder:/some/pictures", Size: 32},
		"generate:folder:/mail@home":            {Kind: Generate, Data: "folder:/mail@home"},
		"restore:inpaint50:folder:/a:b/c d@128": {Kind: Restore, Operator: "inpaint50", Data: "folder:/a:b/c d", Size: 128},
	} {
		got, err := ParseTask(text)
		if err != nil || got != want {
			t.Errorf("ParseTask(%q) = %+v, %v; want %+v", text, got, err, want)
		}
		if got.String() != text {
			t.Errorf("%q is written back as %q", text, got)
		}
	}
	for text, says := range map[string]string{
		"":                      "no dataset",
		"mnist":                 "no dataset",
		"generate:":             "no dataset",
		"generat:mnist":         `did you mean "generate"?`,
		"restore:naturals":      "restore needs a degradation",
		"restore::naturals":     "restore needs a degradation",
		"restore:folder:/x":     "no degradation",
		"generate:folder:":      "no dataset",
		"generate:mnist@0":      "out of range",
		"generate:mnist@100000": "out of range",
	} {
		if got, err := ParseTask(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("ParseTask(%q) = %+v, %v; want an error with %q", text, got, err, says)
		}
	}
}

func FuzzParseTask(f *testing.F) {
	f.Add("generate:mnist")
	f.Add("restore:denoise25:folder:/a@32")
	f.Fuzz(func(t *testing.T, text string) {
		task, err := ParseTask(text)
		if err != nil {
			return
		}
		again, err := ParseTask(task.String())
		if err != nil || again != task {
			t.Errorf("%q is read as %+v, written as %q, and read again as %+v, %v", text, task, task, again, err)
		}
	})
}

func TestHash(t *testing.T) {
	s := Spec{Method: "vae", Task: "generate:mnist", Seed: 1, Steps: 10, Set: Set{"latent": 20, "beta": 1.0}}
	// SHA-256 of {"method":"vae","task":"generate:mnist","seed":1,"steps":10,"set":{"beta":1,"latent":20}}, by sha256sum.
	const want = "2fc6a8a03f76fa65c916f4bb0d17683b3fe557e635a3636a400df4d30435f5e3"
	if got := string(s.Canonical()); got != `{"method":"vae","task":"generate:mnist","seed":1,"steps":10,"set":{"beta":1,"latent":20}}` {
		t.Errorf("canonical form %s", got)
	}
	if s.Hash() != want {
		t.Errorf("hash %s, want %s", s.Hash(), want)
	}
	other := s
	other.Eval, other.Runs = Eval{Images: 5}, "/elsewhere"
	if other.Hash() != s.Hash() {
		t.Error("how a run is measured, or where it lives, changes its identity")
	}
	other.Seed = 2
	if other.Hash() == s.Hash() || !strings.HasSuffix(s.Dir(), s.Hash()[:12]) {
		t.Error("the seed does not change the identity, or the directory's name does not carry it")
	}
}

func ExampleSuggest() {
	fmt.Println("unknown method \"vea\"" + Suggest("vea", []string{"vae", "dcgan"}))
	// Output: unknown method "vea" (did you mean "vae"?)
}

func ExampleParseTask() {
	t, err := ParseTask("restore:denoise25:naturals")
	fmt.Println(t.Kind, t.Operator, t.Data, err)
	// Output: restore denoise25 naturals <nil>
}

func TestCurvesOf(t *testing.T) {
	c := CurvesOf([]Event{{Step: 1, Values: map[string]float64{"b": 1, "loss": 2}}, {Step: 3, Values: map[string]float64{"b": 4, "loss": 5}}})
	if len(c) != 2 || c[0].Name != "loss" || c[1].Y[1] != 4 || c[0].X[1] != 3 {
		t.Errorf("%+v", c)
	}
	if s := c.Select("b", "none"); len(s) != 1 || s[0].Name != "b" {
		t.Errorf("%+v", s)
	}
}
