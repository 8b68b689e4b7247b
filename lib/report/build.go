package report

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"darkroom/lib/lab"
)

// Heading says which comparison a table belongs to.
type Heading struct {
	Comparison string // "denoise-naturals"
	Title      string // for people; may be empty
	Task       string
	Commit     string // of the code that made the results
}

// Entry is one method's results, one a seed. An entry without results becomes a row of dashes.
type Entry struct {
	Method  string
	Results []*lab.Result
}

// Build makes the table with one row an entry, in order, and one column a metric. Differences are against the
// first row, and also against the row before.
//
// It returns an error where a number would not mean what it seems to: two protocols in one column, seeds or rows
// measured on different images, the same seed twice, different parameters or steps within a row. A number that is not
// finite leaves its cell empty and is named in the notes. A metric that no method has is a column of dashes.
func Build(h Heading, metrics []string, entries []Entry, published []Published) (*Table, error) {
	t := &Table{Comparison: h.Comparison, Title: h.Title, Task: h.Task, Commit: h.Commit}
	for _, e := range entries {
		row, err := newRow(e)
		if err != nil {
			return nil, err
		}
		t.Rows = append(t.Rows, row)
	}
	for _, name := range metrics {
		if err := t.addColumn(name, entries); err != nil {
			return nil, err
		}
	}
	for _, p := range published {
		i := slices.IndexFunc(t.Rows, func(r Row) bool { return r.Method == p.Method })
		c := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == p.Metric })
		if i < 0 || c < 0 {
			return nil, fmt.Errorf("table %s: the published %s of %s belongs to no row and column; "+
				"name a method and a metric of the table", h.Comparison, p.Metric, p.Method)
		}
		t.Rows[i].Published = append(t.Rows[i].Published, verdict(p, t.Rows[i], t.Columns[c]))
	}
	t.addNotes()
	return t, nil
}

func newRow(e Entry) (Row, error) {
	row := Row{Method: e.Method, Seeds: []int64{}, Metrics: map[string]Cell{}, Runs: []string{}}
	for i, r := range e.Results {
		if slices.Contains(row.Seeds, r.Spec.Seed) {
			return row, fmt.Errorf("row %s: seed %d is there twice; give each seed once", e.Method, r.Spec.Seed)
		}
		if i == 0 {
			row.Steps, row.Set = r.Spec.Steps, r.Spec.Set
		} else if first := sameButSeed(e.Results[0].Spec); first != sameButSeed(r.Spec) {
			return row, fmt.Errorf("row %s: seeds %d and %d ran different specs (%s and %s); "+
				"a row is one spec over several seeds", e.Method, row.Seeds[0], r.Spec.Seed, first, sameButSeed(r.Spec))
		}
		row.Seeds = append(row.Seeds, r.Spec.Seed)
		row.Runs = append(row.Runs, r.Hash)
		row.Seconds += r.Seconds
		row.PerMegapixel += r.PerMegapixel / float64(len(e.Results))
	}
	return row, nil
}

// sameButSeed is the spec's encoding with seed 0, and without the run that its weights come from, which has the seed.
func sameButSeed(s lab.Spec) string {
	s.Seed, s.From = 0, ""
	return string(s.Canonical())
}

// column is what is known of a metric while its column is filled.
type column struct {
	Column
	from  string   // the method that set the protocol
	names []string // which images
}

// addColumn fills the cells of one metric and compares them with the first row's.
func (t *Table) addColumn(name string, entries []Entry) error {
	col := column{Column: Column{Name: name}}
	first, previous := -1, -1 // rows with values for each image
	values := make([][][]float64, len(entries))
	for i, e := range entries {
		v, cell, err := t.collect(&col, e)
		if err != nil {
			return fmt.Errorf("table %s: %w", t.Comparison, err)
		}
		if v == nil {
			continue
		}
		row := &t.Rows[i]
		row.Metrics[name] = cell
		if cell.Images == 0 {
			continue
		}
		values[i] = v
		if first == 0 {
			row.Paired = withPair(row.Paired, name, entries[0].Method, v, values[0])
		}
		if previous > 0 {
			row.Previous = withPair(row.Previous, name, entries[previous].Method, v, values[previous])
		}
		if first < 0 {
			first = i
		}
		previous = i
	}
	t.Columns = append(t.Columns, col.Column)
	return nil
}

