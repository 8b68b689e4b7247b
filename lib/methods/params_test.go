package methods_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"darkroom/lib/lab"
	"darkroom/lib/methods"
)

func ExampleApply() {
	m := new(methods.VAE)
	whole, err := methods.Apply("vae", m, lab.Set{"latent": 2, "hidden": "200,100"})
	fmt.Println(m.Latent, m.Hidden, whole["learning-rate"], err)
	_, err = methods.Apply("vae", m, lab.Set{"latnet": 2})
	fmt.Println(strings.Split(err.Error(), ";")[0])
	// Output:
	// 2 200,100 0.001 <nil>
	// vae has no parameter "latnet" (did you mean "latent"?)
}

func ExampleLookup() {
	_, err := methods.Lookup("dccnn")
	fmt.Println(strings.Split(err.Error(), ";")[0])
	// Output:
	// unknown method "dccnn" (did you mean "dncnn"?)
}

// TestLaterParameters: a parameter that came later is in the set only where it changes something, so that older runs keep their hashes.
func TestLaterParameters(t *testing.T) {
	for set, want := range map[string]any{"": nil, "1": nil, "3": 3} {
		given := lab.Set{}
		if set != "" {
			given["zooms"] = set
		}
		whole, err := methods.Apply("dncnn", new(methods.DnCNN), given)
		if err != nil || whole["zooms"] != want || whole["patch"] != 40 {
			t.Errorf("zooms %q: %v, %v", set, whole, err)
		}
	}
	whole, err := methods.Apply("vdsr", new(methods.VDSR), nil)
	if err != nil || whole["zooms"] != 3 { // its own default
		t.Errorf("vdsr: %v, %v", whole, err)
	}
}

// TestParameters: every parameter of the catalogue says what it means, and its default is within its own range, also after it went
// through JSON.
func TestParameters(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range methods.Catalogue() {
		if seen[e.Name] || e.Name != strings.ToLower(e.Name) || e.Paper == "" || len(e.Kinds) == 0 || e.Steps < 0 {
			t.Errorf("entry %+v", e)
		}
		seen[e.Name] = true
		if found, err := methods.Lookup(e.Name); err != nil || found.Name != e.Name {
			t.Errorf("Lookup(%q) finds %q, %v", e.Name, found.Name, err)
		}
		for _, p := range methods.Parameters(e.New()) {
			if p.Help == "" || p.Default == nil || p.Range == "" && p.Type != "bool" {
				t.Errorf("%s: parameter %+v lacks help, default or range", e.Name, p)
			}
		}
		m := e.New()
		whole, err := methods.Apply(e.Name, m, nil)
		if err != nil {
			t.Errorf("%s: defaults: %v", e.Name, err)
			continue
		}
		text, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		var back lab.Set
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		again := e.New()
		if _, err := methods.Apply(e.Name, again, back); err != nil || !reflect.DeepEqual(m, again) {
			t.Errorf("%s: the defaults given as parameters make %+v, want %+v (%v)", e.Name, again, m, err)
		}
		card := e.Card()
		if card.Name != e.Name || len(card.Tasks) != len(e.Kinds) || len(card.Parameters) < len(whole) {
			t.Errorf("%s: card %+v", e.Name, card)
		}
		for _, p := range card.Parameters {
			later := []string{"zooms", "rough", "resize", "register", "content", "perceptual", "projected", "ratio"}
			if e.Does(lab.Translate) {
				later = append(later, "norm", "average", "fine", "enlarge", "generator", "relax")
			}
			if _, ok := whole[p.Name]; !ok && !slices.Contains(later, p.Name) {
				t.Errorf("%s: the defaults lack %s", e.Name, p.Name)
			}
		}
	}
}

