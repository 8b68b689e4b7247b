package kernel

import (
	"encoding/json"

	"darkroom/kernel/wire"
)

// A client that is asked to run a cell which still runs for another one, as when a page was reloaded in the middle, joins it: it is shown all
// that the cell has shown so far and what is to come, and gets the same answer. The cell runs once.

// viewer is a request that has joined the one that runs.
type viewer struct {
	m      *wire.Message
	q      executeRequest
	number int // as in In [3]
}

// mostShown is how many bytes of what a cell shows are kept for those who join.
const mostShown = 64 << 20

// join reports whether a request has joined the cell that runs.
func (s *session) join(m *wire.Message) bool {
	q := executeRequestOf(m)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil || q.Silent || m.Header.Session == s.running.Header.Session || q.Code != executeRequestOf(s.running).Code {
		return false
	}
	if q.StoreHistory {
		s.count++
	}
	v := viewer{m, q, s.count}
	s.status(m, "busy")
	_ = s.server.Publish(m, "execute_input", map[string]any{"code": q.Code, "execution_count": v.number})
	for _, shown := range s.shown {
		s.forward(shown, m)
	}
	s.joined = append(s.joined, v)
	return true
}

// tell publishes a message of the running cell's in answer to all who have asked for it.
func (s *session) tell(m *wire.Message) {
	s.follow(m)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remember(m)
	s.forward(m, s.running)
	for _, v := range s.joined {
		s.forward(m, v.m)
	}
}

// forward publishes a message from this side, in answer to parent.
func (s *session) forward(m, parent *wire.Message) {
	if made, err := s.server.Remake(m, parent); err == nil {
		_ = s.server.Forward(made)
	}
}

// remember keeps a message for those who join. What replaces something takes its place. Whoever calls it holds mu.
func (s *session) remember(m *wire.Message) {
	switch m.Header.Type {
	case "clear_output":
		s.shown, s.size = nil, 0
		return
	case "stream", "display_data":
	case "update_display_data":
		for i, shown := range s.shown {
			if id := displayID(m); id != "" && displayID(shown) == id {
				now := *m
				now.Header.Type = shown.Header.Type
				s.size += len(m.Content) - len(shown.Content)
				s.shown[i] = &now
				return
			}
		}
	default:
		return // of a widget, which asks for its state by itself
	}
	if s.size += len(m.Content); s.size <= mostShown {
		s.shown = append(s.shown, m)
	}
}

// displayID names what a later message may replace.
func displayID(m *wire.Message) string {
	if m.Header.Type == "stream" {
		return ""
	}
	var c struct {
		Transient struct {
			ID string `json:"display_id"`
		} `json:"transient"`
	}
	_ = json.Unmarshal(m.Content, &c) // of another shape it has none
	return c.Transient.ID
}
