package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// Set holds a method's parameters by name, as in Set{"latent": 20}. Values are numbers, strings or booleans.
type Set map[string]any

// Eval says how a trained method is measured. It is not part of the run's identity: the same weights can be measured
// again under another protocol without training again. Zero fields take the defaults that Resolve fills in.
type Eval struct {
	Images     int `json:"images,omitempty"`     // how many test images; 0 means all of them
	Importance int `json:"importance,omitempty"` // importance samples per image of log p(x)
	Annealing  int `json:"annealing,omitempty"`  // steps of annealed importance sampling of log p(x); 0 leaves it out
	Samples    int `json:"samples,omitempty"`    // generated images that the sample metrics look at
	// Inception is a safetensors file with the weights of FID's Inception-V3, which then looks at samples; empty means the network that darkroom
	// has for the task. InceptionSHA256 is filled in by Resolve.
	Inception       string `json:"inception,omitempty"`
	InceptionSHA256 string `json:"inception_sha256,omitempty"`

	Measures int `json:"measures,omitempty"` // version of the sample metrics, filled in by Resolve: what older ones found is measured again
}

// Spec asks for one run: a method on a task, with its parameters, seed and budget. The canonical encoding of a
// resolved Spec (every default filled in) is hashed, and that hash is the run's identity.
type Spec struct {
	Method string `json:"method"`           // a name of the catalogue: "vae"
	Task   string `json:"task"`             // "generate:mnist", "restore:denoise25:naturals", "generate:folder:/pictures"
	Seed   int64  `json:"seed"`             // the only source of randomness
	Steps  int    `json:"steps"`            // training steps; 0 means the method's default
	Set    Set    `json:"set,omitempty"`    // parameters that differ from the method's defaults
	From   string `json:"from,omitempty"`   // a finished run whose weights are taken, in place of a training or as what a prior learnt
	Data   string `json:"data,omitempty"`   // digest of the data, filled in by Resolve
	Schema int    `json:"schema,omitempty"` // version of what the numbers mean, filled in by Resolve

	Eval Eval   `json:"-"` // how to measure; outside the identity
	Runs string `json:"-"` // folder of run directories; empty means the default one
	Name string `json:"-"` // what to call the run in Attach and Get; outside the identity
}

// Canonical returns the encoding that is hashed: JSON with sorted keys and no white space.
func (s Spec) Canonical() []byte {
	b, err := json.Marshal(s)
	if err != nil { // a Set holds plain values only; Resolve refuses others
		panic(fmt.Sprintf("lab: spec of %s on %s cannot be encoded: %v", s.Method, s.Task, err))
	}
	return b
}

// Hash returns the identity of a resolved spec: the SHA-256 of Canonical in hex (64 digits).
func (s Spec) Hash() string {
	sum := sha256.Sum256(s.Canonical())
	return hex.EncodeToString(sum[:])
}

// Dir returns the name of the run directory of a resolved spec, such as "vae-generate-mnist-1f3a9c0d2b4e".
func (s Spec) Dir() string {
	task := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		default:
			return '-'
		}
	}, strings.ToLower(s.Task))
	if len(task) > 40 {
		task = task[:40]
	}
	return fmt.Sprintf("%s-%s-%s", s.Method, strings.Trim(task, "-"), s.Hash()[:12])
}

// Hash identifies the protocol of an Eval (8 hex digits). Where a file of weights lies is no part of it.
func (e Eval) Hash() string {
	e.Inception = ""
	b, _ := json.Marshal(e) // ints and strings always encode
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:4])
}
