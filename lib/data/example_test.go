package data_test

import (
	"context"
	"fmt"

	"darkroom/lib/data"
)

// Open fetches a dataset on first use.
func ExampleOpen() {
	d, err := data.Open(context.Background(), "mnist", data.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	p := d.Train[0]
	fmt.Println(len(d.Train), len(d.Test), p.Height, p.Width, p.Channels, d.Classes[p.Label])
	// Output: 60000 10000 28 28 1 5
}

// Lookup knows a dataset without opening it, and the name that was meant.
func ExampleLookup() {
	info, _ := data.Lookup("fashion-mnist")
	fmt.Println(info.Licence)
	_, err := data.Lookup("natural")
	fmt.Println(err)
	// Output:
	// MIT (Zalando SE)
	// unknown dataset "natural" (did you mean "naturals"?); there are mnist, fashion-mnist, naturals, cifar-10, emoji-google, emoji-twitter, emoji and brain, and folder:/some/pictures for a folder of your own
}

// Catalogue lists the pinned datasets.
func ExampleCatalogue() {
	for _, info := range data.Catalogue() {
		fmt.Println(info.Name, info.Kinds)
	}
	// Output:
	// mnist [generate restore]
	// fashion-mnist [generate restore]
	// naturals [restore]
	// cifar-10 [generate restore]
	// emoji-google [generate restore]
	// emoji-twitter [generate restore]
	// emoji [translate]
	// brain [segment]
}

// Digest is the identity of the data, and costs no download.
func ExampleDigest() {
	a, _ := data.Digest(context.Background(), "mnist", data.Options{})
	b, _ := data.Digest(context.Background(), "mnist", data.Options{Size: 32})
	fmt.Println(len(a), a == b)
	// Output: 64 false
}

// The batch of a step depends on the seed and the step alone. Here 2 batches of 3 are an epoch of 6.
func ExampleOrder() {
	o := data.NewOrder(6, 3, 1)
	later := o.At(3)
	fmt.Println(o.At(0), o.At(1), o.At(2), later)
	fmt.Println(o.At(3))
	// Output:
	// [2 4 1] [5 0 3] [3 4 2] [1 5 0]
	// [1 5 0]
}

// A split of pictures of several sizes explains what to do about it.
func ExampleSplit_RequireUniform() {
	s := data.Split{
		{Name: "a.png", Height: 20, Width: 30, Channels: 1},
		{Name: "b.png", Height: 40, Width: 30, Channels: 1},
	}
	fmt.Println(s.RequireUniform("vae"))
	// Output: vae needs pictures of one size, but a.png is 30×20 grey and b.png is 30×40 grey; ask for one size by adding @32 to the task's dataset, as in generate:folder:/some/pictures@32
}
