package report

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"darkroom/lib/lab"
)

// result makes a run of a method with a per-image psnr.
func result(method string, seed int64, steps int, psnr ...float64) *lab.Result {
	return &lab.Result{
		Hash: method + "-hash", Seconds: 2, Spec: lab.Spec{Method: method, Task: "restore:denoise25:x", Seed: seed,
			Steps: steps},
		Metrics: map[string]lab.Metric{"psnr": {Protocol: "PSNR, range 1", Unit: "dB", Better: "higher", Values: psnr,
			Names: []string{"a", "b", "c"}[:len(psnr)]}},
	}
}

func entries() []Entry {
	return []Entry{
		{"identity", []*lab.Result{result("identity", 0, 0, 20, 22, 24)}},
		{"dncnn", []*lab.Result{result("dncnn", 0, 100, 29, 32, 35), result("dncnn", 1, 100, 31, 32, 33)}},
	}
}

func build(t *testing.T, e []Entry, published ...Published) *Table {
	t.Helper()
	table, err := Build(Heading{"denoise", "Denoising", "restore:denoise25:x", "abc1234"}, []string{"psnr", "ssim"},
		e, published)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestBuild(t *testing.T) {
	table := build(t, entries())
	first, second := table.Rows[0], table.Rows[1]
	if c := first.Metrics["psnr"]; c.Value != 22 || c.Images != 3 || c.Protocol != "PSNR, range 1" || *c.Low > 22 ||
		*c.High < 22 {
		t.Errorf("identity: %+v", c)
	}
	if c := second.Metrics["psnr"]; c.Value != 32 || !reflect.DeepEqual(c.PerSeed, []float64{32, 32}) {
		t.Errorf("dncnn: %+v", c)
	}
	if second.Seconds != 4 || !reflect.DeepEqual(second.Seeds, []int64{0, 1}) || len(second.Runs) != 2 ||
		second.Steps != 100 {
		t.Errorf("row: %+v", second)
	}
	p := second.Paired["psnr"]
	// Averaged over seeds the differences are 10, 10, 10: two of the eight sign patterns are as far from zero.
	if p.Difference != 10 || p.P != 0.25 || !p.Exact || p.Images != 3 || p.Against != "identity" || p.Low > 10 ||
		p.High < 10 {
		t.Errorf("paired: %+v", p)
	}
	if first.Paired != nil {
		t.Error("the first row is paired with itself")
	}
	if _, ok := second.Metrics["ssim"]; ok {
		t.Error("a measure that nobody took has a cell")
	}
	notes := strings.Join(table.Notes, "\n")
	for _, want := range []string{"With 2 seeds", "With 3 images p cannot be under 0.25",
		"images and, where there are several, seeds"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes lack %q:\n%s", want, notes)
		}
	}
}

// TestPace: the time of a restoration is the mean over seeds, and a column where a row has it.
func TestPace(t *testing.T) {
	e := entries()
	if text := build(t, e).Markdown(); strings.Contains(text, "megapixel") {
		t.Errorf("no row knows its time:\n%s", text)
	}
	e[1].Results[0].PerMegapixel, e[1].Results[1].PerMegapixel = 0.25, 0.75
	table := build(t, e)
	if table.Rows[0].PerMegapixel != 0 || table.Rows[1].PerMegapixel != 0.5 {
		t.Errorf("%+v", table.Rows)
	}
	if text := table.Markdown(); !strings.Contains(text, "time per megapixel ↓") || !strings.Contains(text, "– |       2 s") || !strings.Contains(text, "0.50 s |") {
		t.Error(text)
	}
}

// Each row is also held against the one before, where the first row says nothing about that.
func TestPrevious(t *testing.T) {
	e := append(entries(), Entry{"unmeasured", nil}, Entry{"better", []*lab.Result{result("better", 0, 0, 31, 33, 35)}})
	table := build(t, e)
	if table.Rows[0].Previous != nil || table.Rows[1].Previous != nil || table.Rows[2].Previous != nil {
		t.Errorf("%+v", table.Rows)
	}
	// 31, 33, 35 minus the averages over seeds 30, 32, 34.
	if p := table.Rows[3].Previous["psnr"]; p.Against != "dncnn" || p.Difference != 1 || p.P != 0.25 {
		t.Errorf("%+v", p)
	}
	if p := table.Rows[3].Paired["psnr"]; p.Against != "identity" || p.Difference != 11 {
		t.Errorf("%+v", p)
	}
	if text := table.Markdown(); !strings.Contains(text, "- Paired: PSNR of better minus dncnn: +1.") {
		t.Error(text)
	}
}

