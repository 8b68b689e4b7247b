package fetch

import (
	"os"
	"path/filepath"
)

// CacheDir is the folder for what can be fetched again: $DARKROOM_HOME/cache, or darkroom in the user's cache folder
// (XDG_CACHE_HOME).
func CacheDir() string {
	if h := os.Getenv("DARKROOM_HOME"); h != "" {
		return filepath.Join(h, "cache")
	}
	if d, err := os.UserCacheDir(); err == nil {
		return filepath.Join(d, "darkroom")
	}
	return filepath.Join(os.TempDir(), "darkroom-cache")
}

// DataDir is the folder for what is the user's (runs, the notebook's environment): $DARKROOM_HOME/data, or darkroom
// in the user's data folder (XDG_DATA_HOME, by default ~/.local/share).
func DataDir() string {
	if h := os.Getenv("DARKROOM_HOME"); h != "" {
		return filepath.Join(h, "data")
	}
	if d := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "darkroom")
	}
	if h, err := os.UserHomeDir(); err == nil {
		return filepath.Join(h, ".local", "share", "darkroom")
	}
	return filepath.Join(os.TempDir(), "darkroom-data")
}
