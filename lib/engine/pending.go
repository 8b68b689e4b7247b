package engine

import (
	"encoding/binary"
	"math"
	"strings"

	"darkroom/lib/record"
)

// pendingTensor is how a checkpoint holds the scalars of steps that no event has yet, [steps, scalars]; nil if there are none.
func pendingTensor(pending [][]float32) *record.Tensor {
	if len(pending) == 0 {
		return nil
	}
	t := &record.Tensor{Name: strings.TrimPrefix(pendingPath, "/"), DType: "F32", Shape: []int{len(pending), len(pending[0])}}
	for _, row := range pending {
		for _, v := range row {
			t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(v))
		}
	}
	return t
}

// pendingOf takes them out of a loaded checkpoint.
func pendingOf(l loader) [][]float32 {
	t, ok := l[pendingPath]
	if !ok {
		return nil
	}
	delete(l, pendingPath)
	var out [][]float32
	for b := t.Data; len(b) > 0; {
		row := make([]float32, t.Shape[1])
		for i := range row {
			row[i] = math.Float32frombits(binary.LittleEndian.Uint32(b))
			b = b[4:]
		}
		out = append(out, row)
	}
	return out
}
