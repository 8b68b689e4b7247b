package metrics_test

import (
	"fmt"

	"darkroom/lib/lab"
	"darkroom/lib/metrics"
)

func ExamplePSNR() {
	truth, x := lab.NewImage(2, 2, 1), lab.NewImage(2, 2, 1)
	x.Pix[0] = 0.2 // one of four pixels is off by 0.2: MSE 0.01
	psnr, err := metrics.PSNR(truth, x)
	fmt.Printf("%.2f dB %v\n", psnr, err)
	// Output: 20.00 dB <nil>
}

func ExampleLookup() {
	m, err := metrics.Lookup("psnr")
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Name, m.Unit, m.Better)
	fmt.Println(m.Protocol)
	// Output:
	// psnr dB higher
	// PSNR, one MSE over all channels, range 1, no border, unclipped, at most 100 dB
}

func ExampleTotalVariation() {
	data, _ := metrics.CountLabels([]int{0, 1, 2, 3}, 4)
	samples, _ := metrics.CountLabels([]int{0, 0, 1, 1}, 4)
	tv, err := metrics.TotalVariation(samples, data)
	fmt.Println(samples.Coverage(), "of", len(samples), "classes, distance", tv, err)
	// Output: 2 of 4 classes, distance 0.5 <nil>
}

func ExampleLogMeanExp() {
	fmt.Printf("%.4f\n", metrics.LogMeanExp([]float64{-1000, -1001}))
	// Output: -1000.3799
}

func ExampleFID() {
	// Two features of four pictures each; in use they come from a network, and there are thousands.
	test, _ := metrics.NewFeatures("lenet", "test pictures of mnist", 4, 2, []float32{0, 0, 0, 2, 2, 0, 2, 2})
	samples, _ := metrics.NewFeatures("lenet", "samples", 4, 2, []float32{3, 0, 3, 2, 5, 0, 5, 2})
	fid, err := metrics.FID(test, samples)
	fmt.Println(fid.Describe(), err) // the same but for a shift by 3
	// Output: fid 9 (FID (Heusel 2017), 4 samples against 4 test pictures of mnist, features: lenet) <nil>
}

func ExampleMemorisation() {
	train, _ := metrics.NewFeatures("pixels", "training pictures", 3, 1, []float64{0, 10, 20})
	test, _ := metrics.NewFeatures("pixels", "test pictures", 3, 1, []float64{3, 13, 24})
	samples, _ := metrics.NewFeatures("pixels", "samples", 2, 1, []float64{16, 10.5})
	m, err := metrics.Memorisation(train, test, samples)
	fmt.Println(m.Share.Value, m.Closest(1), err)
	// Output: 0.5 [{1 1 0.5}] <nil>
}
