package data

import (
	"encoding/json"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEmojiAreThePublishedOnes(t *testing.T) {
	// From the package's single pictures, img/*/64/*.png, over white by Pillow 13's alpha_composite: the mean of all values of the 3781, and of
	// each channel of three of them. The sheets are cut up here, so a cell that is off by one would show.
	for name, want := range map[string]struct {
		mean float64
		of   map[string][3]float64
	}{
		"emoji-google": {193.678, map[string][3]float64{
			"0038-fe0f-20e3": {149.30, 180.27, 192.74}, "1f1eb-1f1f7": {198.73, 169.67, 193.46}, "1f385-1f3fb": {241.27, 213.02, 209.52}}},
		"emoji-twitter": {188.927, map[string][3]float64{
			"0038-fe0f-20e3": {96.70, 158.89, 206.54}, "1f1eb-1f1f7": {186.50, 148.66, 179.11}, "1f385-1f3fb": {236.82, 189.70, 190.96}}},
	} {
		d := open(t, name, Options{})
		all := slices.Concat(d.Train, d.Test)
		if h, w, c, ok := all.Uniform(); !ok || h != 64 || w != 64 || c != 3 || len(all) != 3781 {
			t.Errorf("%s: %d pictures of %d×%d×%d, uniform %t", name, len(all), h, w, c, ok)
		}
		mean, _ := moments(all)
		if math.Abs(255*mean-want.mean) > 0.2 { // rounding of half-transparent edges
			t.Errorf("%s: mean %.3f, want %.3f", name, 255*mean, want.mean)
		}
		found := 0
		for _, p := range all {
			channels, ok := want.of[p.Name]
			if !ok {
				continue
			}
			found++
			for c, w := range channels {
				sum := 0.0
				for i := c; i < len(p.Pix); i += 3 {
					sum += float64(p.Pix[i])
				}
				if got := sum / 64 / 64; math.Abs(got-w) > 0.2 {
					t.Errorf("%s: channel %d of %s has mean %.2f, want %.2f", name, c, p.Name, got, w)
				}
			}
		}
		if found != 3 {
			t.Errorf("%s: %d of 3 pictures found", name, found)
		}
		// 752 of 3781, and a fifth of every group, less what no family fits into any more.
		if got := histogram(d.Train); !slices.Equal(got, []int{136, 1809, 128, 105, 175, 68, 212, 180, 216, 0}) {
			t.Errorf("%s: training labels %v", name, got)
		}
		if got := histogram(d.Test); !slices.Equal(got, []int{33, 452, 31, 26, 43, 17, 52, 44, 54, 0}) {
			t.Errorf("%s: test labels %v", name, got)
		}
	}
	if g := open(t, "emoji-google", Options{Grey: true, Size: 32}); len(g.Train) != 3029 || g.Train[0].size() != "32×32 grey" {
		t.Errorf("in grey: %d of %s", len(g.Train), g.Train[0].size())
	}
}

// Variants are told by the package's own words here, not by the code points that emojiFamily looks at: the variants of skin tone are listed below
// their emoji, and those of gender have names that differ by "man" and "woman".
func TestVariantsOfAnEmojiAreOnOneSide(t *testing.T) {
	d := open(t, "emoji-google", Options{})
	sides := map[string]side{}
	for s, split := range map[side]Split{train: d.Train, test: d.Test} {
		for _, p := range split {
			sides[p.Name+".png"] = s
		}
	}
	b, err := os.ReadFile(d.Files[1].Path())
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Image, Category string
		Name            string
		Short           string                            `json:"short_name"`
		Variations      map[string]struct{ Image string } `json:"skin_variations"`
	}
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	gender := regexp.MustCompile(`\b(wo)?(man|men)\b|\b(fe)?male\b|\b(boy|girl|prince|princess|person|people)\b`)
	stems := map[string][]string{}
	variants := 0
	for _, e := range list {
		for _, v := range e.Variations {
			variants++
			if e.Category != "Component" && sides[v.Image] != sides[e.Image] {
				t.Errorf("%s and its variant %s are on two sides", e.Short, v.Image)
			}
		}
		short := strings.NewReplacer("_", " ", "-", " ").Replace(e.Short)
		if stem := strings.Join(strings.Fields(gender.ReplaceAllString(short, "")), " "); e.Category == "People & Body" && stem != short {
			stems[stem] = append(stems[stem], e.Image)
		}
	}
	families := 0
	for stem, images := range stems {
		if len(images) > 1 {
			families++
		}
		for _, im := range images {
			if stem != "" && sides[im] != sides[images[0]] {
				t.Errorf("two of the %q are on two sides: %v", stem, images)
			}
		}
	}
	if variants != 1875 || families < 50 {
		t.Errorf("only %d variants of skin tone and %d families of gender were looked at", variants, families)
	}
	for _, alike := range [][]string{
		{"1f385", "1f936", "1f9d1-200d-1f384"}, {"1f934", "1f478", "1fac5"}, {"1f57a", "1f483"}, {"1f474", "1f475", "1f9d3"},
		{"1f930", "1fac3", "1fac4"}, {"1f468", "1f469", "1f9d1", "1f471", "1f468-200d-1f9b1"}, {"1f466", "1f467", "1f9d2"},
		{"1f48f", "1f469-200d-2764-fe0f-200d-1f48b-200d-1f469"}, {"1f46a", "1f469-200d-1f466", "1f468-200d-1f469-200d-1f467-200d-1f466"},
		{"1f6b6", "1f6b6-200d-2640-fe0f-200d-27a1-fe0f"}, {"1f1fa-1f1f8", "1f1fa-1f1f2"},
	} {
		for _, name := range alike {
			if s, ok := sides[name+".png"]; !ok || s != sides[alike[0]+".png"] {
				t.Errorf("%s (there: %t) is not where %s is", name, ok, alike[0])
			}
		}
	}
}

