package report

import (
	"bytes"
	"encoding/json"

	"darkroom/lib/lab"
)

// Table is a comparison's outcome: methods down, measures across.
type Table struct {
	Comparison string   `json:"comparison"` // "denoise-naturals"
	Title      string   `json:"title,omitempty"`
	Task       string   `json:"task"`
	Commit     string   `json:"commit"`
	Columns    []Column `json:"columns"`
	Rows       []Row    `json:"rows"`
	Notes      []string `json:"notes,omitempty"` // what a reader must know to read the table right
}

// Column is one measure. Its protocol is that of every cell in it.
type Column struct {
	Name     string `json:"name"` // "psnr": the key in Row.Metrics
	Unit     string `json:"unit,omitempty"`
	Better   string `json:"better,omitempty"` // "higher", "lower", or empty
	Protocol string `json:"protocol"`         // empty where no row has the measure
}

// Row is one method over all its seeds.
type Row struct {
	Method  string          `json:"method"`
	Seeds   []int64         `json:"seeds"`
	Metrics map[string]Cell `json:"metrics"` // by column; a measure that the method lacks is not there
	Seconds float64         `json:"seconds"` // wall time of training and evaluation, all seeds together
	// PerMegapixel are the seconds that a million pixels took to restore, mean over seeds; 0 where nothing was restored.
	PerMegapixel float64           `json:"per_megapixel,omitempty"`
	Steps        int               `json:"steps"`               // training steps of each seed; 0 for a method without
	Set          lab.Set           `json:"set,omitempty"`       // the parameters, as resolved
	Runs         []string          `json:"runs"`                // the runs' hashes, in the order of Seeds
	Paired       map[string]Paired `json:"paired,omitempty"`    // against the first row, by column
	Previous     map[string]Paired `json:"previous,omitempty"`  // against the row before, where that is not the first
	Published    []Verdict         `json:"published,omitempty"` // published numbers of this method
}

// Cell is a mean over images and seeds with its interval.
type Cell struct {
	Value    float64   `json:"value"`
	Low      *float64  `json:"low"`  // ends of the 95 % interval of Interval; null where there is
	High     *float64  `json:"high"` // one number only
	Protocol string    `json:"protocol"`
	Images   int       `json:"images"`   // how many images each seed measured one by one; 0 for a measure of a whole set
	PerSeed  []float64 `json:"per_seed"` // the mean of each seed
}

// Paired compares a row with another one on the same images.
type Paired struct {
	Against    string  `json:"against"`    // the other row's method
	Difference float64 `json:"difference"` // this row minus the other, mean over images of the means over seeds
	Low        float64 `json:"low"`        // ends of the 95 % interval of DifferenceInterval
	High       float64 `json:"high"`       //
	P          float64 `json:"p"`          // of SignFlip over images
	Exact      bool    `json:"exact"`      // all sign flips were gone through
	Images     int     `json:"images"`     // how many pairs
}

// Published is a number from a paper that a method is held against.
type Published struct {
	Method     string  `json:"method"`               // the row
	Metric     string  `json:"metric"`               // the column
	Value      float64 `json:"value"`                //
	Source     string  `json:"source"`               // "Burda et al. 2015, Table 1"
	Difference string  `json:"difference,omitempty"` // how its protocol differs from the table's; may be empty
	// Beside says that it is of another measure of the same name, such as FID by another network: it is told beside the row's, and is neither reached
	// nor missed.
	Beside bool `json:"beside,omitempty"`
}

// Verdict is a published number and whether the row came up to it.
type Verdict struct {
	Published
	Reached bool   `json:"reached"` // the row's value is at least as good
	Line    string `json:"line"`    // one sentence for people
}

// JSON returns the table in the form that `darkroom compare --format json` promises, with a line break at the end.
// json.Unmarshal into a Table reads it back.
func (t *Table) JSON() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(t); err != nil { // Build lets only finite numbers in, and a Set comes from JSON
		panic("report: table " + t.Comparison + " cannot be encoded: " + err.Error())
	}
	return b.Bytes()
}
