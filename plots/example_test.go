package plots_test

import (
	"fmt"
	"os"
	"path/filepath"

	"darkroom/lib/lab"
	"darkroom/plots"
)

// losses are the curves of a run with a falling loss.
func losses(from float64) lab.Curves {
	s := lab.Series{Name: "loss"}
	for step := range 50 {
		s.X = append(s.X, float64(10*step))
		s.Y = append(s.Y, from/float64(step+1))
	}
	return lab.Curves{s}
}

func ExampleSave() {
	dir, err := os.MkdirTemp("", "figures")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	f := plots.Lines(losses(2), plots.Title("vae on mnist"), plots.YLabel("nats per image"), plots.LogY())
	for _, name := range []string{"loss.svg", "loss.pdf", "loss.gif"} {
		if err := plots.Save(filepath.Join(dir, name), f); err != nil {
			fmt.Println("error for", name)
			continue
		}
		fmt.Println("saved", name)
	}
	// Output:
	// saved loss.svg
	// saved loss.pdf
	// error for loss.gif
}

func ExampleCompare() {
	f := plots.Compare([]plots.Run{
		{Label: "vae", Curves: losses(2)}, // two seeds of one method become a band
		{Label: "vae", Curves: losses(2.5)},
		{Label: "pca", Curves: losses(4)},
	}, plots.WithBand(plots.MinMax))
	fmt.Println(f.Alt())
	// Output: curves over step of vae (2 seeds), pca; loss vae from 2.250 to 0.045; loss pca from 4.000 to 0.08
}

func ExampleBars() {
	f := plots.Bars([]plots.Bar{
		{Label: "identity", Value: 20.17, Low: 20.1, High: 20.24},
		{Label: "dncnn", Value: 29.13, Low: 28.4, High: 29.8},
	}, plots.XLabel("PSNR (dB)"), plots.Mark(29.23, "published"))
	fmt.Println(f.Alt())
	// Output: PSNR (dB): identity 20.17 (20.10 to 20.24); dncnn 29.13 (28.40 to 29.80)
}

func ExampleGrid() {
	images := []lab.Image{lab.NewImage(28, 28, 1), lab.NewImage(28, 28, 1)}
	fmt.Println(plots.Grid(images, 2).Alt())
	_, err := plots.PNG(plots.Grid(images, 0))
	fmt.Println(err)
	// Output:
	// 2 images of 28 by 28 pixels in 2 columns
	// plots: grid: wrong number of columns: 0; use 1 or more, or Columns(n)
}

func ExampleManifold() {
	_, err := plots.PNG(plots.Manifold([]lab.Image{lab.NewImage(8, 8, 1)}, 2))
	fmt.Println(err)
	// Output: plots: manifold: wrong number of columns: 1 images are not 2×2
}

func ExampleRestorations() {
	truth, noisy, restored := lab.NewImage(32, 32, 1), lab.NewImage(32, 32, 1), lab.NewImage(32, 32, 1)
	f := plots.Restorations([]plots.Restoration{{
		Name: "camera", Truth: truth, Degraded: noisy, Measure: "20.17 dB",
		Restored: []plots.Restored{{Method: "dncnn", Image: restored, Measure: "29.13 dB"}},
	}})
	fmt.Println(f.Alt())
	// Output: pictures restored by several methods; camera: degraded 20.17 dB, dncnn 29.13 dB
}

func ExampleSpark() {
	fmt.Println(plots.Spark([]float64{8, 7, 6, 5, 4, 3, 2, 1}, 8))
	// Output: █▇▆▅▄▃▂▁
}

func ExampleLive() {
	v := plots.Live("vae on mnist")
	v.Add(lab.Event{Step: 500, Steps: 2000, PerSecond: 3412, Values: map[string]float64{"loss": 101.5}})
	fmt.Println(v.Text())
	// Output: step 500 of 2000 · 3412 images/s · loss ▄ 101.5
}
