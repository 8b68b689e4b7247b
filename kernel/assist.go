package kernel

import (
	"encoding/json"

	"darkroom/kernel/wire"
)

// cursor is a complete_request or an inspect_request. The position counts characters.
type cursor struct {
	Code     string `json:"code"`
	Position int    `json:"cursor_pos"`
	Detail   int    `json:"detail_level"`
}

func cursorOf(m *wire.Message) cursor {
	c := cursor{Position: -1}
	_ = json.Unmarshal(m.Content, &c) // without code there is nothing to find
	if n := len([]rune(c.Code)); c.Position < 0 || c.Position > n {
		c.Position = n
	}
	return c
}

func (s *session) complete(m *wire.Message) any {
	q := cursorOf(m)
	from, found := s.state.Complete(q.Code, q.Position)
	matches, kinds := []string{}, []any{}
	for _, f := range found {
		matches = append(matches, f.Text)
		kinds = append(kinds, map[string]any{"start": from, "end": q.Position, "text": f.Text, "type": f.Kind, "signature": f.Signature})
	}
	return map[string]any{
		"status": "ok", "matches": matches, "cursor_start": from, "cursor_end": q.Position,
		"metadata": map[string]any{"_jupyter_types_experimental": kinds},
	}
}

func (s *session) inspect(m *wire.Message) any {
	q := cursorOf(m)
	doc, ok := s.state.Inspect(q.Code, q.Position)
	data := map[string]string{}
	if ok {
		data = doc.Data()
	}
	return map[string]any{"status": "ok", "found": ok, "data": data, "metadata": map[string]any{}}
}

// help is the page for "name?", or for "?" alone.
func (s *session) help(name string) map[string]string {
	if name == "" {
		return map[string]string{"text/plain": commands}
	}
	if doc, ok := s.state.Inspect(name, len([]rune(name))); ok {
		return doc.Data()
	}
	return map[string]string{"text/plain": "Nothing is known of " + name + "."}
}
