package data

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"

	"darkroom/lib/fetch"
)

// idx is the content of a file in the IDX format of the MNIST pages: unsigned bytes in an array of the given shape.
type idx struct {
	shape []int
	bytes []uint8 // product of shape
}

// parseIDX reads the IDX format: two zero bytes, the element type (8, unsigned byte, is the only one here), the number
// of dimensions, the dimensions as big-endian 32-bit numbers, the elements. The result shares b. It refuses a header
// that does not match the length of b exactly.
func parseIDX(b []byte) (idx, error) {
	if len(b) < 4 {
		return idx{}, fmt.Errorf("IDX file of %d bytes is truncated in its header", len(b))
	}
	if b[0] != 0 || b[1] != 0 {
		return idx{}, fmt.Errorf("not an IDX file: it begins %#x %#x, not 0 0", b[0], b[1])
	}
	if b[2] != 8 {
		return idx{}, fmt.Errorf("IDX element type %#x is not the supported 0x8 (unsigned byte)", b[2])
	}
	dims := int(b[3])
	if dims < 1 || dims > 3 {
		return idx{}, fmt.Errorf("IDX file has %d dimensions; 1 to 3 are supported", dims)
	}
	head := 4 + 4*dims
	if len(b) < head {
		return idx{}, fmt.Errorf("IDX file of %d bytes is truncated in its header of %d", len(b), head)
	}
	out := idx{bytes: b[head:]}
	have, want := uint64(len(out.bytes)), uint64(1)
	for d := range dims {
		n := binary.BigEndian.Uint32(b[4+4*d:])
		out.shape = append(out.shape, int(n))
		if n == 0 {
			return idx{}, fmt.Errorf("IDX dimension %d is 0", d)
		}
		if want *= uint64(n); want > have { // checked at each dimension, so that the product cannot overflow
			return idx{}, fmt.Errorf("IDX file holds %d elements, fewer than its header's %v… says", have, out.shape)
		}
	}
	if want != have {
		return idx{}, fmt.Errorf("IDX file holds %d elements, its header %v says %d", have, out.shape, want)
	}
	return out, nil
}

// mnistFiles describes the four files of a set like MNIST by the SHA-256 of what is inside their gzip files, in the
// order training images, training labels, test images, test labels. Debian compresses them anew, so the gzip files
// differ.
func mnistFiles(set string, sums [4]string, from func(name string) []fetch.Origin) []fetch.File {
	names := [4]string{
		"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
	}
	var files []fetch.File
	for i, name := range names {
		f := fetch.File{Name: "data/" + set + "/" + name, SHA256: sums[i]}
		for _, o := range from(name + ".gz") {
			f.From = append(f.From, fetch.Gunzip{Origin: o})
		}
		files = append(files, f)
	}
	return files
}

func readMNIST(ctx context.Context, d *Dataset, paths []string, o Options) (err error) {
	if d.Train, err = readIDXSplit(ctx, "train", paths[0], paths[1], len(d.Classes), o); err != nil {
		return err
	}
	d.Test, err = readIDXSplit(ctx, "test", paths[2], paths[3], len(d.Classes), o)
	return err
}

func readIDXSplit(ctx context.Context, side, images, labels string, classes int, o Options) (Split, error) {
	x, err := readIDX(images, 3)
	if err != nil {
		return nil, err
	}
	y, err := readIDX(labels, 1)
	if err != nil {
		return nil, err
	}
	n, height, width := x.shape[0], x.shape[1], x.shape[2]
	if y.shape[0] != n {
		return nil, fmt.Errorf("%s has %d pictures but %s has %d labels", images, n, labels, y.shape[0])
	}
	for i, label := range y.bytes {
		if int(label) >= classes {
			return nil, fmt.Errorf("%s: label %d of picture %d is not below %d", labels, label, i, classes)
		}
	}
	split := make(Split, n)
	size := height * width
	err = each(ctx, n, func(i int) {
		split[i] = o.prepare(Picture{
			Name: fmt.Sprintf("%s/%05d", side, i), Height: height, Width: width, Channels: 1,
			Pix: x.bytes[i*size : (i+1)*size : (i+1)*size], Label: int32(y.bytes[i]),
		})
	})
	return split, err
}

func readIDX(path string, dims int) (idx, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return idx{}, err
	}
	x, err := parseIDX(b)
	if err == nil && len(x.shape) != dims {
		err = fmt.Errorf("it has %d dimensions, not %d", len(x.shape), dims)
	}
	if err != nil {
		return idx{}, fmt.Errorf("%s: %w; delete it and it is fetched again", path, err)
	}
	return x, nil
}
