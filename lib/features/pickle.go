package features

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// array is an array of float32 as NumPy has it, row by row.
type array struct {
	shape []int
	data  []float32
}

// readPickle reads the one form of Python pickle that weights are published in here: a dictionary from names to lists of NumPy arrays of
// little-endian float32. A pickle is a program, and a Python that loads it runs whatever it names. This reader knows only what that form
// is written with; it makes nothing but the arrays, and any other instruction or name is an error.
func readPickle(b []byte) (map[string][]array, error) {
	r := &unpickler{in: b}
	out, err := r.run()
	if err != nil {
		return nil, fmt.Errorf("pickle, byte %d: %w", len(b)-len(r.in), err)
	}
	return out, nil
}

// The names that a pickle of arrays calls. They stand for themselves on the stack; calling one makes an empty array or a type.
const (
	reconstruct global = "numpy.core.multiarray _reconstruct"
	ndarray     global = "numpy ndarray"
	dtype       global = "numpy dtype"
)

type (
	global string
	mark   struct{}
	tuple  []any
	list   struct{ items []any }
	float4 struct{} // NumPy's type f4
)

// unpickler is a stack machine (Python's pickletools documents the instructions). Values are int, string, []byte, bool, nil and the types
// above.
type unpickler struct {
	in    []byte
	stack []any
	memo  map[int]any
}

var errCut = errors.New("it ends in the middle")

func (r *unpickler) run() (out map[string][]array, err error) {
	r.memo = map[int]any{}
	for {
		op, err := r.take(1)
		if err != nil {
			return nil, err
		}
		switch op[0] {
		case '.': // STOP
			out, ok := r.pop().(map[string][]array)
			if !ok || len(r.stack) > 0 || len(r.in) > 0 {
				return nil, errors.New("it does not hold one dictionary of arrays")
			}
			return out, nil
		default:
			if err := r.do(op[0]); err != nil {
				return nil, err
			}
		}
	}
}

// do carries out one instruction.
func (r *unpickler) do(op byte) error {
	switch op {
	case 0x80: // PROTO
		version, err := r.number(1)
		if err == nil && version > 3 {
			err = fmt.Errorf("protocol %d, of which only 2 and 3 are known", version)
		}
		return err
	case '}': // EMPTY_DICT
		r.push(map[string][]array{})
	case ']': // EMPTY_LIST
		r.push(&list{})
	case '(': // MARK
		r.push(mark{})
	case 'N': // NONE
		r.push(nil)
	case 0x89: // NEWFALSE
		r.push(false)
	case 'K', 'M', 'J': // BININT1, BININT2, BININT
		n, err := r.number(map[byte]int{'K': 1, 'M': 2, 'J': 4}[op])
		r.push(n)
		return err
	case 'X', 'B', 'C': // BINUNICODE, BINBYTES, SHORT_BINBYTES
		n, err := r.number(map[byte]int{'X': 4, 'B': 4, 'C': 1}[op])
		if err != nil {
			return err
		}
		b, err := r.take(n)
		if op == 'X' {
			r.push(string(b))
		} else {
			r.push(b)
		}
		return err
	case 'c': // GLOBAL
		return r.name()
	case 'q', 'r': // BINPUT, LONG_BINPUT
		n, err := r.number(map[byte]int{'q': 1, 'r': 4}[op])
		if err == nil && len(r.stack) > 0 {
			r.memo[n] = r.stack[len(r.stack)-1]
		}
		return err
	case 'h', 'j': // BINGET, LONG_BINGET
		n, err := r.number(map[byte]int{'h': 1, 'j': 4}[op])
		r.push(r.memo[n])
		return err
	case 0x85, 0x86, 0x87: // TUPLE1, TUPLE2, TUPLE3
		n := int(op) - 0x84
		if len(r.stack) < n {
			return errCut
		}
		t := append(tuple(nil), r.stack[len(r.stack)-n:]...)
		r.stack = append(r.stack[:len(r.stack)-n], t)
	case 't': // TUPLE
		items, err := r.toMark()
		r.push(tuple(items))
		return err
	case 'e': // APPENDS
		return r.appends()
	case 'u': // SETITEMS
		return r.setItems()
	case 'R': // REDUCE
		return r.call()
	case 'b': // BUILD
		return r.build()
	default:
		return fmt.Errorf("the instruction %#x is none that arrays are written with; weights of other kinds are refused", op)
	}
	return nil
}

func (r *unpickler) push(v any) { r.stack = append(r.stack, v) }

// pop takes the last value; nil if there is none, which no instruction here accepts where it matters.
func (r *unpickler) pop() any {
	if len(r.stack) == 0 {
		return nil
	}
	v := r.stack[len(r.stack)-1]
	r.stack = r.stack[:len(r.stack)-1]
	return v
}