func TestEmojiFamilies(t *testing.T) { // different things are different families
	families := map[string]string{}
	for _, u := range []string{
		"2640-FE0F", "2642-FE0F", "1F468-200D-1F3A8", "1F468-200D-1F680", "1F642-200D-2194-FE0F", "1F642", "1F468", "1F466", "1F474", "1F46B", "1F46A",
		"27A1-FE0F", "0031-FE0F-20E3", "0032-FE0F-20E3", "1F1E9-1F1EA", "1F468-200D-1F9AF",
	} {
		f := emojiFamily(u)
		if was, ok := families[f]; ok || f == "" {
			t.Errorf("%s and %s are one family, %q", u, was, f)
		}
		families[f] = u
	}
}

func TestEmojiPairs(t *testing.T) {
	d, a, b := open(t, "emoji", Options{}), open(t, "emoji-google", Options{}), open(t, "emoji-twitter", Options{})
	if !d.Paired || len(d.Train) != len(d.TrainB) || len(d.Test) != len(d.TestB) {
		t.Fatalf("paired %t, %d and %d to train, %d and %d to test", d.Paired, len(d.Train), len(d.TrainB), len(d.Test), len(d.TestB))
	}
	same := 0
	for _, of := range [][4]Split{{d.Train, d.TrainB, a.Train, b.Train}, {d.Test, d.TestB, a.Test, b.Test}} {
		for i, p := range of[0] {
			if q := of[1][i]; p.Name != q.Name || p.Label != q.Label || p.hash() != of[2][i].hash() || q.hash() != of[3][i].hash() {
				t.Fatalf("picture %d: %s and %s", i, p.Name, q.Name)
			}
			if p.hash() == of[1][i].hash() {
				same++
			}
		}
	}
	if same > 0 {
		t.Errorf("%d pictures are the same in both domains", same)
	}
}

func TestBadEmojiLists(t *testing.T) {
	for in, want := range map[string]string{
		"{":                                   "unexpected end",
		`[{"unified":"1F","category":"New"}]`: `emoji 1F is of the unknown group "New"`,
	} {
		if _, err := parseEmoji([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v does not say %q", in, err, want)
		}
	}
	if _, err := (emoji{name: "1f600", x: 1}).cut(Picture{Height: 66, Width: 66, Channels: 3}); err == nil || !strings.Contains(err.Error(), "1f600") {
		t.Errorf("error is %v", err)
	}
}
