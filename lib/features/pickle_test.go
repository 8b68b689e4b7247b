package features

import (
	"fmt"
	"strings"
	"testing"
)

// tiny is pickle.dumps({"a": [numpy.array([[1, 2, 3]], "<f4")]}, 2) of NumPy 1, but with bytes as protocol 3 has them.
const tiny = "\x80\x03}q\x00(X\x01\x00\x00\x00aq\x01]q\x02(" +
	"cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85q\x05C\x01bq\x06\x87q\x07Rq\x08" +
	"(K\x01K\x01K\x03\x86q\x09cnumpy\ndtype\nq\x0aX\x02\x00\x00\x00f4q\x0bK\x00K\x01\x87q\x0cRq\x0d" +
	"(K\x03X\x01\x00\x00\x00<q\x0eNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0fb" +
	"\x89C\x0c\x00\x00\x80?\x00\x00\x00@\x00\x00@@q\x10tq\x11beu."

func TestReadPickle(t *testing.T) {
	got, err := readPickle([]byte(tiny))
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(got); s != "map[a:[{[1 3] [1 2 3]}]]" {
		t.Errorf("read %s", s)
	}
}

// TestReadPickleRefuses: whatever is not exactly arrays of float32 is an error, first of all what would run code in Python.
func TestReadPickleRefuses(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"a call of the system": {"\x80\x03cposix\nsystem\nX\x02\x00\x00\x00ls\x85R.", `byte 16: it calls "posix system"; only NumPy's arrays are read, and nothing is ever run`},
		"an old instruction":   {"(dp0\n.", "the instruction 0x64 is none that arrays are written with"},
		"a torch tensor":       {"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n.", `it calls "torch._utils _rebuild_tensor_v2"`},
		"protocol 4":           {"\x80\x04.", "protocol 4"},
		"nothing":              {"", "it ends in the middle"},
		"no dictionary":        {"\x80\x03K\x01.", "does not hold one dictionary"},
		"more behind it":       {tiny + ".", "does not hold one dictionary"},
		"cut":                  {tiny[:len(tiny)-9], "it ends in the middle"},
		"another type":         {strings.Replace(tiny, "f4", "O8", 1), "no array of float32"},
		"big-endian":           {strings.Replace(tiny, "<q", ">q", 1), "not little-endian"},
		"column-major":         {strings.Replace(tiny, "\x89C", "K\x01C", 1), "not of float32, row by row"},
		"too few numbers":      {strings.Replace(tiny, "K\x01K\x03\x86", "K\x02K\x03\x86", 1), "an array of shape [2 3] has 12 bytes, not 24"},
		"a shape that is huge": {strings.Replace(tiny, "K\x01K\x03\x86", "J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", 1), "has the shape"},
		"appended to nothing":  {"\x80\x03(e.", "no list"},
		"no mark":              {"\x80\x03}u.", "a mark is missing"},
		"a negative size":      {"\x80\x03X\xff\xff\xff\xff.", "it ends in the middle"},
		"built of nothing":     {"\x80\x03b.", "not of float32"},
		"called on nothing":    {"\x80\x03R.", "no array of float32"},
	} {
		if _, err := readPickle([]byte(c.in)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	for n := range tiny { // cut anywhere it is an error, and never a panic
		if _, err := readPickle([]byte(tiny[:n])); err == nil {
			t.Errorf("the first %d bytes are read", n)
		}
	}
}

func FuzzReadPickle(f *testing.F) {
	f.Add([]byte(tiny))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = readPickle(b) })
}

func TestSqueezeNetChecksShapes(t *testing.T) {
	n := &SqueezeNet{map[string][]array{"conv1": {{shape: []int{3, 3, 3, 64}}, {shape: []int{63}}}}}
	if err := n.check(); err == nil || err.Error() != "the layer conv1 is not a kernel [3 3 3 64] and a bias [64]" {
		t.Errorf("error %v", err)
	}
}
