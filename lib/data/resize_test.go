package data

import (
	"slices"
	"strings"
	"testing"
)

// flat is a grey picture of one level.
func flat(name string, height, width int, level uint8) Picture {
	pix := slices.Repeat([]uint8{level}, height*width)
	return Picture{Name: name, Height: height, Width: width, Channels: 1, Pix: pix, Label: -1}
}

// formula is the 8×12 picture (7x² + 13y² + 29xy + 5) mod 256 that the references below were made of.
func formula() Picture {
	p := flat("formula", 8, 12, 0)
	for y := range 8 {
		for x := range 12 {
			p.Pix[y*12+x] = uint8(7*x*x + 13*y*y + 29*x*y + 5)
		}
	}
	return p
}

// References: Pillow 12, Image.resize(size, Image.BICUBIC), whose kernel is Catmull-Rom's cubic, widened when making
// smaller. It rounds between its two passes, so single levels differ.
func TestResizeAgreesWithPillow(t *testing.T) {
	smooth := flat("smooth", 8, 12, 0)
	for y := range 8 {
		for x := range 12 {
			smooth.Pix[y*12+x] = uint8(min(255, 20*x+10*y))
		}
	}
	for _, c := range []struct {
		name          string
		from          Picture
		height, width int
		want          []uint8
	}{
		{"down", formula(), 3, 5, []uint8{54, 126, 109, 129, 132, 152, 128, 142, 122, 103, 137, 68, 156, 122, 124}},
		{"smooth down", smooth, 4, 6, []uint8{16, 54, 95, 135, 176, 214, 36, 74, 115, 155, 196, 234, 56, 94, 135, 175, 216, 250,
			76, 114, 155, 195, 235, 255}},
		{"up", formula(), 10, 15, []uint8{5, 8, 19, 39, 68, 105, 181, 87, 2, 105, 197, 89, 124, 170, 76, 10, 27, 54, 97, 157, 217, 141,
			125, 117, 70, 184, 92, 153, 227, 146, 32, 65, 132, 151, 105, 209, 66, 100, 150, 46, 184, 122, 119, 130, 77}},
	} {
		got := resize(c.from, c.height, c.width)
		if got.Height != c.height || got.Width != c.width || len(got.Pix) != c.height*c.width {
			t.Fatalf("%s: %s with %d values", c.name, got.size(), len(got.Pix))
		}
		for i, w := range c.want {
			if d := int(got.Pix[i]) - int(w); d < -1 || d > 1 {
				t.Errorf("%s: pixel %d is %d, Pillow's %d", c.name, i, got.Pix[i], w)
			}
		}
		three := resize(colour(c.from), c.height, c.width)
		if !slices.Equal(three.Pix, colour(got).Pix) {
			t.Errorf("%s: a grey picture stored as colour is resized differently", c.name)
		}
	}
}

func TestResizeKeepsAFlatPicture(t *testing.T) {
	for _, level := range []uint8{0, 1, 127, 254, 255} {
		for _, size := range []int{1, 3, 28, 32, 50} {
			got := square(flat("flat", 28, 41, level), size)
			if !slices.Equal(got.Pix, flat("flat", size, size, level).Pix) {
				t.Errorf("level %d at size %d changed", level, size)
			}
		}
	}
}

func TestSquareTakesTheCentre(t *testing.T) {
	p := Picture{Height: 2, Width: 5, Channels: 1, Pix: []uint8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}
	if got := square(p, 2); !slices.Equal(got.Pix, []uint8{1, 2, 6, 7}) {
		t.Errorf("square = %v", got.Pix)
	}
	p.Height, p.Width = 5, 2
	if got := square(p, 2); !slices.Equal(got.Pix, []uint8{2, 3, 4, 5}) {
		t.Errorf("square = %v", got.Pix)
	}
	if p.Pix[0] != 0 || p.Height != 5 {
		t.Error("the source changed")
	}
}

func TestShrink(t *testing.T) {
	p := Picture{Height: 3, Width: 4, Channels: 1, Pix: []uint8{1, 2, 10, 20, 3, 4, 30, 41, 99, 99, 99, 99}}
	if got := p.Shrink(2); got.Height != 1 || got.Width != 2 || !slices.Equal(got.Pix, []uint8{3, 25}) { // 10/4, 101/4
		t.Errorf("Shrink(2) = %+v", got)
	}
	if got := p.Shrink(3); got.Height != 1 || got.Width != 1 || !slices.Equal(got.Pix, []uint8{39}) { // 347/9
		t.Errorf("Shrink(3) = %+v", got)
	}
	c := colour(p).Shrink(2)
	if !slices.Equal(c.Pix, []uint8{3, 3, 3, 25, 25, 25}) {
		t.Errorf("Shrink(2) in colour = %v", c.Pix)
	}
}

// References: Pillow 12, convert("L"), of formula() as red, its rows rolled by 3 as green, its columns rolled by 5 as
// blue.
func TestGreyAgreesWithPillow(t *testing.T) {
	want := []uint8{51, 142, 67, 45, 50, 98, 55, 102, 192, 40, 129, 156, 75, 166, 150, 74, 108, 108, 170, 170, 110, 137, 105, 161,
		97, 96, 79, 52, 144, 144, 85, 114, 83, 139, 59, 144, 174, 172, 108, 132, 148, 133, 176, 84, 203, 138, 87, 201}
	f := formula()
	p := Picture{Height: 8, Width: 12, Channels: 3}
	for y := range 8 {
		for x := range 12 {
			p.Pix = append(p.Pix, f.Pix[y*12+x], f.Pix[y*12+(x+9)%12], f.Pix[(y+3)%8*12+x])
		}
	}
	got := grey(p)
	if got.Channels != 1 || !slices.Equal(got.Pix[:len(want)], want) {
		t.Errorf("grey = %v\nwant %v", got.Pix[:len(want)], want)
	}
}

func TestRequireUniform(t *testing.T) {
	a, b := flat("a.png", 4, 6, 1), flat("b.png", 5, 6, 1)
	if err := (Split{a, a}).RequireUniform("vae"); err != nil {
		t.Error(err)
	}
	if _, _, _, ok := (Split{a, b}).Uniform(); ok {
		t.Error("Uniform missed a difference")
	}
	if _, _, _, ok := (Split{}).Uniform(); ok {
		t.Error("no picture has no size")
	}
	for _, c := range []struct {
		split Split
		want  []string
	}{
		{Split{a, a, b}, []string{"vae", "a.png is 6×4 grey", "b.png is 6×5 grey", "@32"}},
		{Split{a, colour(a)}, []string{"6×4 grey", "6×4 colour", "all of them in grey"}},
		{nil, []string{"none"}},
	} {
		err := c.split.RequireUniform("vae")
		for _, w := range c.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("error %v does not say %q", err, w)
			}
		}
	}
}
