package lab

import (
	"context"
	"time"
)

// Event is one line of a run's story: scalars at a training step, or a stage that began.
type Event struct {
	Step   int                `json:"step"`             // training steps done
	Values map[string]float64 `json:"values,omitempty"` // scalars by name: "loss", "discriminator/real"
	Stage  string             `json:"stage,omitempty"`  // "compile", "train", "evaluate", "samples"; empty for scalars
	Note   string             `json:"note,omitempty"`   // one line for people

	// What follows is about this machine and this moment and is never part of what must be reproducible.
	Steps      int           `json:"-"` // steps asked for
	PerSecond  float64       `json:"-"` // images per second lately
	Left       time.Duration `json:"-"` // time left at the present speed; 0 if unknown
	InsideStep time.Duration `json:"-"` // time spent inside the compiled step so far
	Elapsed    time.Duration `json:"-"` // time since the run began or was resumed
}

// Metric is a measured number with its protocol. Values holds one value per image where the measure is per image, so that
// intervals and paired tests can be made later; Value is their mean.
type Metric struct {
	Value    float64   `json:"value"`
	Protocol string    `json:"protocol"`         // "PSNR, grey, range 1, no border, unclipped"
	Unit     string    `json:"unit,omitempty"`   // "dB", "nats"
	Better   string    `json:"better,omitempty"` // "higher", "lower", or empty where neither is better
	Low      *float64  `json:"low,omitempty"`    // ends of the 95 % interval of a measure of a whole set; nil where it has
	High     *float64  `json:"high,omitempty"`   // none, or where Values say it
	Values   []float64 `json:"values,omitempty"` // per image, in the order of Names
	Names    []string  `json:"names,omitempty"`  // which image; empty means by index
}

// Result is what a run came to.
type Result struct {
	Dir     string            `json:"run"`              // the run directory
	Hash    string            `json:"hash"`             // the spec's identity
	Spec    Spec              `json:"spec"`             // as resolved
	Metrics map[string]Metric `json:"metrics"`          // by name: "psnr", "nll"
	Resumed bool              `json:"resumed"`          // it went on from a checkpoint
	Cached  bool              `json:"cached"`           // it was complete already
	Health  []Verdict         `json:"health,omitempty"` // what is wrong with it, the gravest first
	Seconds float64           `json:"seconds"`          // training and evaluation, over all its sessions
	// PerMegapixel are the seconds that a million pixels took to restore, without compiling, a median over pictures; 0 where nothing was restored.
	PerMegapixel float64 `json:"per_megapixel,omitempty"`
}

// Verdict is something that is wrong with a training, in a sentence.
type Verdict struct {
	Name   string   `json:"name"`   // "mode collapse"
	Line   string   `json:"line"`   // what is seen and since when, with its figures, and what to try
	Curves []string `json:"curves"` // the scalars that it is seen in
}

// Draw says which images to draw from a trained generator; equal ones are of the same images.
type Draw struct {
	N     int    `json:"n"`
	Seed  int64  `json:"seed"`            // of the noise
	Class string `json:"class,omitempty"` // of the images, from a generator that can choose; empty draws classes as often as the training data have them
	// Truncation, if not 0, draws the noise again where it is larger, so that images are more alike and more like the usual ones (Brock et al. 2019).
	Truncation float64 `json:"truncation,omitempty"`
	Walk       string  `json:"walk,omitempty"` // "linear" or "spherical": rows of images, each from one draw of the noise to another; empty draws each alone
	Row        int     `json:"row,omitempty"`  // of a walk: how many images a row has, with both ends
}

// Parameter describes one parameter of a method.
type Parameter struct {
	Name    string `json:"name"`
	Type    string `json:"type"`            // "int", "float", "string", "bool"
	Default any    `json:"default"`         //
	Range   string `json:"range,omitempty"` // "1:1024", "0:", or "a|b|c" for one of several words
	Help    string `json:"help"`
}

// MethodCard says what a method of the catalogue is.
type MethodCard struct {
	Name       string      `json:"name"`
	Tasks      []string    `json:"tasks"` // kinds of task
	Paper      string      `json:"paper"`
	Parameters []Parameter `json:"parameters"`
	Steps      int         `json:"steps"` // default training steps; 0 for a method that does not train by steps
}

// Lab carries out specs. It is safe for use by several goroutines.
type Lab interface {
	// Methods lists the catalogue.
	Methods() []MethodCard
	// Resolve checks a spec and fills in every default, so that Hash is its identity.
	Resolve(ctx context.Context, s Spec) (Spec, error)
	// Run carries out a spec, or goes on with it, or returns it if it is complete. watch, if not nil, sees each
	// event, those of earlier sessions first.
	Run(ctx context.Context, s Spec, watch func(Event)) (*Result, error)
	// Sample draws images from the run in the given directory.
	Sample(ctx context.Context, dir string, d Draw) ([]Image, error)
}
