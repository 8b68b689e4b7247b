package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"darkroom/lib/fetch"
	"darkroom/lib/lab"
)

// Picture is 8-bit pixels laid out [height, width, channels] with 1 (grey) or 3 (RGB) channels.
type Picture struct {
	Name                    string
	Height, Width, Channels int
	Pix                     []uint8
	Label                   int32 // index into the dataset's Classes; -1 where there are none
}

// Image returns the picture as float32 values in [0, 1].
func (p Picture) Image() lab.Image { return lab.FromBytes(p.Height, p.Width, p.Channels, p.Pix) }

// hash identifies the picture's shape and pixels, whatever its name.
func (p Picture) hash() [sha256.Size]byte {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%d %d %d\n", p.Height, p.Width, p.Channels)
	_, _ = h.Write(p.Pix)
	return [sha256.Size]byte(h.Sum(nil))
}

// Split is one side of a dataset: all of one size in sets like MNIST; any sizes in naturals and folders.
type Split []Picture

// Uniform returns the one size [h, w, c] that all pictures have; ok is false if there are several, or no picture.
func (s Split) Uniform() (h, w, c int, ok bool) {
	if len(s) == 0 {
		return 0, 0, 0, false
	}
	h, w, c = s[0].Height, s[0].Width, s[0].Channels
	_, differs := s.different()
	return h, w, c, !differs
}

// different returns the first picture whose size is not that of the first one.
func (s Split) different() (Picture, bool) {
	for _, p := range s {
		if p.Height != s[0].Height || p.Width != s[0].Width || p.Channels != s[0].Channels {
			return p, true
		}
	}
	return Picture{}, false
}

// RequireUniform returns an error that names two pictures of different sizes, if there are any, and says how to make
// them equal. what names who needs it, as in "vae".
func (s Split) RequireUniform(what string) error {
	if len(s) == 0 {
		return fmt.Errorf("%s needs pictures, but this side of the dataset has none", what)
	}
	p, differs := s.different()
	if !differs {
		return nil
	}
	remedy := "ask for one size by adding @32 to the task's dataset, as in generate:folder:/some/pictures@32"
	if p.Height == s[0].Height && p.Width == s[0].Width {
		remedy = "use all of them in grey or all of them in colour"
	}
	return fmt.Errorf("%s needs pictures of one size, but %s is %s and %s is %s; %s",
		what, s[0].Name, s[0].size(), p.Name, p.size(), remedy)
}

func (p Picture) size() string {
	kind := "grey"
	if p.Channels == 3 {
		kind = "colour"
	}
	return fmt.Sprintf("%d×%d %s", p.Width, p.Height, kind)
}

// Info says what a dataset is and where it comes from.
type Info struct {
	Name     string
	Title    string
	Licence  string
	Citation string
	Address  string   // canonical public address
	Mirrors  []string // other places that files come from, for people
	Kinds    []lab.Kind
	Classes  []string // names of the labels, by label; nil where there are none
	DomainB  string   // for translation: the dataset that has domain B alone, with the same classes; empty where there is none
	Regions  []string // names of what a mask tells apart, by its pixels; nil where there are no masks
	Files    []fetch.File
}

// Dataset is an opened dataset. Do not change its pictures: opened datasets are shared.
type Dataset struct {
	Info
	Train, Test Split
	// TrainB and TestB are domain B of a set for translation, whose domain A is Train and Test, or the masks of a set for segmentation, whose
	// pixels are places in Regions; nil in other sets.
	TrainB, TestB Split
	// Paired says that picture i of Train and picture i of TrainB show the same thing, and so do those of Test and TestB. A method that
	// learns without pairs, as CycleGAN does, must draw from Train and TrainB independently; the pairs of Test and TestB serve to measure it.
	Paired bool
	Digest string   // identity of the data, as the function Digest gives it
	Notes  []string // pictures that were skipped or converted, one line each
}

