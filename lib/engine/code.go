package engine

import (
	"context"
	"fmt"
	"math"

	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/record"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// activeVariance is how much a dimension of the code's mean must vary over the images to count (Burda et al. 2015, section 5.2).
const activeVariance = 0.01

// codeUse measures how much of its code a method uses: the dimensions of a continuous one that tell images apart, the entries of a codebook.
func (j *job) codeUse(ctx context.Context, r *record.Run, out map[string]lab.Metric) error {
	if m, ok := j.method.(methods.Encoder); ok {
		var means [][]float32
		err := j.overTest(ctx, r, min(j.testImages(), 500), 1, j.binary(), func(s *model.Scope, x *graph.Node) *graph.Node {
			mean, _ := m.Encode(s, x)
			return mean
		}, func(_ int, row []float32) { means = append(means, row) })
		if err != nil {
			return err
		}
		out["active-units"] = lab.Metric{Value: float64(activeUnits(means)), Unit: "dimensions", Protocol: fmt.Sprintf(
			"dimensions of the code whose mean has a variance over %g (Burda 2015), %s", activeVariance, j.howMany())}
	}
	if m, ok := j.method.(methods.Quantiser); ok {
		uses := make([]float64, m.CodebookSize())
		err := j.overTest(ctx, r, min(j.testImages(), 500), 1, j.binary(), func(s *model.Scope, x *graph.Node) *graph.Node {
			return graph.ConvertDType(m.Indices(s, x), dtypes.Float32)
		}, func(_ int, row []float32) {
			for _, i := range row {
				uses[int(i)]++
			}
		})
		if err != nil {
			return err
		}
		out["perplexity"] = lab.Metric{Value: perplexity(uses), Unit: "entries", Better: "higher", Protocol: fmt.Sprintf(
			"exp of the entropy of the use of the codebook's %d entries, %s", len(uses), j.howMany())}
	}
	return nil
}

// binary says whether the method sees binarised images.
func (j *job) binary() bool {
	m, ok := j.method.(methods.ImportanceSampler)
	return ok && m.Binary()
}

// activeUnits is the number of columns that vary.
func activeUnits(rows [][]float32) int {
	active, n := 0, float64(len(rows))
	for k := range rows[0] {
		sum, squares := 0.0, 0.0
		for _, row := range rows {
			sum += float64(row[k])
		}
		for _, row := range rows {
			d := float64(row[k]) - sum/n
			squares += d * d
		}
		if squares/n > activeVariance {
			active++
		}
	}
	return active
}

// perplexity is exp of the entropy of a histogram: as many entries used alike would have it.
func perplexity(uses []float64) float64 {
	total, entropy := 0.0, 0.0
	for _, n := range uses {
		total += n
	}
	for _, n := range uses {
		if n > 0 {
			entropy -= n / total * math.Log(n/total)
		}
	}
	return math.Exp(entropy)
}
