package plots

import (
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"darkroom/lib/lab"
)

// Show shows things: a Figure, lab.Curves (as Lines), a lab.Image or []lab.Image (as Grid), a *plot.Plot of gonum, anything
// with a method HTML() string, or a text. In a notebook they appear under the cell; elsewhere each figure becomes the file
// figure-1.png, figure-2.png … in the folder $DARKROOM_FIGURES, or the current one, and its path is printed. What cannot
// be shown is said in its place, and the rest is shown.
func Show(things ...any) {
	for _, thing := range things {
		if err := show(thing); err != nil {
			complain(err)
		}
	}
	flush()
}

// figureOf returns thing as a figure, if it is one.
func figureOf(thing any) (Figure, bool) {
	switch v := thing.(type) {
	case Figure:
		return v, true
	case lab.Curves:
		return Lines(v), true
	case []lab.Image:
		return Grid(v, Columns(len(v))), true
	case lab.Image:
		return Grid([]lab.Image{v}, 1), true
	case *plot.Plot:
		return FromPlot(v, 6*vg.Inch, 3.75*vg.Inch), true
	}
	return nil, false
}

func show(thing any) error {
	if f, ok := figureOf(thing); ok {
		if gonbui.IsNotebook {
			return display(f)
		}
		b, err := PNG(f)
		if err != nil {
			return err
		}
		return saveNext("png", b)
	}
	switch v := thing.(type) {
	case interface{ HTML() string }:
		if gonbui.IsNotebook {
			gonbui.DisplayHTML(v.HTML())
			return gonbui.Error()
		}
		if s, ok := thing.(fmt.Stringer); ok {
			_, err := fmt.Fprintln(stdout, s)
			return err
		}
		return saveNext("html", []byte(v.HTML()))
	case string:
		_, err := fmt.Fprintln(stdout, v)
		return err
	case error:
		return v
	case fmt.Stringer:
		_, err := fmt.Fprintln(stdout, v)
		return err
	}
	return fmt.Errorf("plots: cannot show a %T; a Figure, lab.Curves, lab.Image, []lab.Image, *plot.Plot, "+
		"something with HTML() string, or a string can be shown", thing)
}

// display sends a figure to the notebook: HTML for the page, a PNG for viewers without it, and its Alt.
func display(f Figure) error {
	page, err := HTML(f)
	if err != nil {
		return err
	}
	data := map[protocol.MIMEType]any{protocol.MIMETextHTML: page, protocol.MIMETextPlain: f.Alt()}
	if !pixels(f) {
		b, err := PNG(f)
		if err != nil {
			return err
		}
		data[protocol.MIMEImagePNG] = b
	}
	gonbui.SendData(&protocol.DisplayData{Data: data})
	return gonbui.Error()
}

// complain says what went wrong where the thing would have been.
func complain(err error) {
	if gonbui.IsNotebook && gonbui.Error() == nil {
		gonbui.DisplayHTML(`<pre role="alert" style="color:#c4442a;white-space:pre-wrap">` + html.EscapeString(err.Error()) + "</pre>")
		return
	}
	fmt.Fprintln(os.Stderr, err)
}

// flush waits until the notebook has what was sent, because a cell's program may end right after. It gives up after some
// seconds, so that a kernel that does not answer stops nobody.
func flush() {
	if !gonbui.IsNotebook {
		return
	}
	done := make(chan struct{})
	go func() {
		gonbui.Sync()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
	}
}

var (
	shown  atomic.Int64             // figures written by Show
	stdout io.Writer    = os.Stdout // where Show prints paths
)

// saveNext writes the next figure file and prints its path.
func saveNext(ext string, b []byte) error {
	name := fmt.Sprintf("figure-%d.%s", shown.Add(1), ext)
	if dir := os.Getenv("DARKROOM_FIGURES"); dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("plots: the folder of figures (DARKROOM_FIGURES): %w", err)
		}
		name = filepath.Join(dir, name)
	}
	if err := writeFile(name, b); err != nil {
		return err
	}
	_, err := fmt.Fprintln(stdout, name)
	return err
}