func TestBuildRefuses(t *testing.T) {
	change := func(f func(m *lab.Metric, s *lab.Spec)) []Entry {
		e := entries()
		m := e[1].Results[1].Metrics["psnr"]
		f(&m, &e[1].Results[1].Spec)
		e[1].Results[1].Metrics["psnr"] = m
		return e
	}
	for name, c := range map[string]struct {
		entries   []Entry
		published []Published
		want      []string
	}{
		"protocols": {change(func(m *lab.Metric, _ *lab.Spec) { m.Protocol = "PSNR, range 255" }), nil,
			[]string{"identity", "dncnn", `"PSNR, range 1"`, `"PSNR, range 255"`, "columns of their own"}},
		"units": {change(func(m *lab.Metric, _ *lab.Spec) { m.Unit = "bel" }), nil, []string{`"dB"`, `"bel"`}},
		"images": {change(func(m *lab.Metric, _ *lab.Spec) { m.Names = []string{"a", "b", "d"} }), nil,
			[]string{`"c" for identity`, `"d" for dncnn`, "same images"}},
		"image count": {change(func(m *lab.Metric, _ *lab.Spec) { m.Names, m.Values = m.Names[:2], m.Values[:2] }), nil,
			[]string{"3 images for identity", "2 for dncnn"}},
		"names": {change(func(m *lab.Metric, _ *lab.Spec) { m.Names = m.Names[:2] }), nil,
			[]string{"3 values for 2 image names"}},
		"same seed": {change(func(_ *lab.Metric, s *lab.Spec) { s.Seed = 0 }), nil, []string{"dncnn",
			"seed 0 is there twice"}},
		"other spec": {change(func(_ *lab.Metric, s *lab.Spec) { s.Steps = 7 }), nil, []string{"dncnn",
			"seeds 0 and 1", `"steps":7`}},
		"published": {entries(), []Published{{Method: "bm3d", Metric: "psnr"}}, []string{"psnr of bm3d"}},
	} {
		_, err := Build(Heading{Comparison: "denoise"}, []string{"psnr"}, c.entries, c.published)
		for _, w := range c.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: error %v does not say %q", name, err, w)
			}
		}
	}
	for _, seed := range []int{0, 1} {
		e := entries()
		e[1].Results[seed].Metrics = nil
		if _, err := Build(Heading{}, []string{"psnr"}, e, nil); err == nil || !strings.Contains(err.Error(),
			"all seeds alike") {
			t.Errorf("a metric that seed %d lacks: %v", seed, err)
		}
	}
}

