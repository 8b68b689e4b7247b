package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"
)

// Binary is the environment variable that names the darkroom command; the kernel sets it for cells.
const Binary = "DARKROOM_BIN"

// Remote carries out work by asking a darkroom process for it, so that the program that asks need not link XLA.
type Remote struct {
	Command string            // the darkroom command; empty means $DARKROOM_BIN, or darkroom on the PATH
	Say     func(line string) // told lines for people; nil prints them to stderr
}

func (r Remote) command() (string, error) {
	if r.Command != "" {
		return r.Command, nil
	}
	if c := os.Getenv(Binary); c != "" {
		return c, nil
	}
	c, err := exec.LookPath("darkroom")
	if err != nil {
		return "", fmt.Errorf("the darkroom command is not found: start the notebook with `darkroom lab`, or set %s to its path", Binary)
	}
	return c, nil
}

// call starts a process for one request and hands each reply to see until the last one.
func (r Remote) call(ctx context.Context, q Request, see func(Reply)) (Reply, error) {
	path, err := r.command()
	if err != nil {
		return Reply{}, err
	}
	cmd := exec.CommandContext(ctx, path, "engine")
	cmd.Stderr = os.Stderr
	cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "GONB_PIPE") }) // the cell's own
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }                                         // finish the step, write a checkpoint
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return Reply{}, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return Reply{}, err
	}
	if err := cmd.Start(); err != nil {
		return Reply{}, fmt.Errorf("cannot start %s: %w", path, err)
	}
	if err := json.NewEncoder(stdin).Encode(q); err != nil {
		return Reply{}, errors.Join(err, cmd.Wait())
	}
	var last Reply
	for in := bufio.NewReaderSize(stdout, 1<<20); ; {
		line, err := in.ReadBytes('\n')
		if err != nil {
			if !errors.Is(err, io.EOF) {
				last.Error = err.Error()
			}
			break
		}
		var p Reply
		if err := json.Unmarshal(line, &p); err != nil {
			last.Error = "an answer that cannot be read: " + err.Error()
			break
		}
		switch {
		case p.Say != "":
			r.say(p.Say)
		case p.Result != nil, p.Images != nil, p.Methods != nil, p.Error != "", p.Done:
			last = p
		case see != nil:
			see(p)
		}
	}
	_ = stdin.Close() // while it is open the process goes on: if this program dies, it stops
	werr := cmd.Wait()
	switch {
	case last.Error != "":
		return last, errors.New(last.Error)
	case werr != nil:
		return last, fmt.Errorf("%s ended: %w", path, werr)
	}
	return last, nil
}

func (r Remote) say(line string) {
	if r.Say != nil {
		r.Say(line)
		return
	}
	_, _ = fmt.Fprintln(os.Stderr, line)
}

// Methods implements Lab.
func (r Remote) Methods() []MethodCard {
	p, err := r.call(context.Background(), Request{Call: "methods"}, nil)
	if err != nil {
		r.say(err.Error())
	}
	return p.Methods
}

// Resolve implements Lab.
func (r Remote) Resolve(ctx context.Context, s Spec) (Spec, error) {
	p, err := r.call(ctx, Request{Call: "resolve", Spec: s, Eval: s.Eval, Runs: s.Runs}, nil)
	if err != nil {
		return s, err
	}
	if p.Result == nil {
		return s, errors.New("the darkroom process gave no answer")
	}
	return p.Result.Spec, nil
}

// Run implements Lab. In a notebook it shows a live view under the cell.
func (r Remote) Run(ctx context.Context, s Spec, watch func(Event)) (*Result, error) {
	live := ""
	p, err := r.call(ctx, Request{Call: "run", Spec: s, Eval: s.Eval, Runs: s.Runs, Live: gonbui.IsNotebook}, func(p Reply) {
		switch {
		case p.Live != "":
			if live == "" {
				live = "darkroom-" + gonbui.UniqueId()
			}
			gonbui.UpdateHTML(live, p.Live)
		case p.Event != nil && watch != nil:
			watch(*p.Event)
		}
	})
	if err != nil {
		return nil, err
	}
	if p.Result == nil {
		return nil, errors.New("the darkroom process gave no result")
	}
	return p.Result, nil
}

// Sample implements Lab.
func (r Remote) Sample(ctx context.Context, dir string, d Draw) ([]Image, error) {
	p, err := r.call(ctx, Request{Call: "sample", Dir: dir, Draw: d}, nil)
	if err != nil {
		return nil, err
	}
	out := make([]Image, len(p.Images))
	for i, w := range p.Images {
		if out[i], err = w.Image(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Compare carries out a comparison of the catalogue and returns its table as HTML.
func (r Remote) Compare(ctx context.Context, name string, seeds int, quick bool) (string, error) {
	html := ""
	live := ""
	_, err := r.call(ctx, Request{Call: "compare", Name: name, Seeds: seeds, Quick: quick, Live: gonbui.IsNotebook}, func(p Reply) {
		switch {
		case p.Live != "":
			if live == "" {
				live = "darkroom-" + gonbui.UniqueId()
			}
			gonbui.UpdateHTML(live, p.Live)
		case p.HTML != "":
			html += p.HTML
		}
	})
	return html, err
}
