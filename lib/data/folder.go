package data

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"darkroom/lib/fetch"
	"darkroom/lib/lab"
)

const folderPrefix = "folder:"

func isFolder(name string) bool { return strings.HasPrefix(name, folderPrefix) }

func folderInfo(name string) Info {
	return Info{
		Name: name, Title: "the pictures in " + strings.TrimPrefix(name, folderPrefix) + " and its folders",
		Licence: "that of the pictures", Kinds: []lab.Kind{lab.Generate, lab.Restore, lab.Translate},
	}
}

// unreadable stands for the sum of a file that cannot be read.
const unreadable = "unreadable"

func folderDigest(ctx context.Context, files []file, o Options) (string, error) {
	if o.Domains {
		_, files = layoutOf(files)
	}
	sums := make([]string, len(files))
	err := each(ctx, len(files), func(i int) {
		var err error
		if sums[i], err = fetch.Sum(files[i].path); err != nil {
			sums[i] = unreadable
		}
	})
	return digestOf(files, sums, o), err
}

// digestOf identifies a folder's pictures by their names below it and their contents, wherever it lies.
func digestOf(files []file, sums []string, o Options) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\nfolder\nsize %d grey %t\n", rules, o.Size, o.Grey)
	if o.Domains {
		_, _ = fmt.Fprintln(h, "domains")
	}
	for i, f := range files {
		_, _ = fmt.Fprintf(h, "%q %s\n", f.name, sums[i])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// each calls do for 0 to n-1 on all processors and waits; a cancelled context stops it early.
func each(ctx context.Context, n int, do func(i int)) error {
	work := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			for i := range work {
				if ctx.Err() == nil {
					do(i)
				}
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wg.Wait()
	return ctx.Err()
}

// Pictures reads all pictures of a folder and the folders in it, undivided, with notes on those that were skipped or converted.
func Pictures(ctx context.Context, dir string, o Options) (Split, []string, error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	files, err := scan(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	d, pictures, err := loadFolder(ctx, dir, files, o, func(p Picture) (Picture, error) { return o.prepare(p), nil })
	if err != nil {
		return nil, nil, err
	}
	return pictures, d.Notes, nil
}

func openFolder(ctx context.Context, dir string, o Options) (*Dataset, error) {
	files, err := scan(ctx, dir)
	if err != nil {
		return nil, err
	}
	if o.Domains {
		return openDomains(ctx, dir, files, o)
	}
	d, good, err := loadFolder(ctx, dir, files, o, func(p Picture) (Picture, error) { return o.prepare(p), nil })
	if err == nil {
		err = d.divide(dir, good)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// loadFolder reads and shapes all the pictures of a folder that can be used, in the order of files. Those that cannot be decoded are skipped with
// a note, unless Options.Strict; one that cannot be shaped is an error.
func loadFolder(
	ctx context.Context, dir string, files []file, o Options, shape func(Picture) (Picture, error),
) (*Dataset, Split, error) {
	if o.Say != nil {
		o.Say(fmt.Sprintf("reading %d pictures in %s", len(files), dir))
	}
	sums, pictures := make([]string, len(files)), make([]decoded, len(files))
	bad, misfit := make([]error, len(files)), make([]error, len(files))
	if err := each(ctx, len(files), func(i int) {
		var b []byte
		if b, sums[i], bad[i] = files[i].read(); bad[i] == nil {
			if pictures[i], bad[i] = decode(b, maxPixels); bad[i] == nil {
				pictures[i].Name = files[i].name
				pictures[i].Picture, misfit[i] = shape(pictures[i].Picture)
			}
		}
	}); err != nil {
		return nil, nil, err
	}
	d := &Dataset{Info: folderInfo(folderPrefix + dir), Digest: digestOf(files, sums, o)}
	var good Split
	var refused, misfits []string
	for i, f := range files {
		name := printable(f.name)
		if bad[i] != nil {
			line := name + ": " + oneLine(bad[i])
			refused = append(refused, line)
			d.Notes = append(d.Notes, line+"; skipped")
			continue
		}
		if misfit[i] != nil {
			misfits = append(misfits, name+": "+oneLine(misfit[i]))
			continue
		}
		if claim := claims(f.name); claim != pictures[i].format {
			d.Notes = append(d.Notes, fmt.Sprintf("%s: it is a %s picture, whatever its name says", name, pictures[i].format))
		}
		for _, n := range pictures[i].notes {
			d.Notes = append(d.Notes, name+": "+n)
		}
		good = append(good, pictures[i].Picture)
	}
	if len(misfits) > 0 {
		return nil, nil, fmt.Errorf("%d of the %d pictures in folder %q do not fit:\n  %s", len(misfits), len(files), dir, few(misfits))
	}
	if o.Strict && len(refused) > 0 {
		return nil, nil, fmt.Errorf("folder %q has pictures that cannot be used (leave strict out to skip them):\n  %s",
			dir, few(refused))
	}
	if len(good) == 0 {
		return nil, nil, fmt.Errorf("none of the %d pictures in folder %q can be used:\n  %s", len(files), dir, few(refused))
	}
	good, note := oneColour(good)
	if note != "" {
		d.Notes = append(d.Notes, note)
	}
	return d, good, nil
}

// oneColour makes every picture colour if any of them is.
func oneColour(s Split) (Split, string) {
	var greys int
	for _, p := range s {
		greys += 3 - p.Channels
	}
	if greys /= 2; greys == 0 || greys == len(s) {
		return s, ""
	}
	for i := range s {
		s[i] = colour(s[i])
	}
	return s, fmt.Sprintf("%d of %d pictures are grey; as others are in colour, grey is repeated to three channels",
		greys, len(s))
}

// divide fills the two splits of a folder.
func (d *Dataset) divide(dir string, all Split) (err error) {
	var copies int
	if d.Train, d.Test, copies, err = divide(all); err != nil {
		return fmt.Errorf("folder %q: %w", dir, err)
	}
	if copies > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf(
			"%d of %d pictures are copies of others; copies are kept on the same side of the split", copies, len(all)))
	}
	return nil
}

// divide splits pictures 4 to 1: of the distinct ones, the fifth with the smallest hashes of shape and pixels is the
// test side. So the split depends on nothing but the pictures, and copies of one picture are always on the same side.
func divide(all Split) (train, test Split, copies int, err error) {
	hashes := make([][sha256.Size]byte, len(all))
	for i, p := range all {
		hashes[i] = p.hash()
	}
	distinct := slices.Clone(hashes)
	slices.SortFunc(distinct, func(a, b [sha256.Size]byte) int { return bytes.Compare(a[:], b[:]) })
	distinct = slices.Compact(distinct)
	n := len(distinct)
	if n < 2 {
		what := "has one usable picture"
		if len(all) > 1 {
			what = fmt.Sprintf("has %d usable pictures, but all are the same", len(all))
		}
		return nil, nil, 0, fmt.Errorf("it %s; at least 2 different ones are needed, one to train on and one to test", what)
	}
	last := distinct[max(1, (n+2)/5)-1]
	for i, p := range all {
		if bytes.Compare(hashes[i][:], last[:]) <= 0 {
			test = append(test, p)
		} else {
			train = append(train, p)
		}
	}
	return train, test, len(all) - n, nil
}

func printable(name string) string {
	if q := strconv.Quote(name); q != `"`+name+`"` {
		return q
	}
	return name
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", " ") }

// few joins at most ten lines.
func few(lines []string) string {
	const most = 10
	if len(lines) > most {
		lines = append(slices.Clone(lines[:most]), fmt.Sprintf("and %d more", len(lines)-most))
	}
	return strings.Join(lines, "\n  ")
}