func TestWhatIsMissing(t *testing.T) {
	e := append(entries(), Entry{"fista", nil})
	e[0].Results[0].Metrics["psnr"].Values[1] = math.NaN()
	table := build(t, e)
	if len(table.Rows[0].Metrics) != 0 || len(table.Rows[1].Paired) != 0 {
		t.Error("a value that is not finite is in the table")
	}
	text := strings.Join(strings.Fields(table.Markdown()), " ") // columns are padded
	for _, want := range []string{"psnr is NaN for seed 0, image b", "fista: no run was finished",
		"| fista | – | – | – | – | – |", "Protocol of SSIM: not measured"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	table.JSON() // must not panic
}

func TestMeasureOfAWholeSet(t *testing.T) {
	e := entries()[1:]
	for i, r := range e[0].Results {
		r.Metrics = map[string]lab.Metric{"psnr": {Value: float64(8 + 2*i), Protocol: "p", Better: "higher"}}
	}
	c := build(t, e).Rows[0].Metrics["psnr"]
	if c.Value != 9 || c.Images != 0 || *c.Low != 8 || *c.High != 10 {
		t.Errorf("over seeds: %+v", c)
	}
	e[0].Results = e[0].Results[:1]
	table := build(t, e)
	if c := table.Rows[0].Metrics["psnr"]; c.Low != nil || c.Text() != "8" {
		t.Errorf("one number has an interval: %+v", c)
	}
	if !strings.Contains(string(table.JSON()), `"low": null`) {
		t.Error("JSON does not say that there is no interval")
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		value   float64
		better  string
		reached bool
		want    string
	}{
		{31, "higher", true, " dB, reaches the published 31 dB (Zhang et al. 2017, Table II): 1.0 dB better, within the interval."},
		{20, "higher", true, "reaches the published 20 dB (Zhang et al. 2017, Table II): 12 dB better."},
		{32, "higher", true, "it is equal"},
		{33.5, "higher", false, "does not reach the published 33.5 dB"},
		{31, "lower", false, "1.0 dB short"},
		{33, "lower", true, "1.0 dB better"},
		{33, "", false, "neither reaches nor misses"},
	} {
		e := entries()
		for _, entry := range e {
			for _, r := range entry.Results {
				m := r.Metrics["psnr"]
				m.Better = c.better
				r.Metrics["psnr"] = m
			}
		}
		v := build(t, e, Published{"dncnn", "psnr", c.value, "Zhang et al. 2017, Table II",
			"BSD68, not these pictures.", false}).Rows[1].Published[0]
		if v.Reached != c.reached || !strings.Contains(v.Line, c.want) ||
			!strings.HasSuffix(v.Line, "Difference of protocol: BSD68, not these pictures.") ||
			!strings.Contains(v.Line, "Zhang et al. 2017, Table II") {
			t.Errorf("%v %s: %+v", c.value, c.better, v)
		}
	}
	v := build(t, entries(), Published{"dncnn", "ssim", 0.9, "a paper", "", false}).Rows[1].Published[0]
	if v.Reached || !strings.HasPrefix(v.Line, "ssim of dncnn was not measured") {
		t.Errorf("not measured: %+v", v)
	}
	v = build(t, entries(), Published{"dncnn", "psnr", 1, "a paper", "other pictures", true}).Rows[1].Published[0]
	if v.Reached || !strings.Contains(v.Line, "stands beside the published 1 dB (a paper)") || !strings.Contains(v.Line, "other pictures") {
		t.Errorf("beside: %+v", v)
	}
}

// TestJSONShape holds the keys that `compare --format json` promises.
func TestJSONShape(t *testing.T) {
	table := build(t, entries(), Published{"dncnn", "psnr", 31, "a <b> & c", "", false})
	var got struct {
		Comparison, Task, Commit string
		Rows                     []struct {
			Method  string
			Seeds   []int64
			Metrics map[string]struct {
				Value, Low, High *float64
				Protocol         string
			}
			Seconds *float64
		}
	}
	if err := json.Unmarshal(table.JSON(), &got); err != nil {
		t.Fatal(err)
	}
	m, ok := got.Rows[1].Metrics["psnr"]
	if got.Comparison != "denoise" || got.Task != "restore:denoise25:x" || got.Commit != "abc1234" ||
		len(got.Rows) != 2 ||
		len(got.Rows[1].Seeds) != 2 || !ok || m.Value == nil || m.Low == nil || m.High == nil || m.Protocol == "" ||
		*got.Rows[1].Seconds != 4 {
		t.Errorf("%s", table.JSON())
	}
	var back Table
	if err := json.Unmarshal(table.JSON(), &back); err != nil || !reflect.DeepEqual(&back, table) {
		t.Errorf("the table does not read back (%v):\n%s", err, table.JSON())
	}
}

// A cell's text: the interval's half width with two significant digits, the value with as many decimals.
func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		value, half float64
		want        string
	}{
		{29.4567, 0.3611, "29.46 ± 0.36"}, {-86.7612, 0.4, "−86.76 ± 0.40"}, {0.123456, 0.00996, "0.123 ± 0.010"},
		{12345.6, 351, "12346 ± 351"}, {1234.56, 3.5, "1234.6 ± 3.5"}, {1e-6, 2.5e-7, "0.00000100 ± 0.00000025"},
		{0.5, 0.0994, "0.500 ± 0.099"},
	} {
		low, high := c.value-c.half, c.value+c.half
		if got := (Cell{Value: c.value, Low: &low, High: &high}).Text(); got != c.want {
			t.Errorf("%v ± %v is written %q, want %q", c.value, c.half, got, c.want)
		}
	}
	for v, want := range map[float64]string{10: "10", 0.123456: "0.1235", 123.456: "123.5", -0.5: "−0.5000", 0: "0",
		99999: "99999", 0.0001234: "0.0001234"} {
		if got := (Cell{Value: v}).Text(); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{0.84: "0.84 s", 12.3: "12 s", 59.7: "1 min 0 s", 200: "3 min 20 s",
		7500: "2 h 5 min", 0: "0 s"} {
		if got := duration(v); got != want {
			t.Errorf("%v seconds are written %q, want %q", v, got, want)
		}
	}
	if got := (Paired{Difference: 3.1234, Low: 2.7, High: 3.5, P: 0.0004}).Text(); got != "+3.12 ± 0.40 (p < 0.001)" {
		t.Errorf("paired: %q", got)
	}
}

