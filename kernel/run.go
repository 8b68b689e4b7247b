package kernel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"darkroom/kernel/cell"
	"darkroom/kernel/wire"
)

// A cell's text is shown as it comes up to longestOutput bytes; of what it prints beyond, the last longestEnd are shown when it has ended.
const (
	longestOutput = 1 << 20
	longestEnd    = 64 << 10
)

// execute runs a cell and answers its request. It returns how many of the cells that wait behind it must be aborted.
func (s *session) execute(m *wire.Message) (abort int) {
	q := executeRequestOf(m)
	s.mu.Lock()
	s.running, s.over, s.stopped = m, make(chan struct{}), false
	if q.StoreHistory {
		s.count++
	}
	number := s.count
	s.mu.Unlock()
	s.status(m, "busy")
	if !q.Silent {
		_ = s.server.Publish(m, "execute_input", map[string]any{"code": q.Code, "execution_count": number})
	}

	reply, result, failed := s.runCell(m, q, number)

	conclude := func(v viewer) {
		reply["execution_count"] = v.number
		if failed != nil {
			maps.Copy(reply, failed.content())
			if !v.q.Silent {
				_ = s.server.Publish(v.m, "error", failed.content())
			}
		} else {
			reply["status"] = "ok"
			reply["user_expressions"] = unsupported(v.q.UserExpressions)
			if result != nil && !v.q.Silent {
				_ = s.server.Publish(v.m, "execute_result", map[string]any{"execution_count": v.number, "data": result, "metadata": map[string]any{}})
			}
		}
		if v.q.StoreHistory {
			s.history.add(v.number, v.q.Code, result["text/plain"])
		}
	}
	conclude(viewer{m, q, number})
	if failed != nil && q.StopOnError {
		time.Sleep(20 * time.Millisecond) // what the client has sent together may still be on its way; what it sends after the answer may run
		abort = len(s.cells)
	}
	_ = s.server.Answer(wire.Shell, m, "execute_reply", reply)
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.over)
	s.status(m, "idle")
	for _, v := range s.joined {
		conclude(v)
		_ = s.server.Answer(wire.Shell, v.m, "execute_reply", reply)
		s.status(v.m, "idle")
	}
	s.running, s.input, s.joined, s.shown, s.size = nil, nil, nil, nil, 0
	return abort
}

// unsupported answers user_expressions: Go has no expressions without a program around them.
func unsupported(asked map[string]string) map[string]any {
	answers := map[string]any{}
	for name := range asked {
		answers[name] = failure("NotSupported", "this kernel evaluates no expressions beside a cell")
	}
	return answers
}

// runCell runs a cell's source. The result is the value of its last expression, by MIME type.
func (s *session) runCell(m *wire.Message, q executeRequest, number int) (reply map[string]any, result map[string]string, failed *cellFailure) {
	reply = map[string]any{"payload": []any{}}
	source := strings.TrimSpace(q.Code)
	switch {
	case source == "":
		return reply, nil, nil
	case source == "%clear":
		_ = s.server.Publish(m, "clear_output", map[string]bool{"wait": false})
		return reply, nil, nil
	case !strings.Contains(source, "\n") && (strings.HasPrefix(source, "?") || strings.HasSuffix(source, "?")):
		page := s.help(strings.Trim(source, "? "))
		reply["payload"] = []any{map[string]any{"source": "page", "start": 0, "data": page}}
		return reply, nil, nil
	}
	c := cell.Parse(q.Code)
	program, err := s.state.Program(c)
	if err != nil {
		return reply, nil, syntaxFailure(err, number, q.Code)
	}
	_ = os.Remove(s.result()) // usually it is not there
	out := &output{s: s}
	gonb, err := s.gonbFor(c, program, number, out)
	switch {
	case errors.Is(err, errGoNBEnded):
		out.flush()
		killGroup()
		if err := s.restart(); err != nil {
			return reply, nil, &cellFailure{name: "GoNBEnded", value: err.Error()}
		}
		return reply, nil, s.interruptedOr(&cellFailure{name: "GoNBEnded", value: errGoNBEnded.Error() +
			". It has been started again, without what earlier cells have declared: run those again."})
	case err != nil:
		return reply, nil, &cellFailure{name: "KernelError", value: err.Error()}
	}
	if gonb.Status == "ok" {
		out.flush()
		s.state.Keep(c, number)
		return reply, s.takeResult(), nil
	}
	failed = s.failureOf(gonb, out)
	if failed.compiled {
		s.state.Keep(c, number)
	}
	out.flush()
	return reply, nil, s.interruptedOr(failed)
}

