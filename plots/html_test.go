package plots

import (
	"encoding/base64"
	"math"
	"regexp"
	"strings"
	"testing"

	"darkroom/lib/lab"
)

var embedded = regexp.MustCompile(`data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)`)

func TestHTMLHasBothThemes(t *testing.T) {
	page, err := HTML(Lines(demoCurves(1, 20, "loss"), Title(`"<b>&`)))
	if err != nil {
		t.Fatal(err)
	}
	found := embedded.FindAllStringSubmatch(page, -1)
	if len(found) != 3 || found[0][1] != found[1][1] { // dark for JupyterLab, dark for the system, light
		t.Fatalf("%d drawings", len(found))
	}
	for i, theme := range []Theme{Dark, Dark, Light} {
		svg, err := base64.StdEncoding.DecodeString(found[i][1])
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(svg), hexColor(theme.Series[0])) {
			t.Errorf("drawing %d is not in its theme", i)
		}
	}
	if !strings.Contains(page, `alt="&#34;&lt;b&gt;&amp;: curves`) {
		t.Error("the alternative text is not escaped")
	}
	one, err := HTML(In(Dark, Lines(demoCurves(1, 20, "loss"))))
	if err != nil || len(embedded.FindAllString(one, -1)) != 1 {
		t.Error("a figure in a theme of its own has one drawing", err)
	}
}

func TestInlineColoursAreVariables(t *testing.T) {
	svg, err := inline(Compare([]Run{{"a", demoCurves(1, 20, "loss")}, {"b", demoCurves(2, 20, "loss")}}))
	if err != nil {
		t.Fatal(err)
	}
	bare := regexp.MustCompile(`(fill|stroke):#([0-9A-F]{6})`).FindAllString(svg, -1)
	if len(bare) > 0 {
		t.Errorf("colours that do not follow the page: %v", bare)
	}
	seen := map[string]bool{}
	for _, c := range roles(Light) { // replacing them by name needs them all different
		if seen[hexColor(c)] {
			t.Errorf("the light theme has %s twice", hexColor(c))
		}
		seen[hexColor(c)] = true
	}
}

func TestSpark(t *testing.T) {
	for _, c := range []struct {
		values []float64
		width  int
		want   string
	}{
		{nil, 5, ""},
		{[]float64{1, 2}, 0, ""},
		{[]float64{1, 1, 1}, 5, "▄▄▄"},
		{[]float64{nan, inf}, 5, "  "},
		{[]float64{0, nan, 7}, 5, "▁ █"},
		{[]float64{0, 2, 6, 8, 3, math.Inf(-1)}, 3, "▁█▃"}, // means 1, 7, 3: heights 0, 7, 2.3 of 7
	} {
		if got := Spark(c.values, c.width); got != c.want {
			t.Errorf("%v in %d letters is %q, want %q", c.values, c.width, got, c.want)
		}
	}
}

func TestAltIsOneLine(t *testing.T) {
	f := Lines(lab.Curves{{Name: "kl/a", X: []float64{0, 1}, Y: []float64{4, 2}}, {Name: "kl/b", X: []float64{0, 1}, Y: []float64{nan, 3}}})
	if got, want := f.Alt(), "curves over step; kl/a from 4.000 to 2.000; kl/b from 3.000 to 3.000"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
