package lab

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
)

// Protocol is the version of what crosses the socket between a cell and the engine: raise it when an older peer would misunderstand.
//
// A connection carries one call. The engine greets with a line (Greeting), the client sends one Request and, if it changes its mind, a second
// one with the call "cancel"; the engine answers with Replies until the last one. Each is a frame: the number of bytes of a text and of a blob,
// as big-endian uint32, then the two. The text is JSON; the blob holds the pixels of a Reply's Images.
const Protocol = 1

// Bounds of a frame, in bytes. Nobody allocates more for it than has arrived.
const (
	MaxRequest = 1 << 20
	maxText    = 64 << 20
	maxBlob    = 64 << 20
)

// Request asks the engine for work.
type Request struct {
	Protocol int    `json:"protocol"`
	Call     string `json:"call"` // "run", "start", "attach", "stop", "get", "sample", "compare", "methods", "resolve"; "cancel" ends the call before it
	Spec     Spec   `json:"spec"`
	Eval     Eval   `json:"eval"`
	Runs     string `json:"runs,omitempty"`   // folder of run directories, absolute
	Folder   string `json:"folder,omitempty"` // what relative paths in the spec's task are below
	Dir      string `json:"dir,omitempty"`    // sample: the run directory, absolute
	Draw     Draw   `json:"draw"`             // sample
	Name     string `json:"name,omitempty"`   // compare: the comparison; attach, stop, get: the run; run, start: what to call it
	Seeds    int    `json:"seeds,omitempty"`  // compare: how many
	Quick    bool   `json:"quick,omitempty"`  // compare: small budgets
	Live     bool   `json:"live,omitempty"`   // send a drawing of the curve now and then
}

// Reply is one piece of the answer; the last one has Done or an Error.
type Reply struct {
	Event   *Event       `json:"event,omitempty"`
	Say     string       `json:"say,omitempty"`  // a line for people
	Live    string       `json:"live,omitempty"` // HTML that replaces the live view
	HTML    string       `json:"html,omitempty"` // HTML to show
	Result  *Result      `json:"result,omitempty"`
	Eval    Eval         `json:"eval"` // of the Result's spec, whose JSON leaves it out
	Images  []Image      `json:"-"`    // of one shape; their pixels are the frame's blob, little-endian float32
	Shape   []int        `json:"shape,omitempty"`
	Methods []MethodCard `json:"methods,omitempty"`
	Error   string       `json:"error,omitempty"`
	Done    bool         `json:"done,omitempty"`
}

// Greeting is the line that the engine begins a connection with.
type Greeting struct {
	Protocol int
	PID      int
	Build    string // which darkroom it is, as BuildOf says
}

// String is the line, without its line feed.
func (g Greeting) String() string {
	return fmt.Sprintf("darkroom engine protocol %d process %d build %s", g.Protocol, g.PID, g.Build)
}

// longestGreeting is of any version, in bytes.
const longestGreeting = 200

// readGreeting reads it byte by byte, as frames follow.
func readGreeting(r io.Reader) (g Greeting, err error) {
	var line []byte
	for b := make([]byte, 1); ; line = append(line, b[0]) {
		if _, err := io.ReadFull(r, b); err != nil {
			return g, err
		}
		if b[0] == '\n' {
			break
		}
		if len(line) == longestGreeting {
			return g, errNoEngine
		}
	}
	m := greeting.FindSubmatch(line)
	if m == nil {
		return g, errNoEngine
	}
	g.Protocol, _ = strconv.Atoi(string(m[1])) // they are digits
	g.PID, _ = strconv.Atoi(string(m[2]))
	g.Build = string(m[3])
	return g, nil
}

var greeting = regexp.MustCompile(`^darkroom engine protocol (\d{1,9}) process (\d{1,9})(?: build (.*))?$`)

var errNoEngine = errors.New("what listens there is no engine of darkroom's")

