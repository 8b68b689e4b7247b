package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// verdict says whether a row came up to a published number.
func verdict(p Published, row Row, col Column) Verdict {
	v := Verdict{Published: p}
	cell, ok := row.Metrics[p.Metric]
	unit := ""
	if col.Unit != "" {
		unit = " " + col.Unit
	}
	gap := cell.Value - p.Value // positive: better than published
	if col.Better == "lower" {
		gap = -gap
	}
	published := fmt.Sprintf("the published %s%s (%s)", minus(fmt.Sprint(p.Value)), unit, p.Source)
	measured := fmt.Sprintf("%s of %s, %s%s,", p.Metric, p.Method, cell.Text(), unit)
	var line string
	switch {
	case p.Beside && ok:
		line = fmt.Sprintf("%s stands beside %s, which is of another measure: neither reaches nor misses the other.", measured, published)
	case !ok:
		line = fmt.Sprintf("%s of %s was not measured and cannot be held against %s.", p.Metric, p.Method, published)
	case col.Better == "":
		line = fmt.Sprintf("%s neither reaches nor misses %s, for neither higher nor lower is better.", measured,
			published)
	default:
		v.Reached = gap >= 0
		word, how := "reaches", "better"
		if !v.Reached {
			word, how = "does not reach", "short"
		}
		by := fmt.Sprintf("%s%s %s", short(math.Abs(gap)), unit, how)
		if gap == 0 {
			by = "it is equal"
		}
		if cell.Low != nil && *cell.Low <= p.Value && p.Value <= *cell.High {
			by += ", within the interval"
		}
		line = fmt.Sprintf("%s %s %s: %s.", measured, word, published, by)
	}
	if p.Difference != "" {
		line += " Difference of protocol: " + strings.TrimSuffix(p.Difference, ".") + "."
	}
	v.Line = line
	return v
}

// addNotes says what a reader must know of the intervals and tests that the table has.
func (t *Table) addNotes() {
	var notes []string
	anyInterval, anyOwn, anyPaired, manySeeds := false, false, false, 0
	var fewest Paired
	for _, r := range t.Rows {
		manySeeds = max(manySeeds, len(r.Seeds))
		for _, c := range r.Metrics {
			own := c.Images == 0 && len(r.Seeds) == 1 // the measure's own interval, of one set
			anyInterval, anyOwn = anyInterval || c.Low != nil && !own, anyOwn || c.Low != nil && own
		}
		for _, p := range r.Paired {
			if !anyPaired || p.Images < fewest.Images {
				fewest = p
			}
			anyPaired = true
		}
		if len(r.Seeds) == 0 {
			notes = append(notes, fmt.Sprintf("%s: no run was finished.", r.Method))
		}
	}
	if anyInterval {
		over := "images"
		if manySeeds > 1 {
			over = "images and, where there are several, seeds"
		}
		notes = append(notes, fmt.Sprintf("± is half the width of a 95 %% bootstrap interval over %s "+
			"(percentiles, expanded for small numbers; %d resamples, fixed draw).", over, Resamples))
	}
	if anyOwn {
		notes = append(notes, "± of a measure of a whole set with one seed is half the width of its own 95 % interval: Student's over blocks for KID, "+
			"Wilson's for a share. It says nothing about another training.")
	}
	if manySeeds > 1 && manySeeds < 5 {
		notes = append(notes, fmt.Sprintf("With %d seeds the spread between trainings is known roughly only: where it is "+
			"much larger than that between images, the interval covers %.0f %%, not 95 %%.",
			manySeeds, 100*(1-2/math.Pow(2, float64(manySeeds)))))
	}
	for _, r := range t.Rows {
		if len(r.Seeds) == 1 && r.Steps > 0 {
			notes = append(notes, fmt.Sprintf("%s: one seed; its interval says nothing about another training.",
				r.Method))
		}
	}
	if anyPaired {
		notes = append(notes, fmt.Sprintf("Δ is the paired difference to %s on the same images, averaged over seeds; "+
			"p is from a two-sided sign-flip permutation test over images, not corrected for the number of rows.", fewest.Against))
		if fewest.Images < 10 {
			notes = append(notes, fmt.Sprintf("With %d images p cannot be under %.2g.", fewest.Images, 2/math.Pow(2,
				float64(fewest.Images))))
		}
	} else if len(t.Rows) > 1 && t.unshared() {
		notes = append(notes, fmt.Sprintf("No paired test: no other row shares a per-image measure with %s.",
			t.Rows[0].Method))
	}
	t.Notes = append(notes, t.Notes...)
}

// unshared says whether the first row has no per-image measure in common with another.
func (t *Table) unshared() bool {
	return !slices.ContainsFunc(t.Rows[1:], func(r Row) bool {
		for name, c := range r.Metrics {
			if first, ok := t.Rows[0].Metrics[name]; ok && c.Images > 0 && first.Images > 0 {
				return true
			}
		}
		return false
	})
}
