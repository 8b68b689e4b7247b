package result

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestShow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "result.json")
	t.Setenv(Env, file)
	for want, values := range map[string][]any{
		"42":           {42},
		`"a\n"`:        {"a\n"},
		"12":           {12, error(nil)},
		"0, no number": {0, errors.New("no number")},
		"{Width:3 Name:x}": {struct {
			Width int
			Name  string
		}{3, "x"}},
		"1.5s":    {1500 * time.Millisecond},
		"[1 2.5]": {[]float64{1, 2.5}},
	} {
		Show(values...)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal(b, &got); err != nil || got["text/plain"] != want {
			t.Errorf("%v is shown as %q, %v; want %q", values, got, err, want)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	Show(error(nil))
	if _, err := os.Stat(file); err == nil {
		t.Error("no error was shown")
	}
	Show(strings.Repeat("é", longest))
	b, err := os.ReadFile(file)
	if err != nil || len(b) > longest+200 || !strings.Contains(string(b), "bytes in all") {
		t.Errorf("of a long text %d bytes are shown, %v", len(b), err)
	}
}