// gonbFor has GoNB run a program, and shows what it prints.
func (s *session) gonbFor(c *cell.Cell, program cell.Program, number int, out *output) (gonbReply, error) {
	s.mu.Lock()
	g := s.gonb
	s.mu.Unlock()
	begin := func(n int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sources[n] = &given{number, c, program}
	}
	return g.execute(program.Text, true, begin, out.publish)
}

// interruptedOr is the failure, unless the user has stopped the cell.
func (s *session) interruptedOr(f *cellFailure) *cellFailure {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.stopped:
		return f
	case f.name == "GoNBEnded":
		return &cellFailure{name: "Interrupted", value: "the cell was interrupted. " + f.value}
	}
	return &cellFailure{name: "Interrupted", value: "the cell was interrupted", where: f.where}
}

// takeResult reads what the cell's program left as the value of its last expression.
func (s *session) takeResult() map[string]string {
	b, err := os.ReadFile(s.result())
	if err != nil {
		return nil // there is none
	}
	_ = os.Remove(s.result())
	var data map[string]string
	if json.Unmarshal(b, &data) != nil {
		return nil // the program was not ours
	}
	return data
}

// output is what a cell shows. The trace of a panic, and how the program ended, are kept back for its error.
type output struct {
	s     *session
	shown int    // bytes of text
	held  string // of stderr

	over int     // bytes beyond longestOutput
	end  []piece // the last of them
}

// piece is text of one stream.
type piece struct {
	stream string
	text   []byte
}

var (
	panicLine = regexp.MustCompile(`(?m)^(panic: |fatal error: |SIG[A-Z]+: )`)
	exitLine  = regexp.MustCompile(`^(\^C\n)?(exit status \d+|signal: [^\n]*)\n$`)
)

func (o *output) publish(m *wire.Message) {
	switch m.Header.Type {
	case "execute_input", "error":
		return // this kernel has said, or will say, its own
	case "stream":
	default:
		o.s.tell(m)
		return
	}
	var stream struct{ Name, Text string }
	if json.Unmarshal(m.Content, &stream) != nil {
		return
	}
	if stream.Name == "stderr" {
		if o.held != "" {
			o.held += stream.Text
			o.held = o.held[:min(len(o.held), longestOutput)]
			return
		}
		at := panicLine.FindStringIndex(stream.Text)
		switch {
		case exitLine.MatchString(stream.Text):
			o.held, stream.Text = stream.Text, ""
		case at != nil:
			o.held, stream.Text = stream.Text[at[0]:], stream.Text[:at[0]]
		}
	}
	o.show(stream.Name, stream.Text)
}

// show publishes text, as long as there is not too much of it.
func (o *output) show(stream, text string) {
	if text == "" {
		return
	}
	if o.over == 0 {
		if room := longestOutput - o.shown; len(text) > room {
			o.say(stream, fmt.Sprintf("%s\n… the cell prints more than %d MB; the end of it is shown when it has ended\n", strings.ToValidUTF8(text[:room], ""), longestOutput>>20))
			o.shown, text = longestOutput, text[room:]
		} else {
			o.shown += len(text)
			o.say(stream, text)
			return
		}
	}
	o.over += len(text)
	if n := len(o.end); n > 0 && o.end[n-1].stream == stream && len(o.end[n-1].text) < longestEnd {
		o.end[n-1].text = append(o.end[n-1].text, text...)
	} else {
		o.end = append(o.end, piece{stream, []byte(text)})
	}
	kept := 0
	for i, p := range slices.Backward(o.end) {
		if kept >= longestEnd {
			o.end = slices.Delete(o.end, 0, i+1)
			break
		}
		kept += len(p.text)
	}
}

// say publishes text.
func (o *output) say(stream, text string) {
	if m, err := wire.New(o.s.server.Session(), "stream", nil, map[string]string{"name": stream, "text": text}); err == nil {
		o.s.tell(m)
	}
}

// flush shows what was kept back.
func (o *output) flush() {
	o.show("stderr", o.held)
	o.held = ""
	if o.over == 0 {
		return
	}
	kept := 0
	for _, p := range o.end {
		kept += len(p.text)
	}
	if more := kept - longestEnd; more > 0 && len(o.end) > 0 { // the first piece alone is longer than need be
		first := &o.end[0]
		first.text = first.text[min(more, len(first.text)):]
		if line := bytes.IndexByte(first.text, '\n'); line >= 0 {
			first.text = first.text[line+1:]
		}
	}
	left := o.over
	for _, p := range o.end {
		left -= len(p.text)
	}
	if left > 0 {
		o.say(o.end[0].stream, fmt.Sprintf("… %.2f MB are left out here …\n", float64(left)/(1<<20)))
	}
	for _, p := range o.end {
		o.say(p.stream, strings.ToValidUTF8(string(p.text), ""))
	}
	o.over, o.end = 0, nil
}
