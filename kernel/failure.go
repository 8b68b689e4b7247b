package kernel

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"darkroom/kernel/cell"
)

// cellFailure is why a cell failed, as Jupyter shows it.
type cellFailure struct {
	name, value string
	where       []string // the lines of the traceback below the first, without colours
	compiled    bool     // its declarations are kept
}

const (
	red  = "\x1b[31m"
	bold = "\x1b[1m"
	dim  = "\x1b[2m"
	off  = "\x1b[0m"
)

func (f *cellFailure) content() map[string]any {
	trace := []string{red + bold + f.name + off + ": " + f.value}
	for _, w := range f.where {
		if strings.HasPrefix(w, "→") {
			w = red + w + off
		} else if strings.HasPrefix(w, "  ") {
			w = dim + w + off
		}
		trace = append(trace, w)
	}
	return map[string]any{"status": "error", "ename": f.name, "evalue": f.value, "traceback": trace}
}

// excerpt shows a line of a cell between its neighbours, with a mark below the column from 1; 0 is none.
func excerpt(source string, line, column int) (out []string) {
	lines := strings.Split(source, "\n")
	for n := max(1, line-1); n <= min(len(lines), line+1); n++ {
		text := strings.ReplaceAll(lines[n-1], "\t", "    ")
		if n != line {
			out = append(out, strings.TrimRight(fmt.Sprintf("  %3d  %s", n, text), " "))
			continue
		}
		out = append(out, fmt.Sprintf("→ %3d  %s", n, text))
		if column > 0 && column <= len(lines[n-1])+1 {
			before := strings.ReplaceAll(lines[n-1][:column-1], "\t", "    ")
			out = append(out, "→      "+strings.Repeat(" ", len([]rune(before)))+"^")
		}
	}
	return out
}

func syntaxFailure(err error, number int, source string) *cellFailure {
	f := &cellFailure{name: "SyntaxError", value: err.Error()}
	var e *cell.SyntaxError
	if errors.As(err, &e) {
		f.where = append([]string{fmt.Sprintf("In [%d], line %d:", number, e.Line)}, excerpt(source, e.Line, e.Column)...)
	}
	return f
}

// failureOf reads GoNB's account of a failure: of the compiler, of a panic, or of another end of the cell's program.
func (s *session) failureOf(r gonbReply, out *output) *cellFailure {
	held := out.held
	switch {
	case panicLine.MatchString(held):
		out.held = ""
		return s.panicked(held)
	case strings.HasPrefix(r.Value, "exit status ") || strings.HasPrefix(r.Value, "signal: "):
		if exitLine.MatchString(held) {
			out.held = ""
		}
		return &cellFailure{name: "ExitError", value: "the cell's program ended with " + r.Value, compiled: true}
	}
	return s.notCompiled(r)
}

var (
	position  = regexp.MustCompile(`main(?:_test)?\.go:(\d+):(\d+): (.*)$`)
	cellLine  = regexp.MustCompile(`^Cell\[(\d+)\]: Line (\d+)\n`)
	undefined = regexp.MustCompile(`^undefined: (\w+)$`)
)

// notCompiled makes one failure of the lines that a compiler, or go get, has said.
func (s *session) notCompiled(r gonbReply) *cellFailure {
	f := &cellFailure{name: "CompileError"}
	var said, hints []string
	lines := strings.Split(r.Value, "\n")
	for i, l := range lines {
		m := position.FindStringSubmatch(l)
		if m == nil || i >= len(r.Traceback) {
			l = strings.TrimRight(l, " ")
			if l != "" && !strings.HasPrefix(l, "# gonb_") && !strings.HasPrefix(l, "failed to run") && !strings.HasPrefix(l, "exit status") {
				said = append(said, strings.ReplaceAll(l, "darkroom_result.Show", "the last expression"))
			}
			continue
		}
		text := m[3]
		column, _ := strconv.Atoi(m[2])
		where := ""
		if src, line := s.locate(r.Traceback[i]); src != nil && line > 0 {
			where = fmt.Sprintf("In [%d], line %d: ", src.number, line)
			f.where = append(f.where, where+text)
			f.where = append(f.where, excerpt(src.cell.Source, line, cellColumn(r.Traceback[i], src.cell.Source, line, column))...)
		}
		said = append(said, text)
		if u := undefined.FindStringSubmatch(text); u != nil {
			if n := s.state.Lost(u[1]); n > 0 {
				hints = append(hints, fmt.Sprintf("%s was a variable of cell %d's statements, and values end with their cell. What a later cell needs goes "+
					"above the statements, as a declaration (var %s = …, computed anew in each cell), or into a function.", u[1], n, u[1]))
			}
		}
	}
	f.value = strings.Join(append(said, hints...), "\n")
	if f.value == "" {
		f.value = strings.TrimSpace(r.Value)
	}
	f.where = append(f.where, hints...)
	if len(f.where) == 0 && strings.Contains(f.value, "no module here has") {
		f.name = "ImportError"
	}
	return f
}