// ErrFrame is wrapped by the errors for what is no frame of this protocol.
var ErrFrame = errors.New("a message that cannot be read")

// SendRequest writes a request.
func SendRequest(w io.Writer, q Request) error { return writeFrame(w, q, nil) }

// ReceiveRequest reads a request. The error is io.EOF at the end, and wraps ErrFrame if what came is none.
func ReceiveRequest(r io.Reader) (q Request, err error) {
	_, err = readFrame(r, &q, MaxRequest, 0)
	return q, err
}

// SendReply writes a reply. Its images have one shape; those of another are an error.
func SendReply(w io.Writer, p Reply) error {
	var blob []byte
	if len(p.Images) > 0 {
		first := p.Images[0]
		p.Shape = []int{len(p.Images), first.Height, first.Width, first.Channels}
		for _, im := range p.Images {
			if im.Height != first.Height || im.Width != first.Width || im.Channels != first.Channels || len(im.Pix) != im.Height*im.Width*im.Channels {
				return fmt.Errorf("an image of %d×%d×%d with %d values among those of %v", im.Height, im.Width, im.Channels, len(im.Pix), p.Shape)
			}
			for _, v := range im.Pix {
				blob = binary.LittleEndian.AppendUint32(blob, math.Float32bits(v))
			}
		}
	}
	return writeFrame(w, p, blob)
}

// ReceiveReply reads a reply. The error is io.EOF at the end, and wraps ErrFrame if what came is none.
func ReceiveReply(r io.Reader) (p Reply, err error) {
	blob, err := readFrame(r, &p, maxText, maxBlob)
	if err != nil {
		return p, err
	}
	if p.Shape == nil {
		if len(blob) > 0 {
			return p, fmt.Errorf("%w: %d bytes of pixels without a shape", ErrFrame, len(blob))
		}
		return p, nil
	}
	p.Images, err = unpack(p.Shape, blob)
	return p, err
}

// unpack cuts pixels into images of shape [n, height, width, channels].
func unpack(shape []int, blob []byte) ([]Image, error) {
	size := 1
	for _, d := range shape {
		if d < 1 || d > maxBlob || size > maxBlob/d {
			return nil, fmt.Errorf("%w: images of shape %v", ErrFrame, shape)
		}
		size *= d
	}
	if len(shape) != 4 || 4*size != len(blob) {
		return nil, fmt.Errorf("%w: images of shape %v came with %d bytes", ErrFrame, shape, len(blob))
	}
	out := make([]Image, shape[0])
	for i := range out {
		out[i] = NewImage(shape[1], shape[2], shape[3])
		for k := range out[i].Pix {
			out[i].Pix[k] = math.Float32frombits(binary.LittleEndian.Uint32(blob))
			blob = blob[4:]
		}
	}
	return out, nil
}

func writeFrame(w io.Writer, v any, blob []byte) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(text) > maxText || len(blob) > maxBlob {
		return fmt.Errorf("a message of %d and %d bytes is longer than %d and %d", len(text), len(blob), maxText, maxBlob)
	}
	b := make([]byte, 0, 8+len(text)+len(blob))
	b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(blob)))
	_, err = w.Write(append(append(b, text...), blob...))
	return err
}

func readFrame(r io.Reader, v any, mostText, mostBlob uint32) (blob []byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: it is cut short", ErrFrame)
		}
		return nil, err
	}
	text, pixels := binary.BigEndian.Uint32(head[:4]), binary.BigEndian.Uint32(head[4:])
	if text > mostText || pixels > mostBlob {
		return nil, fmt.Errorf("%w: it is said to have %d and %d bytes, more than %d and %d", ErrFrame, text, pixels, mostText, mostBlob)
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, int64(text)+int64(pixels)); err != nil {
		return nil, fmt.Errorf("%w: it is cut short (%w)", ErrFrame, err)
	}
	if err := json.Unmarshal(b.Next(int(text)), v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFrame, err)
	}
	return b.Bytes(), nil
}
