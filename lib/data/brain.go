package data

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"

	"darkroom/lib/fetch"
)

// The brain is the average of 152 heads, [depth, height, width], 1 mm a voxel, and two maps of the share of a tissue in each voxel.
const (
	brainDepth, brainHeight, brainWidth = 189, 233, 197
	// Slices are cut to this, which all of the brain lies in, and which can be halved five times.
	sliceHeight, sliceWidth = 192, 160
)

// Slices are split by blocks, with some left out between two blocks: neighbours are nearly alike.
const (
	firstSlice, lastSlice = 20, 160 // those of the cerebrum
	trainBlock, testBlock = 16, 8
	gapBlock              = 5
)

func brainFiles() []fetch.File {
	var files []fetch.File
	for _, f := range [][2]string{
		{"t1", "eeb8a792a93948c83462305c71db783800e95eb3f6ce35975a4dd0f374f79bff"},
		{"gm", "9800242e730cec0d4ae97358d232904d09771bb0f10202ea4bf80eee50609b43"},
		{"wm", "7c78a23ddd786979edbb50bdada52c86c405cf2986baee5df5791e0200d7ffeb"},
	} {
		name := "mni_icbm152_" + f[0] + "_tal_nlin_sym_09a_converted.nii"
		files = append(files, fetch.File{Name: "data/brain/" + name, SHA256: f[1], From: []fetch.Origin{
			fetch.Gunzip{Origin: fetch.Wheel{Package: "nilearn", Version: "0.14.1", Member: "nilearn/datasets/data/" + name + ".gz"}},
			fetch.Gunzip{Origin: fetch.URL{Address: "https://github.com/nilearn/nilearn/raw/0.14.1/nilearn/datasets/data/" + name + ".gz"}},
		}})
	}
	return files
}

// readBrain makes pictures of the slices and, in TrainB and TestB, their masks, whose pixels are the numbers of Regions. A voxel is of the tissue
// that at least half of it, and most of it, is.
func readBrain(_ context.Context, d *Dataset, paths []string, o Options) error {
	var volumes [3][]byte
	for i, path := range paths {
		b, err := os.ReadFile(path)
		if err == nil {
			volumes[i], err = parseNIfTI(b, brainWidth, brainHeight, brainDepth)
		}
		if err != nil {
			return fmt.Errorf("%s: %w; delete it and it is fetched again", path, err)
		}
	}
	const top, left = (brainHeight - sliceHeight) / 2, (brainWidth - sliceWidth) / 2
	for z := firstSlice; z < lastSlice; z++ {
		at := (z - firstSlice) % (trainBlock + testBlock + 2*gapBlock)
		train, test := at < trainBlock, at >= trainBlock+gapBlock && at < trainBlock+gapBlock+testBlock
		if !train && !test {
			continue
		}
		name := fmt.Sprintf("slice%03d", z)
		p := Picture{Name: name, Height: sliceHeight, Width: sliceWidth, Channels: 1, Label: -1}
		mask := p
		for y := sliceHeight - 1; y >= 0; y-- { // the file's rows go from the back of the head to the front
			for x := range sliceWidth {
				v := (z*brainHeight+top+y)*brainWidth + left + x
				p.Pix = append(p.Pix, volumes[0][v])
				region, grey, white := uint8(0), volumes[1][v], volumes[2][v]
				switch {
				case grey >= 128 && grey >= white:
					region = 1
				case white >= 128:
					region = 2
				}
				mask.Pix = append(mask.Pix, region)
			}
		}
		if o.Size > 0 {
			return fmt.Errorf("its masks cannot be resized; leave @%d out", o.Size)
		}
		if train {
			d.Train, d.TrainB = append(d.Train, p), append(d.TrainB, mask)
		} else {
			d.Test, d.TestB = append(d.Test, p), append(d.TestB, mask)
		}
	}
	d.Paired = true
	return nil
}

// parseNIfTI returns the voxels of a NIfTI-1 file of bytes: https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h, of which it
// reads the header's size, the dimensions, the type and the offset of the voxels. The error says what is not as it should be.
func parseNIfTI(b []byte, width, height, depth int) ([]byte, error) {
	const header, typeOfBytes = 352, 2
	if len(b) < header || binary.LittleEndian.Uint32(b) != 348 {
		return nil, fmt.Errorf("no NIfTI-1 file: %d bytes", len(b))
	}
	field := func(at int) int { return int(int16(binary.LittleEndian.Uint16(b[at:]))) }
	if t := field(70); t != typeOfBytes {
		return nil, fmt.Errorf("its voxels have type %d, not %d, bytes", t, typeOfBytes)
	}
	if field(42) != width || field(44) != height || field(46) != depth || len(b) != header+width*height*depth {
		return nil, fmt.Errorf("it has %d×%d×%d voxels in %d bytes, not %d×%d×%d", field(42), field(44), field(46), len(b), width, height, depth)
	}
	return b[header:], nil
}
