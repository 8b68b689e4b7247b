package engine

import (
	"context"
	"fmt"
	"math"
	"strings"

	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/metrics"
	"darkroom/lib/record"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// boundaryTolerance is the share of a picture's diagonal that a boundary may be away (Csurka et al. 2013).
const boundaryTolerance = 0.0075

// shownSegments is about how many pictures of a run are kept, evenly spread.
const shownSegments = 5

// segmentations tells the regions of each test picture apart, measures how well, and keeps some of the masks as pictures.
func (j *job) segmentations(ctx context.Context, w *record.Writer, m methods.Segmenter, out map[string]lab.Metric) error {
	p := j.problem
	tolerance := boundaryTolerance * math.Hypot(float64(p.Height), float64(p.Width))
	values := map[string][]float64{}
	var failed error
	err := j.overTest(ctx, &w.Run, min(8, j.testImages()), 1, false, func(s *model.Scope, x *graph.Node) *graph.Node {
		best := graph.ArgMax(m.Scores(s, x), -1, dtypes.Int32)
		return graph.Reshape(graph.ConvertDType(best, dtypes.Float32), x.Shape().Dim(0), -1)
	}, func(i int, row []float32) {
		if failed == nil {
			failed = j.segmentation(w, i, row, tolerance, values)
		}
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return err
	}
	var names []string
	for i := range j.testImages() {
		names = append(names, j.data.Test[j.testAt(i)].Name)
	}
	regions := strings.Join(j.data.Regions, ", ")
	for name, v := range values {
		what := map[string]string{
			"accuracy":   "share of the pixels in the right region",
			"boundary-f": fmt.Sprintf("F1 of the boundaries within %.2f pixels, 0.75 %% of the diagonal (Csurka et al. 2013), mean over %s", tolerance, regions),
			"dice":       "Dice coefficient, mean over " + regions,
			"iou":        "intersection over union, mean over " + regions,
		}[name]
		if region, ok := strings.CutPrefix(name, "iou-"); ok {
			what = "intersection over union of " + strings.ReplaceAll(region, "-", " ")
		}
		mt := metric(v, fmt.Sprintf("%s, of each picture; %s", what, j.howMany()), "", "higher")
		mt.Names = names
		out[name] = mt
	}
	return nil
}

// segmentation measures the i-th test picture, whose pixels' regions are row.
func (j *job) segmentation(w *record.Writer, i int, row []float32, tolerance float64, values map[string][]float64) error {
	pic, mask := j.data.Test[j.testAt(i)], j.data.TestB[j.testAt(i)]
	truth := metrics.Mask{Height: mask.Height, Width: mask.Width, Regions: len(j.data.Regions), Of: mask.Pix}
	x := truth
	x.Of = make([]uint8, len(row))
	for k, v := range row {
		x.Of[k] = uint8(v)
	}
	o, err := metrics.Compare(truth, x)
	if err != nil {
		return fmt.Errorf("measuring %s: %w", pic.Name, err)
	}
	f, err := metrics.BoundaryF(truth, x, tolerance)
	if err != nil {
		return fmt.Errorf("measuring %s: %w", pic.Name, err)
	}
	add := func(name string, v float64) { values[name] = append(values[name], v) }
	add("accuracy", o.Accuracy)
	add("boundary-f", mean(f))
	add("dice", mean(o.Dice))
	add("iou", mean(o.IoU))
	for k, v := range o.IoU {
		add("iou-"+strings.ReplaceAll(j.data.Regions[k], " ", "-"), v)
	}
	if i%max(j.testImages()/shownSegments, 1) != 0 {
		return nil
	}
	for kind, im := range map[string]lab.Image{"source": pic.Image(), "truth": shades(truth), "segmented": shades(x)} {
		if err := w.WritePicture(pic.Name, kind, im); err != nil {
			return err
		}
	}
	return nil
}

// shades is a mask as a picture, from black for the first region to white for the last.
func shades(m metrics.Mask) lab.Image {
	im := lab.NewImage(m.Height, m.Width, 1)
	for i, v := range m.Of {
		im.Pix[i] = float32(v) / float32(m.Regions-1)
	}
	return im
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
