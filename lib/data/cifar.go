package data

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"darkroom/lib/fetch"
)

// A record of CIFAR-10's binary version is a label and a picture of 32×32, all of its red first, then green, then blue, row by row.
const (
	cifarSide    = 32
	cifarRecord  = 1 + 3*cifarSide*cifarSide
	cifarRecords = 10000 // in each of its files
)

// cifarMembers are the files of the archive in the order in which pictures are numbered: five to train on, one to test.
var cifarMembers = []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"}

func cifarFiles() []fetch.File {
	const name = "cifar-10-binary.tar.gz"
	return []fetch.File{{
		Name: "data/cifar-10/" + name, SHA256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
		From: []fetch.Origin{
			fetch.URL{Address: "https://www.cs.toronto.edu/~kriz/" + name},
			fetch.URL{Address: "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/" + name},
		},
	}}
}

func readCIFAR(ctx context.Context, d *Dataset, paths []string, o Options) error {
	return readCIFARArchive(ctx, d, paths[0], cifarRecords, o)
}

// readCIFARArchive reads an archive whose files hold so many records each.
func readCIFARArchive(ctx context.Context, d *Dataset, path string, records int, o Options) error {
	batches, err := cifarBatches(path, int64(records)*cifarRecord)
	if err != nil {
		return fmt.Errorf("%s: %w; delete it and it is fetched again", path, err)
	}
	for i, member := range cifarMembers {
		name, split := "train", &d.Train
		if i == len(cifarMembers)-1 {
			name, split = "test", &d.Test
		}
		pictures, err := parseCIFAR(batches[member], len(d.Classes))
		if err != nil {
			return fmt.Errorf("%s: %s: %w; delete it and it is fetched again", path, member, err)
		}
		first := len(*split)
		*split = append(*split, pictures...)
		if err := each(ctx, len(pictures), func(i int) {
			p := pictures[i]
			p.Name = fmt.Sprintf("%s/%05d", name, first+i)
			(*split)[first+i] = o.prepare(p)
		}); err != nil {
			return err
		}
	}
	return nil
}

// cifarBatches takes the six files, which have the given size, out of the archive. No name of it is used as a path.
func cifarBatches(path string, size int64) (map[string][]byte, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	gz, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	batches := map[string][]byte{}
	for archive := tar.NewReader(gz); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for _, m := range cifarMembers {
			if h.Name != "cifar-10-batches-bin/"+m {
				continue
			}
			if h.Size != size {
				return nil, fmt.Errorf("%s has %d bytes, not %d", m, h.Size, size)
			}
			if batches[m], err = io.ReadAll(archive); err != nil {
				return nil, fmt.Errorf("%s: %w", m, err)
			}
		}
	}
	for _, m := range cifarMembers {
		if batches[m] == nil {
			return nil, fmt.Errorf("it has no %s", m)
		}
	}
	return batches, nil
}

// parseCIFAR reads the records of one file.
func parseCIFAR(b []byte, classes int) (Split, error) {
	if len(b)%cifarRecord != 0 {
		return nil, fmt.Errorf("%d bytes are not records of %d", len(b), cifarRecord)
	}
	split := make(Split, len(b)/cifarRecord)
	const plane = cifarSide * cifarSide
	for i := range split {
		record := b[i*cifarRecord:][:cifarRecord]
		label, planes := record[0], record[1:]
		if int(label) >= classes {
			return nil, fmt.Errorf("label %d of picture %d is not below %d", label, i, classes)
		}
		pix := make([]uint8, 3*plane)
		for j := range plane {
			pix[3*j], pix[3*j+1], pix[3*j+2] = planes[j], planes[plane+j], planes[2*plane+j]
		}
		split[i] = Picture{Height: cifarSide, Width: cifarSide, Channels: 3, Pix: pix, Label: int32(label)}
	}
	return split, nil
}
