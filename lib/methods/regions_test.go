package methods_test

import (
	"math"
	"slices"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// regions are those that a method tells apart in a picture of one row.
func regions(t *testing.T, name string, count int, x []float32) []int32 {
	t.Helper()
	m := made(t, name, nil)
	if err := m.Pose(methods.Problem{Kind: lab.Segment, Height: 1, Width: len(x), Channels: 1, Classes: count}); err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[int32](model.MustCallOnce(xlatest.Backend(t), model.NewStore(), func(s *model.Scope, x *graph.Node) *graph.Node {
		return graph.ArgMax(m.(methods.Segmenter).Scores(s, x), -1, dtypes.Int32)
	}, tensor(x, 1, 1, len(x), 1)))
}

// spread is Σ over the classes of the squared distances from their means, in float64.
func spread(x []float32, of []int32) float64 {
	sum := 0.0
	for k := range int32(3) {
		mean, n := 0.0, 0.0
		for i, v := range x {
			if of[i] == k {
				mean, n = mean+float64(v), n+1
			}
		}
		for i, v := range x {
			if of[i] == k {
				sum += math.Pow(float64(v)-mean/n, 2)
			}
		}
	}
	return sum
}

// TestOtsu: no thresholds among 256 greys leave less spread within the classes, and a brighter pixel is never of a darker class.
func TestOtsu(t *testing.T) {
	x := make([]float32, 0, 120)
	for i, v := range uniform(12, 120) { // three heaps of greys
		x = append(x, float32(math.Round(float64(255*(0.1+0.35*float32(i%3)+0.15*v))))/255)
	}
	for _, count := range []int{2, 3} {
		got := regions(t, "otsu", count, x)
		least := math.Inf(1)
		for a := range 256 {
			for b := a; b < 256; b++ {
				of := make([]int32, len(x))
				for i, v := range x {
					for _, threshold := range []int{a, b}[:count-1] {
						if 255*v > float32(threshold)+0.5 {
							of[i]++
						}
					}
				}
				least = math.Min(least, spread(x, of))
				if count == 2 {
					break
				}
			}
		}
		if s := spread(x, got); s > least*(1+1e-4) {
			t.Errorf("%d classes: the spread within them is %g, and can be %g", count, s, least)
		}
		for i, v := range x {
			for k, u := range x {
				if v > u && got[i] < got[k] {
					t.Fatalf("%d classes: %g is of class %d, and %g of %d", count, v, got[i], u, got[k])
				}
			}
		}
	}
}

// TestKMeans: each pixel is of the class whose mean is nearest, which a step of Lloyd's in float64 confirms.
func TestKMeans(t *testing.T) {
	x := uniform(13, 90)
	got := regions(t, "kmeans", 3, x)
	var mean, n [3]float64
	for i, v := range x {
		mean[got[i]] += float64(v)
		n[got[i]]++
	}
	want := make([]int32, len(x))
	for i, v := range x {
		for k := range int32(3) {
			if math.Abs(float64(v)-mean[k]/n[k]) < math.Abs(float64(v)-mean[want[i]]/n[want[i]]) {
				want[i] = k
			}
		}
	}
	if !slices.Equal(got, want) || slices.Contains(n[:], 0) {
		t.Errorf("classes %v, and by their means %v", got, want)
	}
}
