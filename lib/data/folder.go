package data

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"darkroom/lib/fetch"
	"darkroom/lib/lab"
)

const folderPrefix = "folder:"

// maxFile is the largest picture file that is read.
const maxFile = 256 << 20

func isFolder(name string) bool { return strings.HasPrefix(name, folderPrefix) }

func folderInfo(name string) Info {
	return Info{
		Name: name, Title: "the pictures in " + strings.TrimPrefix(name, folderPrefix) + " and its folders",
		Licence: "that of the pictures", Kinds: []lab.Kind{lab.Generate, lab.Restore},
	}
}

// file is a picture file of a folder.
type file struct {
	name string // below the folder, with slashes
	path string
}

// extensions says which format a file claims to be.
var extensions = map[string]string{
	".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".bmp": "bmp", ".tif": "tiff", ".tiff": "tiff", ".webp": "webp",
}

func claims(name string) string { return extensions[strings.ToLower(path.Ext(name))] }

// scan lists the picture files below a folder, sorted by name: those with a picture's extension, good or bad, and those
// with a picture's content. Hidden files and folders, and links to folders, are passed over.
func scan(ctx context.Context, dir string) ([]file, error) {
	if rest, ok := strings.CutPrefix(dir, "~/"); ok { // the shell does not expand it after "folder:"
		if home, err := os.UserHomeDir(); err == nil {
			dir = filepath.Join(home, rest)
		}
	}
	st, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("folder %q does not exist; check the path after %q", dir, folderPrefix)
	case err != nil:
		return nil, fmt.Errorf("cannot look at folder %q: %w", dir, err)
	case !st.IsDir():
		return nil, fmt.Errorf("%q is a file, not a folder; give the folder that it lies in: %s%s", dir, folderPrefix, filepath.Dir(dir))
	}
	var files []file
	root := filepath.Clean(dir)
	err = filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if p == root {
			return nil
		}
		if strings.HasPrefix(e.Name(), ".") {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if st, err := os.Stat(p); err == nil && !st.Mode().IsRegular() { // follows links; a broken one is a bad picture
			return nil
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		if f := (file{filepath.ToSlash(rel), p}); claims(f.name) != "" || f.looksLikePicture() {
			files = append(files, f)
		}
		return nil
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("cannot read folder %q: %w; check that you may read it and every folder in it", dir, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("folder %q has no pictures: no file in it is a %s picture", dir, formats)
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	return files, nil
}

func (f file) looksLikePicture() bool {
	r, err := os.Open(f.path)
	if err != nil {
		return false
	}
	defer func() { _ = r.Close() }()
	// Of the formats' own signatures, which are at most 12 bytes, the 2 bytes of BMP are the only weak ones.
	head, _ := bufio.NewReader(io.LimitReader(r, 64)).Peek(64)
	_, format, err := image.DecodeConfig(bytes.NewReader(head))
	return !errors.Is(err, image.ErrFormat) && (format != "bmp" || err == nil)
}

// read returns the file's content and its SHA-256. A file above maxFile is summed, but not kept.
func (f file) read() (b []byte, sum string, err error) {
	r, err := os.Open(f.path)
	if err != nil {
		return nil, unreadable, err
	}
	defer func() { _ = r.Close() }()
	h := sha256.New()
	tee := io.TeeReader(r, h)
	if b, err = io.ReadAll(io.LimitReader(tee, maxFile+1)); err == nil {
		_, err = io.Copy(io.Discard, tee)
	}
	if err != nil {
		return nil, unreadable, err
	}
	sum = hex.EncodeToString(h.Sum(nil))
	if len(b) > maxFile {
		return nil, sum, fmt.Errorf("the file is larger than %d MiB", maxFile>>20)
	}
	return b, sum, nil
}

// unreadable stands for the sum of a file that cannot be read.
const unreadable = "unreadable"

func folderDigest(ctx context.Context, files []file, o Options) (string, error) {
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

func openFolder(ctx context.Context, dir string, o Options) (*Dataset, error) {
	files, err := scan(ctx, dir)
	if err != nil {
		return nil, err
	}
	sums, pictures, bad := make([]string, len(files)), make([]decoded, len(files)), make([]error, len(files))
	if err := each(ctx, len(files), func(i int) {
		var b []byte
		if b, sums[i], bad[i] = files[i].read(); bad[i] == nil {
			if pictures[i], bad[i] = decode(b, maxPixels); bad[i] == nil {
				pictures[i].Name = files[i].name
				pictures[i].Picture = o.prepare(pictures[i].Picture)
			}
		}
	}); err != nil {
		return nil, err
	}
	d := &Dataset{Info: folderInfo(folderPrefix + dir), Digest: digestOf(files, sums, o)}
	var good Split
	var refused []string
	for i, f := range files {
		name := printable(f.name)
		if bad[i] != nil {
			line := name + ": " + oneLine(bad[i])
			refused = append(refused, line)
			d.Notes = append(d.Notes, line+"; skipped")
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
	if o.Strict && len(refused) > 0 {
		return nil, fmt.Errorf("folder %q has pictures that cannot be used (leave strict out to skip them):\n  %s", dir, few(refused))
	}
	if len(good) == 0 {
		return nil, fmt.Errorf("none of the %d pictures in folder %q can be used:\n  %s", len(files), dir, few(refused))
	}
	good, note := oneColour(good)
	var copies int
	if d.Train, d.Test, copies, err = divide(good); err != nil {
		return nil, fmt.Errorf("folder %q: %w", dir, err)
	}
	if note != "" {
		d.Notes = append(d.Notes, note)
	}
	if copies > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("%d of %d pictures are copies of others; copies are kept on the same side of the split",
			copies, len(good)))
	}
	return d, nil
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
	return s, fmt.Sprintf("%d of %d pictures are grey; as others are in colour, grey is repeated to three channels", greys, len(s))
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