// Options says how to open a dataset.
type Options struct {
	Say    fetch.Say // told what is downloaded
	Strict bool      // refuse a folder with a bad picture, rather than skip it
	Size   int       // 0 leaves pictures as they are; else the centre square is resized to Size×Size
	Grey   bool      // convert colour to grey by BT.601 luma
	Folder string    // what a relative folder of pictures is below; empty means the working folder
	// Domains asks for two domains, as translation wants them: Dataset.TrainB and TestB. Of a folder it is either pictures in the folders
	// trainA, trainB, testA and testB, or pairs A|B: pictures twice as wide as high, A on the left. Pairs in folders train and test (or val)
	// are split so, others 4 to 1 by their pixels.
	Domains bool
}

// MaxSize is the largest Options.Size.
const MaxSize = 4096

// rules is the version of everything here that turns files into pictures: decoding, conversion, resizing, splitting.
// It is part of every digest: raise it when any of that changes what comes out.
const rules = "darkroom data 1"

func (o Options) check() error {
	if o.Size < 0 || o.Size > MaxSize {
		return fmt.Errorf("picture size %d is out of range 1 to %d (0 leaves pictures as they are)", o.Size, MaxSize)
	}
	return nil
}

// below is where a folder of pictures lies.
func (o Options) below(dir string) string {
	if o.Folder == "" || filepath.IsAbs(dir) || strings.HasPrefix(dir, "~/") {
		return dir
	}
	return filepath.Join(o.Folder, dir)
}

// prepare applies Grey and Size to a picture.
func (o Options) prepare(p Picture) Picture {
	if o.Grey {
		p = grey(p)
	}
	if o.Size > 0 {
		p = square(p, o.Size)
	}
	return p
}

// Open returns a dataset of the catalogue, such as "mnist", or "folder:/some/pictures". The files of a pinned
// dataset are fetched on first use; the opened dataset is then kept, so that opening it again in this process is free.
func Open(ctx context.Context, name string, o Options) (*Dataset, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if dir, ok := strings.CutPrefix(name, folderPrefix); ok {
		return openFolder(ctx, o.below(dir), o)
	}
	e, err := lookup(name)
	if err != nil {
		return nil, err
	}
	if o.Domains && !slices.Contains(e.Kinds, lab.Translate) {
		return nil, fmt.Errorf("%s has one domain, and translation needs two; take emoji, or folder:/some/pictures with trainA, trainB, testA and testB", name)
	}
	return opened.get(ctx, e, o)
}

// Digest returns the identity of the data (64 hex digits): the same digest means the same pictures in the same splits.
// For a pinned dataset it costs nothing and needs no file; for a folder every picture file is read but not decoded.
func Digest(ctx context.Context, name string, o Options) (string, error) {
	if err := o.check(); err != nil {
		return "", err
	}
	if dir, ok := strings.CutPrefix(name, folderPrefix); ok {
		files, err := scan(ctx, o.below(dir))
		if err != nil {
			return "", err
		}
		return folderDigest(ctx, files, o)
	}
	e, err := lookup(name)
	if err != nil {
		return "", err
	}
	return e.digest(o), nil
}

func (e entry) digest(o Options) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\n%s\nsize %d grey %t\n", rules, e.Name, o.Size, o.Grey)
	for _, f := range e.Files {
		_, _ = fmt.Fprintf(h, "%s %s\n", f.Name, f.SHA256)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// memo keeps the pinned datasets that this process opened. Errors are not kept: the network may come back.
type memo struct {
	mu   sync.Mutex
	sets map[string]*kept
}

type kept struct {
	mu  sync.Mutex
	set *Dataset
}

var opened memo

func (m *memo) get(ctx context.Context, e entry, o Options) (*Dataset, error) {
	digest := e.digest(o)
	m.mu.Lock()
	if m.sets == nil {
		m.sets = map[string]*kept{}
	}
	k := m.sets[digest]
	if k == nil {
		k = &kept{}
		m.sets[digest] = k
	}
	m.mu.Unlock()

	k.mu.Lock() // whoever comes second waits for the first
	defer k.mu.Unlock()
	if k.set != nil {
		return k.set, nil
	}
	paths, err := fetch.EnsureAll(ctx, o.Say, e.Files...)
	if err != nil {
		return nil, fmt.Errorf("dataset %s: %w", e.Name, err)
	}
	d := &Dataset{Info: e.Info, Digest: digest}
	if err := e.read(ctx, d, paths, o); err != nil {
		return nil, fmt.Errorf("dataset %s: %w", e.Name, err)
	}
	k.set = d
	return d, nil
}
