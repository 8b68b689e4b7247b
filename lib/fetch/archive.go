package fetch

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// packages keeps what the package clients downloaded during one EnsureAll, so that several members of one package cost
// one download, and a package that cannot be had one attempt. The zero value is ready.
type packages struct {
	root string // folder of folders; made when first needed
	got  map[string]downloaded
}

type downloaded struct {
	dir string
	err error
}

// download returns the folder that get filled for this key, calling get only the first time.
func (p *packages) download(key string, get func(dir string) error) (string, error) {
	if d, ok := p.got[key]; ok {
		return d.dir, d.err
	}
	if p.root == "" {
		root, err := os.MkdirTemp(CacheDir(), ".packages-")
		if err != nil {
			return "", err
		}
		p.root, p.got = root, map[string]downloaded{}
	}
	dir := filepath.Join(p.root, fmt.Sprint(len(p.got)))
	err := os.Mkdir(dir, 0o755)
	if err == nil {
		err = get(dir)
	}
	p.got[key] = downloaded{dir, err}
	return dir, err
}

func (p *packages) remove() {
	if p.root != "" {
		_ = os.RemoveAll(p.root)
	}
}

// Gunzip is the decompressed content of a gzip file. Mirrors compress the same data differently; pinning what is inside
// lets any of them serve.
type Gunzip struct{ Origin Origin }

func (g Gunzip) String() string { return g.Origin.String() }

func (g Gunzip) fetch(ctx context.Context, p *packages, tmp, dst string) error {
	packed := filepath.Join(tmp, "packed.gz")
	if err := g.Origin.fetch(ctx, p, tmp, packed); err != nil {
		return err
	}
	in, err := os.Open(packed)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	gz, err := gzip.NewReader(in)
	if err != nil {
		return fmt.Errorf("not a gzip file: %w", err)
	}
	return writeFile(dst, gz)
}

// firstMember takes a member out of the one archive that a package client left in dir.
func firstMember(dir, member, dst string) error {
	found, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, p := range found {
		switch {
		case strings.HasSuffix(p, ".whl"), strings.HasSuffix(p, ".zip"):
			return zipMember(p, member, dst)
		case strings.HasSuffix(p, ".tar.gz"), strings.HasSuffix(p, ".tgz"):
			return tarMember(p, member, dst)
		}
	}
	return errors.New("the package client left no archive")
}

// zipMember and tarMember read one named member and write it to dst, which the caller chose: no name inside an archive
// is ever used as a path.
func zipMember(archive, member, dst string) error {
	r, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	for _, f := range r.File {
		if ok, _ := path.Match(member, f.Name); ok || f.Name == member {
			in, err := f.Open()
			if err != nil {
				return err
			}
			defer func() { _ = in.Close() }()
			return writeFile(dst, in)
		}
	}
	return fmt.Errorf("%s has no %s", filepath.Base(archive), member)
}

func tarMember(archive, member, dst string) error {
	in, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	gz, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	for tr := tar.NewReader(gz); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%s has no %s", filepath.Base(archive), member)
		}
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeReg && h.Name == member {
			return writeFile(dst, tr)
		}
	}
}

// maxFile is the largest file that is fetched: an endless answer, or a small archive that unpacks to a huge file, must
// not fill the disk. The largest that darkroom needs, a GPU plugin, has some hundred megabytes.
const maxFile = 4 << 30

func writeFile(dst string, r io.Reader) error { return writeAtMost(dst, r, maxFile) }

func writeAtMost(dst string, r io.Reader, limit int64) error {
	w, err := os.Create(dst)
	if err != nil {
		return err
	}
	n, err := io.Copy(w, io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("the file is larger than %d bytes", limit)
	}
	return errors.Join(err, w.Sync(), w.Close())
}

func copyFile(src, dst string) error {
	r, err := os.Open(src)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	return writeFile(dst, r)
}

func fileExists(p string) bool {
	st, err := os.Stat(p)
	return err == nil && st.Mode().IsRegular()
}