func TestApplyKinds(t *testing.T) {
	for _, set := range []lab.Set{
		{"latent": 7, "hidden": []int{30, 20}, "beta": 2}, {"latent": "7", "hidden": " 30, 20", "beta": "2.0"},
		{"latent": 7.0, "hidden": methods.Widths{30, 20}, "beta": json.Number("2")}, {"latent": "7e0", "hidden": "30,20", "beta": int64(2)},
	} {
		m := new(methods.VAE)
		whole, err := methods.Apply("vae", m, set)
		if err != nil || m.Latent != 7 || m.Hidden.String() != "30,20" || m.Beta != 2 || m.Batch != 128 {
			t.Errorf("%v makes %+v, %v", set, m, err)
		}
		if whole["latent"] != 7 || whole["hidden"] != "30,20" || whole["beta"] != 2.0 || whole["batch"] != 128 {
			t.Errorf("%v has the whole set %v", set, whole)
		}
	}
}

func TestApplyErrors(t *testing.T) {
	for _, c := range []struct {
		set  lab.Set
		want string
	}{
		{lab.Set{"latnet": 3}, `vae has no parameter "latnet" (did you mean "latent"?); it has latent, hidden`},
		{lab.Set{"Latent": 3}, `(did you mean "latent"?)`},
		{lab.Set{"problem": 3}, `vae has no parameter "problem"`},
		{lab.Set{"latent": 0}, `vae: parameter latent = "0": must be between 1 and 1024 (size of the code z)`},
		{lab.Set{"latent": 1025}, `must be between 1 and 1024`},
		{lab.Set{"latent": 2.5}, `parameter latent = "2.5": must be a whole number between 1 and 1024`},
		{lab.Set{"latent": "many"}, `parameter latent = "many": must be a whole number between 1 and 1024`},
		{lab.Set{"latent": true}, `parameter latent = "true": must be a whole number`},
		{lab.Set{"latent": "99999999999999999999"}, `must be a whole number`},
		{lab.Set{"beta": -0.1}, `parameter beta = "-0.1": must be at least 0`},
		{lab.Set{"beta": "NaN"}, `must be a number at least 0`},
		{lab.Set{"beta": "Inf"}, `must be a number at least 0`},
		{lab.Set{"beta": ""}, `must be a number at least 0`},
		{lab.Set{"likelihood": "gausian"}, `must be one of bernoulli, gaussian, logistic (did you mean "gaussian"?)`},
		{lab.Set{"hidden": "500;200"}, `must be whole numbers separated by commas, such as "500" or "200,200"`},
		{lab.Set{"hidden": ""}, `must be whole numbers separated by commas`},
		{lab.Set{"hidden": []int{}}, `must be whole numbers separated by commas`},
		{lab.Set{"hidden": "500,0"}, `parameter hidden = "500,0": must be between 1 and 8192`},
		{lab.Set{"latent": nil}, `parameter latent: <nil> is a <nil>; use a number, a string or true/false`},
		{lab.Set{"latent": []string{"3"}}, `[3] is a []string; use a number, a string or true/false`},
	} {
		if _, err := methods.Apply("vae", new(methods.VAE), c.set); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want %s", c.set, err, c.want)
		}
	}
}

func FuzzApply(f *testing.F) {
	for _, v := range []string{"", "1", "-1", "1e3", "1e400", "0x10", "500,200", "NaN", "bernoulli", "1_000", "tru"} {
		f.Add("latent", v)
		f.Add("hidden", v)
		f.Add("beta", v)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		m := new(methods.VAE)
		whole, err := methods.Apply("vae", m, lab.Set{name: value})
		if err != nil {
			return
		}
		if m.Latent < 1 || m.Latent > 1024 || !(m.Beta >= 0) || len(m.Hidden) == 0 || m.Hidden[0] < 1 || m.Hidden[0] > 8192 {
			t.Errorf("%s = %q makes %+v", name, value, m)
		}
		again := new(methods.VAE)
		if _, err := methods.Apply("vae", again, whole); err != nil || !reflect.DeepEqual(m, again) {
			t.Errorf("%s = %q: the whole set makes %+v, want %+v (%v)", name, value, again, m, err)
		}
	})
}
