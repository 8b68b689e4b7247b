package nn

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go
)

// FeatureDistance compares two images by the feature maps that a fixed network makes of them, for each pair, [batch]: at each place the vectors of
// channels are brought to length 1, and their squared difference, weighted by channel, is averaged over places and summed over maps (LPIPS: Zhang
// et al. 2018, equation 1). x and y list the maps [batch, height, width, channels]; weights lists a vector [channels] for each map, or is nil for
// ones. The gradient goes into the features, not into their network's weights if those are no trainable variables.
func FeatureDistance(x, y, weights []*Node) *Node {
	b := block{"FeatureDistance", nil}
	if len(x) == 0 || len(x) != len(y) || weights != nil && len(weights) != len(x) {
		b.fail("%d maps, %d maps and %d weights; give as many of each, at least one, or nil weights", len(x), len(y), len(weights))
	}
	var sum *Node
	for i := range x {
		b.pair(x[i], y[i], 1)
		d := Square(Sub(direction(x[i]), direction(y[i])))
		if weights != nil {
			if w := weights[i]; w.Rank() != 1 || w.Shape().Dim(0) != d.Shape().Dim(3) {
				b.fail("weights %d are %s for maps %s; give a vector of as many numbers as channels", i, w.Shape(), x[i].Shape())
			}
			d = Mul(d, ExpandLeftToRank(weights[i], 4))
		}
		each := ReduceMean(ReduceSum(d, 3), 1, 2)
		if sum == nil {
			sum = each
		} else {
			sum = Add(sum, each)
		}
	}
	return sum
}

// direction brings the vector of channels at each place to length 1; a zero vector stays, with a finite gradient.
func direction(x *Node) *Node {
	return Div(x, Sqrt(AddScalar(ReduceAndKeep(Square(x), ReduceSum, 3), 1e-8)))
}
