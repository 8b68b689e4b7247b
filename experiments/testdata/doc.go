// Package testdata holds what compares recorded results with others' programs, or draws what no comparison does: BM3D on the same noisy pixels, and one blind
// network over the noise's σ. Each file says at its head how it is called.
package testdata
