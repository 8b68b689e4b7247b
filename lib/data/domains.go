package data

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// layout says how a folder holds two domains; see Options.Domains.
type layout struct {
	folders []string // below it, the ones that count; nil for all
	paired  bool     // each picture holds a pair
}

// layouts are tried in this order; the last one is for all others.
var layouts = []layout{
	{[]string{"trainA", "trainB", "testA", "testB"}, false}, // as the CycleGAN authors' sets have it
	{[]string{"train", "test"}, true},                       // as pix2pix' have it
	{[]string{"train", "val"}, true},
	{nil, true},
}

// top is the folder below the dataset's own that a file lies in, or empty.
func top(name string) string {
	folder, _, _ := strings.Cut(name, "/")
	if folder == name {
		return ""
	}
	return folder
}

// layoutOf finds a folder's layout, and which of its files belong to it. One of the four unpaired folders is enough to know what is meant;
// pairs need both of theirs.
func layoutOf(files []file) (layout, []file) {
	has := map[string]bool{}
	for _, f := range files {
		has[top(f.name)] = true
	}
	there := func(folder string) bool { return has[folder] }
	for _, l := range layouts {
		if l.paired && !slices.ContainsFunc(l.folders, func(f string) bool { return !has[f] }) ||
			!l.paired && slices.ContainsFunc(l.folders, there) {
			if l.folders == nil {
				return l, files
			}
			return l, slices.DeleteFunc(slices.Clone(files), func(f file) bool { return !slices.Contains(l.folders, top(f.name)) })
		}
	}
	panic("data: the last layout takes every folder")
}

// require returns an error that says how many pictures are in each folder, if one has none.
func (l layout) require(dir, what string, names []string) error {
	n := map[string]int{}
	for _, name := range names {
		n[top(name)]++
	}
	var counts []string
	empty := false
	for _, folder := range l.folders {
		counts = append(counts, fmt.Sprintf("%d in %s", n[folder], folder))
		empty = empty || n[folder] == 0
	}
	if !empty {
		return nil
	}
	return fmt.Errorf("folder %q lacks a side: it has %s %s; translation needs at least one in each", dir, list(counts), what)
}

// openDomains opens a folder, whose picture files are given, as two domains.
func openDomains(ctx context.Context, dir string, all []file, o Options) (*Dataset, error) {
	l, files := layoutOf(all)
	var named []string
	for _, f := range files {
		named = append(named, f.name)
	}
	if err := l.require(dir, "pictures", named); err != nil {
		return nil, err
	}
	d, good, err := loadFolder(ctx, dir, files, o, func(p Picture) (Picture, error) {
		if l.paired {
			return stack(p, o)
		}
		return o.prepare(p), nil
	})
	if err != nil {
		return nil, err
	}
	if left := len(all) - len(files); left > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("%d pictures outside %s are left out", left, list(l.folders)))
	}
	if l.folders == nil {
		if err := d.divide(dir, good); err != nil {
			return nil, err
		}
	} else {
		named = named[:0]
		for _, p := range good {
			named = append(named, p.Name)
			split := map[string]*Split{
				"trainA": &d.Train, "train": &d.Train, "trainB": &d.TrainB, "testB": &d.TestB,
				"testA": &d.Test, "test": &d.Test, "val": &d.Test,
			}[top(p.Name)]
			*split = append(*split, p)
		}
		if err := l.require(dir, "usable pictures", named); err != nil {
			return nil, err
		}
	}
	if l.paired {
		d.Paired = true
		d.Train, d.TrainB = unstack(d.Train)
		d.Test, d.TestB = unstack(d.Test)
	}
	d.noteCopies("A", d.Train, d.Test)
	d.noteCopies("B", d.TrainB, d.TestB)
	return d, nil
}

// noteCopies says how many test pictures are training pictures too: the split is the folder's, so they stay.
func (d *Dataset) noteCopies(domain string, trained, tested Split) {
	seen := map[[32]byte]bool{}
	for _, p := range trained {
		seen[p.hash()] = true
	}
	copies := 0
	for _, p := range tested {
		if seen[p.hash()] {
			copies++
		}
	}
	if copies > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("%d of %d test pictures of domain %s are training pictures too", copies, len(tested), domain))
	}
}

// stack prepares the halves of a pair A|B and lays A above B, so that the pair stays together as one picture.
func stack(p Picture, o Options) (Picture, error) {
	if p.Width != 2*p.Height {
		return p, fmt.Errorf("it is %s, but a pair A|B is twice as wide as high; cut it so, or sort two domains into trainA, trainB, testA and testB", p.size())
	}
	side := p.Height
	a, b := o.prepare(crop(p, 0, 0, side, side)), o.prepare(crop(p, 0, side, side, side))
	a.Height, a.Pix = 2*a.Height, append(a.Pix, b.Pix...)
	return a, nil
}

// unstack takes pairs apart.
func unstack(stacked Split) (a, b Split) {
	for _, p := range stacked {
		n := len(p.Pix) / 2
		upper, lower := p, p
		upper.Pix, lower.Pix = p.Pix[:n:n], p.Pix[n:]
		upper.Height, lower.Height = p.Height/2, p.Height/2
		a, b = append(a, upper), append(b, lower)
	}
	return a, b
}
