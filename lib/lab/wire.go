package lab

import (
	"encoding/binary"
	"fmt"
	"math"
)

// What crosses the pipe between a notebook's cell and the darkroom process: one JSON object a line.

// Request asks a darkroom process for work.
type Request struct {
	Call  string `json:"call"` // "run", "sample", "compare", "methods"
	Spec  Spec   `json:"spec"`
	Eval  Eval   `json:"eval"`
	Runs  string `json:"runs,omitempty"`
	Dir   string `json:"dir,omitempty"`   // sample: the run directory
	Draw  Draw   `json:"draw"`            // sample
	Name  string `json:"name,omitempty"`  // compare: the comparison
	Seeds int    `json:"seeds,omitempty"` // compare: how many
	Quick bool   `json:"quick,omitempty"` // compare: small budgets
	Live  bool   `json:"live,omitempty"`  // send a drawing of the curve now and then
}

// Reply is one line of the answer; the last one has a Result, Images, Methods, an Error or Done.
type Reply struct {
	Event   *Event       `json:"event,omitempty"`
	Say     string       `json:"say,omitempty"`  // a line for people
	Live    string       `json:"live,omitempty"` // HTML that replaces the live view
	HTML    string       `json:"html,omitempty"` // HTML to show
	Result  *Result      `json:"result,omitempty"`
	Images  []WireImage  `json:"images,omitempty"`
	Methods []MethodCard `json:"methods,omitempty"`
	Error   string       `json:"error,omitempty"`
	Done    bool         `json:"done,omitempty"`
}

// WireImage is an Image whose pixels are little-endian float32 bytes.
type WireImage struct {
	Height   int    `json:"height"`
	Width    int    `json:"width"`
	Channels int    `json:"channels"`
	Pix      []byte `json:"pix"`
}

// ToWire packs an image.
func ToWire(im Image) WireImage {
	b := make([]byte, 0, 4*len(im.Pix))
	for _, v := range im.Pix {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return WireImage{im.Height, im.Width, im.Channels, b}
}

// Image unpacks it. The error says that the sizes do not fit the pixels.
func (w WireImage) Image() (Image, error) {
	n := w.Height * w.Width * w.Channels
	if w.Height < 0 || w.Width < 0 || w.Channels < 0 || n*4 != len(w.Pix) {
		return Image{}, fmt.Errorf("image of %d×%d×%d came with %d bytes", w.Height, w.Width, w.Channels, len(w.Pix))
	}
	im := NewImage(w.Height, w.Width, w.Channels)
	for i := range im.Pix {
		im.Pix[i] = math.Float32frombits(binary.LittleEndian.Uint32(w.Pix[4*i:]))
	}
	return im, nil
}
