// Package nn has the blocks that the methods are built of, in the field's names: functions from graph nodes to graph nodes that GoMLX
// lacks, or has in another form. Images are [batch, height, width, channels], float32. Blocks with weights take
// the scope that their variables live in. Shapes that do not fit panic with one error that names the block; the engine turns it into
// an error of the run.
package nn