func (r *unpickler) top() any {
	if len(r.stack) == 0 {
		return nil
	}
	return r.stack[len(r.stack)-1]
}

func (r *unpickler) toMark() ([]any, error) {
	for i := len(r.stack) - 1; i >= 0; i-- {
		if _, ok := r.stack[i].(mark); ok {
			items := append([]any(nil), r.stack[i+1:]...)
			r.stack = r.stack[:i]
			return items, nil
		}
	}
	return nil, errors.New("a mark is missing")
}

func (r *unpickler) take(n int) ([]byte, error) {
	if n < 0 || n > len(r.in) {
		return nil, errCut
	}
	b := r.in[:n]
	r.in = r.in[n:]
	return b, nil
}

// number reads a little-endian one: of four bytes it is signed, as BININT's; sizes are then checked by take.
func (r *unpickler) number(size int) (int, error) {
	b, err := r.take(size)
	if err != nil {
		return 0, err
	}
	switch size {
	case 1:
		return int(b[0]), nil
	case 2:
		return int(binary.LittleEndian.Uint16(b)), nil
	default:
		return int(int32(binary.LittleEndian.Uint32(b))), nil
	}
}

func (r *unpickler) name() error {
	module, rest, ok := bytes.Cut(r.in, []byte("\n"))
	name, rest, ok2 := bytes.Cut(rest, []byte("\n"))
	if !ok || !ok2 {
		return errCut
	}
	r.in = rest
	g := global(string(module) + " " + string(name))
	if g != reconstruct && g != ndarray && g != dtype {
		return fmt.Errorf("it calls %q; only NumPy's arrays are read, and nothing is ever run", string(g))
	}
	r.push(g)
	return nil
}

func (r *unpickler) appends() error {
	items, err := r.toMark()
	if err != nil {
		return err
	}
	l, ok := r.top().(*list)
	if !ok {
		return errors.New("something is appended to what is no list")
	}
	l.items = append(l.items, items...)
	return nil
}

func (r *unpickler) setItems() error {
	items, err := r.toMark()
	if err != nil {
		return err
	}
	d, ok := r.top().(map[string][]array)
	if !ok || len(items)%2 != 0 {
		return errors.New("something is put into what is no dictionary")
	}
	for ; len(items) > 0; items = items[2:] {
		key, named := items[0].(string)
		l, listed := items[1].(*list)
		if !named || !listed {
			return errors.New("the dictionary holds something other than lists of arrays by name")
		}
		var arrays []array
		for _, v := range l.items {
			a, ok := v.(*array)
			if !ok {
				return fmt.Errorf("the list %q holds something other than arrays", key)
			}
			arrays = append(arrays, *a)
		}
		d[key] = arrays
	}
	return nil
}

// call makes an empty array, _reconstruct(ndarray, (0,), b'b'), or the type, dtype('f4', 0, 1).
func (r *unpickler) call() error {
	args, _ := r.pop().(tuple)
	fn, _ := r.pop().(global)
	switch {
	case fn == reconstruct && len(args) == 3 && args[0] == any(ndarray):
		r.push(&array{})
	case fn == dtype && len(args) == 3 && args[0] == any("f4"):
		r.push(float4{})
	default:
		return fmt.Errorf("%q is called with arguments that make no array of float32", string(fn))
	}
	return nil
}

// build fills an array from (1, shape, type, column-major, bytes), or sets the byte order of a type, (3, '<', …).
func (r *unpickler) build() error {
	state, _ := r.pop().(tuple)
	switch v := r.top().(type) {
	case float4:
		if len(state) < 2 || state[1] != any("<") {
			return errors.New("its numbers are not little-endian")
		}
		return nil
	case *array:
		if len(state) == 5 && state[2] == any(float4{}) && state[3] == any(false) {
			shape, ok := state[1].(tuple)
			data, ok2 := state[4].([]byte)
			if ok && ok2 {
				return v.fill(shape, data)
			}
		}
	}
	return errors.New("it holds an array that is not of float32, row by row")
}

func (a *array) fill(shape tuple, data []byte) error {
	size := 1
	a.shape = nil
	for _, v := range shape {
		n, ok := v.(int)
		if !ok || n < 1 || size > len(data)/n {
			return fmt.Errorf("an array has the shape %v and %d bytes", shape, len(data))
		}
		size *= n
		a.shape = append(a.shape, n)
	}
	if len(data) != 4*size {
		return fmt.Errorf("an array of shape %v has %d bytes, not %d", a.shape, len(data), 4*size)
	}
	a.data = make([]float32, size)
	for i := range a.data {
		a.data[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return nil
}
