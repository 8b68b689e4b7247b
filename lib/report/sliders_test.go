package report_test

import (
	"strings"
	"testing"

	"darkroom/lib/report"
)

// TestSliders: the page names nothing outside itself, keeps the pictures, and escapes what comes from file names.
func TestSliders(t *testing.T) {
	png := report.File{MIME: "image/png", Bytes: []byte("abc")}
	page := report.Sliders("dncnn & co", "σ = 25/255", []report.Slide{
		{Name: `<b>"x"`, Measures: "29.41 dB", Width: 512, Before: png, After: png, Truth: png},
		{Name: "plain", Width: 10, Before: png, After: png},
	})
	for _, want := range []string{"dncnn &amp; co", "&lt;b&gt;&#34;x&#34;", `data-width="512"`, "29.41 dB"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(page, "data:image/png;base64,YWJj"); n != 5 {
		t.Errorf("%d pictures, want 5", n)
	}
	if n := strings.Count(page, `class="truth"`); n != 1 {
		t.Errorf("%d pictures have a truth, want 1", n)
	}
	for _, outside := range []string{"http:", "https:", "//cdn", "<link", "src=\"/", "ZgotmplZ"} {
		if strings.Contains(page, outside) {
			t.Errorf("the page holds %q", outside)
		}
	}
}
