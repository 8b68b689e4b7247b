package plots

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"darkroom/lib/lab"
)

type page string

func (p page) HTML() string { return "<b>" + string(p) + "</b>" }

type table struct{ page }

func (t table) String() string { return "| " + string(t.page) + " |" }

func TestShowWritesFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "figures")
	t.Setenv("DARKROOM_FIGURES", dir)
	var out bytes.Buffer
	stdout = &out
	shown.Store(0)
	defer func() { stdout = os.Stdout }()
	im := lab.NewImage(8, 8, 1)
	Show(demoCurves(1, 20, "loss"), im, []lab.Image{im, im}, page("hello"), table{"a"}, "words")
	want := []string{"figure-1.png", "figure-2.png", "figure-3.png", "figure-4.html"}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 6 || lines[4] != "| a |" || lines[5] != "words" {
		t.Fatalf("Show printed %q", lines)
	}
	for i, name := range want {
		if lines[i] != filepath.Join(dir, name) {
			t.Errorf("path %d is %s, want %s", i, lines[i], name)
		}
		b, err := os.ReadFile(lines[i])
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".png") {
			if _, err := png.Decode(bytes.NewReader(b)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		} else if string(b) != "<b>hello</b>" {
			t.Errorf("%s holds %q", name, b)
		}
	}
	for _, bad := range []any{42, lab.Curves{}, []lab.Image{}, errors.New("it broke"), nil} {
		if err := show(bad); err == nil {
			t.Errorf("showing %v is no error", bad)
		}
	}
}

// A cell's program, run below with the environment that GoNB gives it.
func TestCell(t *testing.T) {
	if os.Getenv("DARKROOM_TEST_CELL") == "" {
		t.Skip("runs inside TestNotebook")
	}
	Show(demoCurves(1, 20, "loss"), Grid([]lab.Image{lab.NewImage(8, 8, 1)}, 1), page("x"), 42)
	v := Live("training <1>")
	clock := time.Unix(0, 0)
	v.now = func() time.Time { return clock }
	for step := 1; step <= 100; step++ {
		clock = clock.Add(50 * time.Millisecond) // five seconds in all: ten drawings
		v.Watch(lab.Event{Step: step, Steps: 100, Values: map[string]float64{"loss": 1 / float64(step)}})
	}
	v.Done()
}

// TestNotebook plays the kernel: it reads what a cell sends over GoNB's named pipe, and answers its request to sync.
func TestNotebook(t *testing.T) {
	dir := t.TempDir()
	there, back := filepath.Join(dir, "pipe"), filepath.Join(dir, "back")
	for _, p := range []string{there, back} {
		if err := syscall.Mkfifo(p, 0o600); err != nil {
			t.Skip("no named pipes here: ", err)
		}
	}
	var out bytes.Buffer
	cmd := exec.Command(os.Args[0], "-test.run=^TestCell$")
	cmd.Env = append(os.Environ(), "DARKROOM_TEST_CELL=1", protocol.GONB_PIPE_ENV+"="+there, protocol.GONB_PIPE_BACK_ENV+"="+back)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var got []*protocol.DisplayData
	syncs := 0
	done := make(chan error, 1)
	go func() {
		r, err := os.Open(there)
		if err != nil {
			done <- err
			return
		}
		w, err := os.OpenFile(back, os.O_WRONLY, 0)
		if err != nil {
			done <- err
			return
		}
		in, answers := gob.NewDecoder(r), gob.NewEncoder(w)
		for {
			d := &protocol.DisplayData{}
			if in.Decode(d) != nil {
				done <- errors.Join(r.Close(), w.Close())
				return
			}
			if v, ok := d.Data[protocol.MIMECommValue].(protocol.CommValue); ok {
				syncs++
				if err := answers.Encode(&protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: v.Value}); err != nil {
					done <- err
					return
				}
				continue
			}
			got = append(got, d)
		}
	}()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the cell failed: %v\n%s", err, out.String())
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if syncs != 2 {
		t.Errorf("the cell waited %d times for its output to arrive, want 2: after Show and after Done", syncs)
	}
	html := func(i int) string { return fmt.Sprint(got[i].Data[protocol.MIMETextHTML]) }
	if len(got) < 4 {
		t.Fatalf("only %d displays", len(got))
	}
	if !strings.Contains(html(0), "<img") || !strings.Contains(html(0), `alt="curves over step; loss from`) {
		t.Errorf("curves came as %.200s", html(0))
	}
	if b, ok := got[0].Data[protocol.MIMEImagePNG].([]byte); !ok || !bytes.HasPrefix(b, []byte("\x89PNG")) {
		t.Error("curves came without a PNG")
	}
	if !strings.Contains(html(1), "data:image/png") {
		t.Errorf("the grid came as %.200s", html(1))
	}
	if html(2) != "<b>x</b>" || !strings.Contains(html(3), "cannot show a int") {
		t.Errorf("then came %q and %q", html(2), html(3))
	}
	live := got[4:]
	if len(live) != 11 { // ten while it ran and the last
		t.Errorf("the live view was drawn %d times, want 11", len(live))
	}
	for _, d := range live {
		if d.DisplayID == "" || d.DisplayID != live[0].DisplayID {
			t.Fatal("the live view does not stay in one place")
		}
	}
	last := fmt.Sprint(live[len(live)-1].Data[protocol.MIMETextHTML])
	if !strings.Contains(last, "training &lt;1&gt;") || !strings.Contains(last, "step 100 of 100") || strings.Contains(last, "progressbar") {
		t.Errorf("the last view is %.400s", last)
	}
}
