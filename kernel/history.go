package kernel

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"darkroom/kernel/wire"
)

// history is what has been run, in this session and those before it, oldest first.
type history struct {
	file    string
	session int64

	mu      sync.Mutex
	entries []entry
}

// entry is a cell that has run.
type entry struct {
	Session int64  `json:"session"`
	Line    int    `json:"line"`
	Input   string `json:"input"`
	Output  string `json:"output,omitempty"`
}

// remembered is how many cells of earlier sessions are kept.
const remembered = 1000

// openHistory reads the file of earlier sessions, and cuts it short when it has grown long. It need not be there.
func openHistory(file string) *history {
	h := &history{file: file, session: time.Now().Unix()}
	b, _ := os.ReadFile(file) // without it there were none
	for l := range strings.Lines(string(b)) {
		var e entry
		if json.Unmarshal([]byte(l), &e) == nil {
			h.entries = append(h.entries, e)
			h.session = max(h.session, e.Session+1)
		}
	}
	if n := len(h.entries); n > 2*remembered {
		h.entries = h.entries[n-remembered:]
		var kept strings.Builder
		for _, e := range h.entries {
			line, _ := json.Marshal(e) // numbers and texts always encode
			kept.Write(append(line, '\n'))
		}
		_ = writeFile(file, []byte(kept.String()), 0o600) // the next session tries again
	}
	return h
}

func (h *history) add(line int, input, output string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := entry{h.session, line, input, output}
	h.entries = append(h.entries, e)
	b, _ := json.Marshal(e) // numbers and texts always encode
	if os.MkdirAll(filepath.Dir(h.file), 0o755) != nil {
		return
	}
	f, err := os.OpenFile(h.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return // history is a comfort: a full disk must not stop the cell
	}
	_, _ = f.Write(append(b, '\n'))
	_ = f.Close()
}

// historyQuery is a history_request.
type historyQuery struct {
	Output  bool   `json:"output"`
	Access  string `json:"hist_access_type"`
	Session int64  `json:"session"`
	Start   int    `json:"start"`
	Stop    int    `json:"stop"`
	N       int    `json:"n"`
	Pattern string `json:"pattern"`
	Unique  bool   `json:"unique"`
}

func (h *history) find(q historyQuery) (out []entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.entries {
		switch q.Access {
		case "range":
			wanted := q.Session
			if wanted <= 0 {
				wanted += h.session
			}
			if e.Session != wanted || e.Line < q.Start || q.Stop > 0 && e.Line >= q.Stop {
				continue
			}
		case "search":
			if match, err := path.Match(strings.ReplaceAll(q.Pattern, "/", "\x00"), strings.ReplaceAll(e.Input, "/", "\x00")); err != nil || !match {
				continue
			}
		}
		out = append(out, e)
	}
	if q.Access == "search" && q.Unique {
		last := map[string]int{}
		for i, e := range out {
			last[e.Input] = i
		}
		var once []entry
		for i, e := range out {
			if last[e.Input] == i {
				once = append(once, e)
			}
		}
		out = once
	}
	if q.Access != "range" && q.N > 0 {
		out = out[max(0, len(out)-q.N):]
	}
	return out
}

func (s *session) historyRequest(m *wire.Message) any {
	q := historyQuery{Access: "tail", Pattern: "*"}
	_ = json.Unmarshal(m.Content, &q) // what is of the wrong type stays as it is by default
	list := []any{}
	for _, e := range s.history.find(q) {
		if q.Output {
			var output any
			if e.Output != "" {
				output = e.Output
			}
			list = append(list, []any{e.Session, e.Line, []any{e.Input, output}})
		} else {
			list = append(list, []any{e.Session, e.Line, e.Input})
		}
	}
	return map[string]any{"status": "ok", "history": list}
}