// withPair adds the paired difference a − b to the map, which may be nil; a single pair of numbers has none.
func withPair(pairs map[string]Paired, metric, against string, a, b [][]float64) map[string]Paired {
	low, high, ok := DifferenceInterval(a, b)
	if !ok {
		return pairs
	}
	diff := average(a)
	floats.Sub(diff, average(b))
	p := Paired{Against: against, Difference: stat.Mean(diff, nil), Low: low, High: high, Images: len(diff)}
	p.P, p.Exact = SignFlip(diff)
	if pairs == nil {
		pairs = map[string]Paired{}
	}
	pairs[metric] = p
	return pairs
}

// collect returns a metric's values, one slice a seed, and their cell; nil if the method lacks it.
func (t *Table) collect(col *column, e Entry) ([][]float64, Cell, error) {
	var values [][]float64
	images := 0
	for _, r := range e.Results {
		m, ok := r.Metrics[col.Name]
		if !ok {
			if values != nil {
				return nil, Cell{}, fmt.Errorf("%s has %s for some seeds and not for seed %d; measure all seeds alike",
					e.Method, col.Name, r.Spec.Seed)
			}
			continue
		}
		if values == nil && r != e.Results[0] {
			return nil, Cell{}, fmt.Errorf("%s has %s for seed %d and not for seed %d; measure all seeds alike",
				e.Method, col.Name, r.Spec.Seed, e.Results[0].Spec.Seed)
		}
		if err := col.accept(e.Method, m); err != nil {
			return nil, Cell{}, err
		}
		v := m.Values
		if images = len(v); images == 0 {
			v = []float64{m.Value}
		}
		values = append(values, v)
	}
	for s, seed := range values {
		for i, v := range seed {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Notes = append(t.Notes, fmt.Sprintf("%s: %s is %v for seed %d, image %s; the cell is left empty.",
					e.Method, col.Name, v, e.Results[s].Spec.Seed, imageName(e.Results[s].Metrics[col.Name].Names, i)))
				return nil, Cell{}, nil
			}
		}
	}
	if values == nil {
		return nil, Cell{}, nil
	}
	cell := Cell{Protocol: col.Protocol, Images: images}
	for _, seed := range values {
		cell.PerSeed = append(cell.PerSeed, stat.Mean(seed, nil))
	}
	cell.Value = stat.Mean(cell.PerSeed, nil)
	if low, high, ok := Interval(values); ok {
		cell.Low, cell.High = &low, &high
	} else if len(e.Results) == 1 {
		m := e.Results[0].Metrics[col.Name]
		cell.Low, cell.High = m.Low, m.High
	}
	return values, cell, nil
}

// accept refuses a metric that does not belong in the column; the first one decides what does.
func (c *column) accept(method string, m lab.Metric) error {
	names := m.Names
	if len(names) == 0 {
		names = make([]string, len(m.Values))
		for i := range names {
			names[i] = imageName(nil, i)
		}
	}
	if len(names) != len(m.Values) {
		return fmt.Errorf("%s: %s has %d values for %d image names; measure it again",
			method, c.Name, len(m.Values), len(names))
	}
	if c.from == "" {
		c.from, c.Protocol, c.Unit, c.Better, c.names = method, m.Protocol, m.Unit, m.Better, names
		return nil
	}
	if m.Protocol != c.Protocol || m.Unit != c.Unit {
		return fmt.Errorf("%s was measured under unlike protocols: %s says %q (unit %q), %s says %q (unit %q); "+
			"measure both under one, or give them columns of their own",
			c.Name, c.from, c.Protocol, c.Unit, method, m.Protocol, m.Unit)
	}
	if len(names) != len(c.names) {
		return fmt.Errorf("%s was measured on %d images for %s and on %d for %s; measure both on the same images",
			c.Name, len(c.names), c.from, len(names), method)
	}
	for i := range names {
		if names[i] != c.names[i] {
			return fmt.Errorf("%s: image %d is %q for %s and %q for %s; measure both on the same images in the same order",
				c.Name, i, c.names[i], c.from, names[i], method)
		}
	}
	return nil
}

func imageName(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("#%d", i)
}