// TestEscaping puts what each format treats as special into the free texts.
func TestEscaping(t *testing.T) {
	nasty := "a|b_c*d <script>\"x\"</script> 50% & $y$ {z}\\ ~#^ σ, \"q\"\nnew"
	e := entries()
	for _, entry := range e {
		for _, r := range entry.Results {
			m := r.Metrics["psnr"]
			m.Protocol = nasty
			r.Metrics["psnr"] = m
		}
	}
	e[0].Method = nasty
	table := build(t, e)
	for _, line := range strings.Split(table.Markdown(), "\n") {
		if strings.HasPrefix(line, "| ") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 8 {
			t.Errorf("Markdown: a bar got out: %s", line)
		}
		if strings.Contains(line, "<script") {
			t.Errorf("Markdown: %s", line)
		}
	}
	if h := table.HTML(); strings.Contains(h, "<script") || !strings.Contains(h, "&lt;script&gt;") {
		t.Errorf("HTML:\n%s", h)
	}
	want := `a$|$b\_c*d $<$script$>$"x"$<$/script$>$ 50\% \& \$y\$ \{z\}\textbackslash{} \textasciitilde{}\#\textasciicircum{} $\sigma$, "q" new`
	if l := table.LaTeX(); !strings.Contains(l, want) {
		t.Errorf("LaTeX:\n%s", l)
	}
	records, err := csv.NewReader(strings.NewReader(table.CSV())).ReadAll()
	if err != nil || len(records) != 3 {
		t.Fatalf("CSV: %v\n%s", err, table.CSV())
	}
	for field, want := range map[string][2]string{
		"method": {nasty, "dncnn"}, "protocol": {nasty, nasty}, "value": {"22", "32"}, "seeds": {"0", "0 1"},
		"paired_difference": {"", "10"}, "published": {"", ""}, "images": {"3", "3"},
	} {
		i := slices.Index(records[0], field)
		if i < 0 || records[1][i] != want[0] || records[2][i] != want[1] {
			t.Errorf("CSV: %s is not %q:\n%s", field, want, table.CSV())
		}
	}
	if !strings.Contains(table.Page(), `charset="utf-8"`) {
		t.Error("the page does not say how it is encoded")
	}
}

// TestOwnInterval: a measure of a whole set brings its interval with it, and the notes do not call it a bootstrap.
func TestOwnInterval(t *testing.T) {
	low, high := 1.0, 4.0
	result := &lab.Result{Metrics: map[string]lab.Metric{"kid": {Value: 2, Low: &low, High: &high, Protocol: "p"}}}
	table, err := Build(Heading{Task: "t"}, []string{"kid"}, []Entry{{Method: "vae", Results: []*lab.Result{result}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cell, notes := table.Rows[0].Metrics["kid"], strings.Join(table.Notes, "\n")
	if cell.Low == nil || *cell.Low != 1 || *cell.High != 4 || !strings.Contains(notes, "its own 95 % interval") || strings.Contains(notes, "bootstrap") {
		t.Errorf("%+v, %s", cell, notes)
	}
}
