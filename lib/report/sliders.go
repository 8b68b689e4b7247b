package report

import (
	"encoding/base64"
	"html/template"
	"strings"
)

// Slide is one picture of Sliders: encoded files, with their MIME types, of the measurement, of what was made of it, and of the truth.
type Slide struct {
	Name     string
	Measures string // "29.41 dB, SSIM 0.871"; may be empty
	Width    int    // in pixels, as it is shown at 100 %
	Before   File
	After    File
	Truth    File // may be empty
}

// File is an encoded picture.
type File struct {
	MIME  string // "image/png"
	Bytes []byte
}

// URI is the file as the source of an image.
func (f File) URI() template.URL {
	return template.URL("data:" + f.MIME + ";base64," + base64.StdEncoding.EncodeToString(f.Bytes)) //nolint:gosec // base64 of our own picture
}

// Known says whether there is a file.
func (f File) Known() bool { return len(f.Bytes) > 0 }

var sliders = template.Must(template.New("sliders").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{{.Title}}</title>
<style>
body { font-family: system-ui, sans-serif; margin: 2em; line-height: 1.45; }
h1 { font-size: 1.4em; } h2 { font-size: 1.05em; margin: 1.6em 0 .4em; } small { opacity: .8; font-weight: normal; }
.tools { margin: .4em 0; display: flex; gap: 1em; align-items: center; flex-wrap: wrap; }
.window { overflow: auto; max-height: 85vh; border: 1px solid; }
.pair { position: relative; display: block; touch-action: pan-y; cursor: ew-resize; --at: 50%; }
.pair img { display: block; width: 100%; height: auto; user-select: none; image-rendering: auto; }
.pair .before { position: absolute; inset: 0; clip-path: inset(0 calc(100% - var(--at)) 0 0); }
.pair::after { content: ""; position: absolute; top: 0; bottom: 0; left: var(--at); width: 2px; margin-left: -1px;
  background: #fff; box-shadow: 0 0 3px #000; pointer-events: none; }
.pair span { position: absolute; top: .4em; padding: 0 .5em; background: #000a; color: #fff; font-size: .8em; pointer-events: none; }
.pair .left { left: .4em; } .pair .right { right: .4em; }
.sharp img { image-rendering: pixelated; }
</style>
</head>
<body>
<h1>{{.Title}}</h1>
<p>{{.About}}</p>
{{range .Slides}}<section>
<h2>{{.Name}} <small>{{.Measures}}</small></h2>
<div class="tools">
<label>before <input type="range" class="at" min="0" max="100" value="50" aria-label="how much of {{.Name}} is shown before restoring"> after</label>
<label>zoom <select class="zoom"><option value="fit">fit</option><option value="1">100 %</option><option value="2">200 %</option><option value="4">400 %</option><option value="8">800 %</option></select></label>
{{if .Truth.Known}}<label><input type="checkbox" class="truth"> truth in place of the measurement</label>{{end}}
</div>
<div class="window"><div class="pair" data-width="{{.Width}}">
<img src="{{.After.URI}}" alt="{{.Name}}, restored" draggable="false">
<img class="before" src="{{.Before.URI}}" alt="{{.Name}}, before" draggable="false"{{if .Truth.Known}} data-truth="{{.Truth.URI}}"{{end}}>
<span class="left">before</span><span class="right">restored</span>
</div></div>
</section>
{{end}}<script>
for (const section of document.querySelectorAll("section")) {
  const pair = section.querySelector(".pair"), at = section.querySelector(".at"), before = section.querySelector(".before");
  const put = (share) => { at.value = share; pair.style.setProperty("--at", share + "%"); };
  at.addEventListener("input", () => put(at.value));
  const follow = (e) => {
    const box = pair.getBoundingClientRect();
    put(Math.min(100, Math.max(0, 100 * (e.clientX - box.left) / box.width)));
  };
  pair.addEventListener("pointermove", (e) => { if (e.buttons || e.pointerType === "mouse") follow(e); });
  pair.addEventListener("pointerdown", follow);
  section.querySelector(".zoom").addEventListener("change", (e) => {
    const zoom = e.target.value;
    pair.style.width = zoom === "fit" ? "" : zoom * pair.dataset.width / devicePixelRatio + "px";
    pair.classList.toggle("sharp", zoom > 1);
  });
  const truth = section.querySelector(".truth"), measured = before.src;
  if (truth) truth.addEventListener("change", () => {
    before.src = truth.checked ? before.dataset.truth : measured;
    section.querySelector(".left").textContent = truth.checked ? "truth" : "before";
  });
}
</script>
</body>
</html>
`))

// Sliders returns a page that stands alone: each picture before and after, with a slider between the two and a zoom.
func Sliders(title, about string, slides []Slide) string {
	var b strings.Builder
	page := struct {
		Title, About string
		Slides       []Slide
	}{title, about, slides}
	if err := sliders.Execute(&b, page); err != nil { // a strings.Builder never fails, and Slide has every field
		panic("report: " + err.Error())
	}
	return b.String()
}