// locate finds the cell and the line that GoNB means.
func (s *session) locate(traceback string) (*given, int) {
	m := cellLine.FindStringSubmatch(traceback)
	if m == nil {
		return nil, 0
	}
	return s.locateIn(m[1], m[2])
}

func (s *session) locateIn(number, line string) (*given, int) {
	n, _ := strconv.Atoi(number)
	l, _ := strconv.Atoi(line)
	s.mu.Lock()
	defer s.mu.Unlock()
	src := s.sources[n]
	if src == nil {
		return nil, 0
	}
	return src, src.program.Line(l)
}

// find finds the cell and its line of a line of the program that GoNB made last, by its text and its neighbours', whatever the spaces. GoNB itself
// says it only if it reads the line of a trace at once, which Go writes in pieces.
func (s *session) find(number string) (found *given, line int) {
	b, err := os.ReadFile(filepath.Join(s.workspace(), "main.go"))
	if err != nil {
		return nil, 0
	}
	dense := func(text string) []string {
		lines := strings.Split(text, "\n")
		for i, l := range lines {
			lines[i] = strings.Join(strings.Fields(l), "")
		}
		return lines
	}
	made := dense(string(b))
	n, _ := strconv.Atoi(number)
	if n--; n < 0 || n >= len(made) || made[n] == "" {
		return nil, 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	most := 0
	for _, cell := range slices.Sorted(maps.Keys(s.sources)) {
		given := dense(s.sources[cell].program.Text)
		for k := range given {
			alike := 0
			for d := 0; n+d < len(made) && k+d < len(given) && made[n+d] == given[k+d]; d++ {
				alike++
			}
			for d := 1; alike > 0 && n-d >= 0 && k-d >= 0 && made[n-d] == given[k-d]; d++ {
				alike++
			}
			if alike >= most && alike > 0 { // of equals, the newest
				found, line, most = s.sources[cell], s.sources[cell].program.Line(k+1), alike
			}
		}
	}
	return found, line
}

// cellColumn is the column in the cell's line of one in the program's, which GoNB shows with a ^ below it; 0 where they differ.
func cellColumn(traceback, source string, line, column int) int {
	lines := strings.Split(traceback, "\n")
	for i, l := range lines {
		if i == 0 || strings.TrimSpace(l) != "^" {
			continue
		}
		own := strings.Split(source, "\n")[line-1]
		trimmed := strings.TrimSpace(own)
		at := strings.Index(lines[i-1], trimmed)
		if trimmed == "" || at < 0 {
			return 0
		}
		return max(0, column-at+strings.Index(own, trimmed))
	}
	return 0
}

var (
	frame   = regexp.MustCompile(`\[\[ Cell \[(\d+)\] Line (\d+) \]\]`)
	inMain  = regexp.MustCompile(`/gonb_[^/]+/main(?:_test)?\.go:(\d+)`)
	frameAt = regexp.MustCompile(`^\t(?:.*/)?([^/]+/[^/]+\.go:\d+)`)
	colours = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// panicked makes a failure of the trace that Go prints: the calls in cells with their lines, the others briefly.
func (s *session) panicked(trace string) *cellFailure {
	trace = colours.ReplaceAllString(trace, "")
	head, rest, _ := strings.Cut(trace, "\n\ngoroutine ")
	if before, after, found := strings.Cut(trace, "\ngoroutine "); found && rest == "" {
		head, rest = before, after
	}
	name, value, _ := strings.Cut(strings.TrimSpace(head), ": ")
	f := &cellFailure{name: name, value: value, compiled: true}
	if name == "fatal error" {
		f.name = "FatalError"
	}
	lines := strings.Split(rest, "\n")
	excerpts := 0
	for i := 1; i < len(lines); i++ {
		if !strings.HasPrefix(lines[i], "\t") {
			if strings.HasPrefix(lines[i], "goroutine ") && len(f.where) > 0 {
				break // the others tell nothing of this one
			}
			continue
		}
		call, _, _ := strings.Cut(strings.TrimPrefix(lines[i-1], "main."), "(")
		m, own := frame.FindStringSubmatch(lines[i]), inMain.FindStringSubmatch(lines[i])
		if m != nil || own != nil {
			var src *given
			var line int
			if m != nil {
				src, line = s.locateIn(m[1], m[2])
			} else {
				src, line = s.find(own[1])
			}
			if src != nil && line > 0 {
				if call == "main" {
					call = "the cell"
				}
				f.where = append(f.where, fmt.Sprintf("In [%d], line %d, in %s:", src.number, line, call))
				if excerpts++; excerpts <= 3 {
					f.where = append(f.where, excerpt(src.cell.Source, line, 0)...)
				}
			}
			continue
		}
		if m := frameAt.FindStringSubmatch(lines[i]); m != nil && !strings.Contains(lines[i], "/src/runtime/") && len(f.where) < 30 {
			f.where = append(f.where, fmt.Sprintf("  %s, in %s", m[1], call))
		}
	}
	return f
}
