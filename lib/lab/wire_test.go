package lab

import (
	"bytes"
	"errors"
	"io"
	"math"
	"reflect"
	"testing"
)

func TestReply(t *testing.T) {
	var images []Image
	for k := range 3 {
		im := NewImage(2, 3, 1)
		for i := range im.Pix {
			im.Pix[i] = float32(i+k) / 7
		}
		images = append(images, im)
	}
	images[1].Pix[2] = float32(math.Inf(-1)) // JSON could not say it
	sent := []Reply{{Say: "a line"}, {Images: images}, {Event: &Event{Step: 3, Values: map[string]float64{"loss": 0.25}}}, {Done: true}}
	var b bytes.Buffer
	for _, p := range sent {
		if err := SendReply(&b, p); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range sent {
		got, err := ReceiveReply(&b)
		got.Shape = nil
		if err != nil || !reflect.DeepEqual(want, got) {
			t.Errorf("reply %d: %+v, %v", i, got, err)
		}
	}
	if _, err := ReceiveReply(&b); !errors.Is(err, io.EOF) {
		t.Errorf("after the last: %v", err)
	}
	if err := SendReply(&b, Reply{Images: []Image{NewImage(2, 2, 1), NewImage(2, 3, 1)}}); err == nil {
		t.Error("images of two shapes are sent as if they were of one")
	}
}

// FuzzFrame gives readers any bytes: they read what they were written by, or say ErrFrame or io.EOF.
func FuzzFrame(f *testing.F) {
	var b bytes.Buffer
	if err := SendReply(&b, Reply{Images: []Image{NewImage(2, 2, 1)}}); err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Clone(b.Bytes()))
	b.Reset()
	if err := SendRequest(&b, Request{Protocol: Protocol, Call: "run", Spec: Spec{Set: Set{"a": 1}}}); err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Clone(b.Bytes()))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("\x00\x00\x00\x1c\x00\x00\x00\x00{\"shape\":[65536,65536,1,1]}  "))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := ReceiveRequest(bytes.NewReader(b)); err != nil && !errors.Is(err, ErrFrame) && !errors.Is(err, io.EOF) {
			t.Errorf("a request: %v", err)
		}
		p, err := ReceiveReply(bytes.NewReader(b))
		if err != nil && !errors.Is(err, ErrFrame) && !errors.Is(err, io.EOF) {
			t.Errorf("a reply: %v", err)
		}
		for _, im := range p.Images {
			if len(im.Pix) != im.Height*im.Width*im.Channels {
				t.Errorf("an image of %d×%d×%d with %d values", im.Height, im.Width, im.Channels, len(im.Pix))
			}
		}
	})
}

// FuzzGreeting reads any line.
func FuzzGreeting(f *testing.F) {
	f.Add([]byte(Greeting{1, 2, "3"}.String() + "\n"))
	f.Add([]byte("darkroom engine protocol 99999999999999999999\n"))
	f.Add([]byte("darkroom engine\tprotocol 1 process 2\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		_, err := readGreeting(r)
		if read := len(b) - r.Len(); read > longestGreeting+1 {
			t.Errorf("%d bytes were read of a greeting", read)
		}
		if err == nil && !bytes.HasPrefix(b, []byte("darkroom engine protocol ")) {
			t.Errorf("%q is taken for a greeting", b)
		}
	})
}
