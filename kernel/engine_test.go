package kernel

import (
	"strings"
	"testing"

	"darkroom/lib/lab"
)

func TestEngineSession(t *testing.T) {
	t.Setenv(lab.Engine, "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	for notebook, want := range map[string]string{
		"":                                    "notebook-kernel-12ab",
		"/home/me/Digits & Ünïts.ipynb":       "notebook-Digits___Ünïts-",
		"/home/me/" + strings.Repeat("長", 80): "notebook-長",
	} {
		t.Setenv("JPY_SESSION_NAME", notebook)
		got := engineSession("/run/kernel-12ab.json")
		if !strings.HasPrefix(got, want) {
			t.Errorf("%q: %q", notebook, got)
		}
		if _, err := lab.PlaceOf(got); err != nil {
			t.Errorf("%q: %v", notebook, err)
		}
		t.Chdir(t.TempDir())
		if other := engineSession("/run/kernel-12ab.json"); notebook != "" && other == got {
			t.Errorf("notebooks of one name in two folders share %q", got)
		}
	}
	t.Setenv(lab.Engine, "shared")
	if got := engineSession("/run/kernel-12ab.json"); got != "shared" {
		t.Errorf("the user's choice: %q", got)
	}
}
