package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/janpfeifer/gonb/gonbui"
)

// Binary is the environment variable that names the darkroom command; the kernel sets it for cells.
const Binary = "DARKROOM_BIN"

// Remote carries out work by asking the session's engine for it (Session), a process that goes on from call to call; so the program that asks
// need not link XLA.
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

// call asks the session's engine and hands each reply to see. When ctx ends, so does the work, after a checkpoint.
func (r Remote) call(ctx context.Context, q Request, see func(Reply)) error {
	c, err := r.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	q.Protocol = Protocol
	if q.Runs == "" {
		q.Runs = os.Getenv("DARKROOM_RUNS")
	}
	for _, path := range []*string{&q.Runs, &q.Dir} {
		if *path != "" {
			if *path, err = filepath.Abs(*path); err != nil {
				return err
			}
		}
	}
	if q.Folder, err = os.Getwd(); err != nil {
		return err
	}
	if err := SendRequest(c, q); err != nil {
		return fmt.Errorf("the engine cannot be asked: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = SendRequest(c, Request{Protocol: Protocol, Call: "cancel"}) })
	defer stop()
	for in := bufio.NewReaderSize(c, 1<<16); ; {
		p, err := ReceiveReply(in)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, ErrFrame), errors.Is(err, syscall.ECONNRESET):
			return fmt.Errorf("%w (%w)", errDied, err)
		case err != nil:
			return err
		case p.Error != "":
			return errors.New(p.Error)
		case p.Say != "":
			r.say(p.Say)
		case see != nil:
			see(p)
		}
		if p.Done {
			return nil
		}
	}
}

// errDied tells of an engine that was killed, or met its end in C code.
var errDied = errors.New("the engine, the process that does the work, has ended in the middle of it; " +
	"the next call starts another, and a training goes on from its last checkpoint: run this again")

func (r Remote) say(line string) {
	if r.Say != nil {
		r.Say(line)
		return
	}
	_, _ = fmt.Fprintln(os.Stderr, line)
}

// Methods implements Lab.
func (r Remote) Methods() []MethodCard {
	var cards []MethodCard
	if err := r.call(context.Background(), Request{Call: "methods"}, func(p Reply) { cards = append(cards, p.Methods...) }); err != nil {
		r.say(err.Error())
	}
	return cards
}

// Resolve implements Lab.
func (r Remote) Resolve(ctx context.Context, s Spec) (Spec, error) {
	var result *Result
	err := r.call(ctx, Request{Call: "resolve", Spec: s, Eval: s.Eval, Runs: s.Runs}, func(p Reply) {
		if p.Result != nil {
			result = p.result(s.Runs)
		}
	})
	if err != nil {
		return s, err
	}
	if result == nil {
		return s, errNoAnswer
	}
	return result.Spec, nil
}

var errNoAnswer = errors.New("the engine gave no answer")

// Run implements Lab. In a notebook it shows a live view under the cell.
func (r Remote) Run(ctx context.Context, s Spec, watch func(Event)) (*Result, error) {
	return r.follow(ctx, Request{Call: "run", Spec: s, Eval: s.Eval, Runs: s.Runs, Name: s.Name}, watch)
}

// follow asks for what a run says and comes to.
func (r Remote) follow(ctx context.Context, q Request, watch func(Event)) (*Result, error) {
	var result *Result
	show := live()
	q.Live = gonbui.IsNotebook
	err := r.call(ctx, q, func(p Reply) {
		switch {
		case p.Result != nil:
			result = p.result(q.Runs)
		case p.Live != "":
			show(p.Live)
		case p.Event != nil && watch != nil:
			watch(*p.Event)
		}
	})
	if err == nil && result == nil {
		err = errNoAnswer
	}
	return result, err
}

// result is the reply's, with what the JSON of its spec leaves out.
func (p Reply) result(runs string) *Result {
	if p.Result != nil {
		p.Result.Spec.Eval, p.Result.Spec.Runs = p.Eval, runs
	}
	return p.Result
}

// live returns a function that shows HTML under the cell, in the place of what it has shown before.
func live() func(html string) {
	id := ""
	return func(html string) {
		if id == "" {
			id = "darkroom-" + gonbui.UniqueId()
		}
		gonbui.UpdateHTML(id, html)
	}
}

// Sample implements Lab.
func (r Remote) Sample(ctx context.Context, dir string, d Draw) ([]Image, error) {
	var out []Image
	err := r.call(ctx, Request{Call: "sample", Dir: dir, Draw: d}, func(p Reply) { out = append(out, p.Images...) })
	return out, err
}

// Compare carries out a comparison of the catalogue and returns its table as HTML.
func (r Remote) Compare(ctx context.Context, name string, seeds int, quick bool) (string, error) {
	html := ""
	show := live()
	err := r.call(ctx, Request{Call: "compare", Name: name, Seeds: seeds, Quick: quick, Live: gonbui.IsNotebook}, func(p Reply) {
		switch {
		case p.Live != "":
			show(p.Live)
		case p.HTML != "":
			html += p.HTML
		}
	})
	return html, err
}
