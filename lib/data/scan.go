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
	"slices"
	"strings"
)

// maxFile is the largest picture file that is read.
const maxFile = 256 << 20

// file is a picture file of a folder.
type file struct {
	name string // below the folder, with slashes
	path string
}

// extensions says which format a file claims to be.
var extensions = map[string]string{
	".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".bmp": "bmp", ".tif": "tiff", ".tiff": "tiff",
	".webp": "webp",
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
		return nil, fmt.Errorf("%q is a file, not a folder; give the folder that it lies in: %s%s",
			dir, folderPrefix, filepath.Dir(dir))
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
		return nil, fmt.Errorf("folder %q has no pictures: no file in it is a %s picture; put some in it, or name another folder", dir, formats)
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
