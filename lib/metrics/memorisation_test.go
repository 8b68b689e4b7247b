package metrics

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestMemorisation(t *testing.T) {
	const n, d = 2000, 4
	train, test := gaussian(t, "training pictures", n, d, 0, 1, 1), gaussian(t, "test pictures", n, d, 0, 1, 2)
	get := func(samples Features) Memorised {
		t.Helper()
		m, err := Memorisation(train, test, samples)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(m.Own-memorisedQuantile) > 1.0/n {
			t.Errorf("the test pictures' own share is %v", m.Own)
		}
		return m
	}
	// A fresh draw is what the test set is: its share is binomial around the test set's own, with both errors.
	fresh := get(gaussian(t, "samples", n, d, 0, 1, 3))
	if se := math.Sqrt(2 * 0.05 * 0.95 / n); math.Abs(fresh.Share.Value-0.05) > 3*se || math.Abs(fresh.Closer.Value-0.5) > 3*math.Sqrt(1./6/n) {
		t.Errorf("fresh draw: share %v, closer %v", fresh.Share.Value, fresh.Closer.Value)
	}
	if fresh.Share.Low >= fresh.Share.Value || fresh.Share.High <= fresh.Share.Value {
		t.Errorf("interval %+v", fresh.Share)
	}
	// Copies with a little noise, in another order, are found again.
	order := make([]int, 100)
	for i := range order {
		order[i] = (37*i + 5) % n
	}
	copies := train.take(order)
	copies.Of = "samples"
	for i := range copies.m.Data {
		copies.m.Data[i] += 1e-3 * math.Sin(float64(i))
	}
	m := get(copies)
	if m.Share.Value != 1 || m.Closer.Value < 0.99 {
		t.Errorf("copies: share %v, closer %v", m.Share.Value, m.Closer.Value)
	}
	for i, nb := range m.Nearest {
		if nb.Sample != i || nb.Train != order[i] {
			t.Fatalf("sample %d is a copy of %d, found as %+v", i, order[i], nb)
		}
	}
	closest := m.Closest(10)
	if len(closest) != 10 || !slices.IsSortedFunc(closest, func(a, b Neighbour) int { return int(math.Copysign(1, a.Distance-b.Distance)) }) || len(m.Closest(1000)) != 100 {
		t.Errorf("closest %+v", closest)
	}
	if closest[0].Distance > m.Nearest[0].Distance || closest[0].Distance <= 0 {
		t.Errorf("closest %+v", closest[0])
	}
	// Samples of another distribution are far from everything.
	far := get(gaussian(t, "samples", 500, d, 20, 1, 4))
	if far.Share.Value != 0 || far.Closer.Value != 0 {
		t.Errorf("far: share %v, closer %v", far.Share.Value, far.Closer.Value)
	}
	if !strings.Contains(far.Share.Protocol, "2000 training pictures, 500 samples against 2000 test pictures, features: a formula") {
		t.Errorf("protocol %q", far.Share.Protocol)
	}
}

func TestMemorisationOfExactCopies(t *testing.T) { // though test pictures are copies too, and the bound is therefore 0
	train := gaussian(t, "train", 50, 3, 0, 1, 1)
	m, err := Memorisation(train, train, train)
	if err != nil || m.Share.Value != 1 || m.Own != 1 || m.Closer.Value != 0.5 || m.Nearest[7] != (Neighbour{7, 7, 0}) {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestWilson(t *testing.T) {
	// Wilson's interval of 0 of 10 is 0 to 0.2775, of 5 of 10 0.2366 to 0.7634 (Newcombe 1998, Statistics in Medicine 17, method 3).
	for _, c := range [][4]float64{{0, 10, 0, 0.2775}, {0.5, 10, 0.2366, 0.7634}} {
		if low, high := wilson(c[0], c[1]); math.Abs(low-c[2]) > 5e-5 || math.Abs(high-c[3]) > 5e-5 {
			t.Errorf("%v of %v: %v to %v", c[0], c[1], low, high)
		}
	}
}
