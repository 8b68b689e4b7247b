package onednn

// worthwhile is the table of what stays with XLA although oneDNN can do it; BenchmarkConv remakes the numbers behind it. Measured
// on an Intel Xeon with AVX-512 (2 cores), a convolution of kernel 1×1 to 1 to 3 channels takes 1.5 times as long as XLA's.
func worthwhile(c Conv) bool {
	return !(c.Kind == Forward && c.KH == 1 && c.KW == 1 && c.K <= 3)
}

// worthwhileSum leaves small sums with XLA: below some 10,000 values the call costs more than it saves.
func worthwhileSum(s Sum) bool { return s.Rows*s.Channels >= 1<<14 && s.Channels <= 1<<14 }
