package record

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/nlpodyssey/safetensors"
)

// Tensor is a named array as bytes. DType is a name of the safetensors format: "F32", "I64", "U64" and so on.
type Tensor struct {
	Name  string
	DType string
	Shape []int
	Data  []byte // little endian, row major
}

// ErrDamaged is wrapped by the errors for a file that is truncated or was edited.
var ErrDamaged = errors.New("file is damaged")

const digestKey = "sha256"

// writeTensors writes a safetensors file that carries a digest of its content among its metadata.
func writeTensors(path string, ts []Tensor, meta map[string]string) error {
	views := make(map[string]view, len(ts))
	for _, t := range ts {
		dt, err := safetensors.ParseDType(t.DType)
		if err != nil {
			return fmt.Errorf("tensor %s: %w", t.Name, err)
		}
		v := view{dtype: dt, shape: make([]uint64, len(t.Shape)), data: t.Data}
		n := dt.Size()
		for i, d := range t.Shape {
			v.shape[i] = uint64(d)
			n *= uint64(d)
		}
		if n != uint64(len(t.Data)) {
			return fmt.Errorf("tensor %s: %d bytes for shape %v of %s", t.Name, len(t.Data), t.Shape, t.DType)
		}
		views[t.Name] = v
	}
	all := map[string]string{digestKey: digest(ts, meta)}
	for k, v := range meta {
		all[k] = v
	}
	b, err := safetensors.Serialize(views, all)
	if err != nil {
		return err
	}
	return writeWhole(path, b)
}

// view is a tensor as the library writes it; its own view refuses scalars.
type view struct {
	dtype safetensors.DType
	shape []uint64
	data  []byte
}

func (v view) DType() safetensors.DType { return v.dtype }
func (v view) Shape() []uint64          { return v.shape }
func (v view) Data() []byte             { return v.data }
func (v view) DataLen() uint64          { return uint64(len(v.data)) }

// readTensors reads a file of writeTensors and checks its digest. The error wraps ErrDamaged if it does not hold.
func readTensors(path string) ([]Tensor, map[string]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	ts, meta, err := ParseTensors(b)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	want := meta[digestKey]
	delete(meta, digestKey)
	if got := digest(ts, meta); got != want {
		return nil, nil, fmt.Errorf("%s: %w: its checksum does not match its content", path, ErrDamaged)
	}
	return ts, meta, nil
}

// ParseTensors reads a safetensors file as any program writes them: its tensors by name in order, and its metadata. Nothing in it is run.
func ParseTensors(b []byte) ([]Tensor, map[string]string, error) {
	_, md, err := safetensors.ReadMetadata(b)
	if err != nil {
		return nil, nil, err
	}
	st, err := safetensors.Deserialize(b)
	if err != nil {
		return nil, nil, err
	}
	var ts []Tensor
	for _, v := range st.Tensors() {
		shape := make([]int, len(v.TensorView.Shape()))
		for i, d := range v.TensorView.Shape() {
			shape[i] = int(d)
		}
		ts = append(ts, Tensor{v.Name, v.TensorView.DType().String(), shape, v.TensorView.Data()})
	}
	slices.SortFunc(ts, func(a, b Tensor) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	meta := map[string]string{}
	for k, v := range md.Metadata() {
		meta[k] = v
	}
	return ts, meta, nil
}

func digest(ts []Tensor, meta map[string]string) string {
	h := sha256.New()
	put := func(b []byte) { // length first, so that no two contents run together
		_ = binary.Write(h, binary.LittleEndian, uint64(len(b)))
		h.Write(b)
	}
	keys := make([]string, 0, len(meta))
	for k := range meta {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		put([]byte(k))
		put([]byte(meta[k]))
	}
	sorted := slices.SortedFunc(slices.Values(ts), func(a, b Tensor) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	for _, t := range sorted {
		put([]byte(t.Name))
		put([]byte(t.DType))
		put(fmt.Append(nil, t.Shape))
		put(t.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}
