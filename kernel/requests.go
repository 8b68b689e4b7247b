package kernel

import (
	"encoding/json"
	"runtime"

	"darkroom/kernel/cell"
	"darkroom/kernel/wire"
)

// request is a kind of message that is answered at once. A nil answer is none.
type request struct {
	kind   string // of the answer
	answer func(s *session, m *wire.Message) any
}

// requests are the messages of https://jupyter-client.readthedocs.io/en/latest/messaging.html that this kernel answers, apart from
// execute_request (run.go) and input_reply.
var requests map[string]request

func init() { // the functions mention handle, which mentions the map
	requests = map[string]request{
		"kernel_info_request": {"kernel_info_reply", (*session).kernelInfo},
		"is_complete_request": {"is_complete_reply", (*session).isComplete},
		"complete_request":    {"complete_reply", (*session).complete},
		"inspect_request":     {"inspect_reply", (*session).inspect},
		"history_request":     {"history_reply", (*session).historyRequest},
		"comm_info_request":   {"comm_info_reply", (*session).commInfo},
		"comm_open":           {"", (*session).commMessage},
		"comm_msg":            {"", (*session).commMessage},
		"comm_close":          {"", (*session).commMessage},
		"interrupt_request":   {"interrupt_reply", func(s *session, _ *wire.Message) any { s.interrupt(); return ok }},
		"shutdown_request":    {"shutdown_reply", (*session).shutdown},
		"debug_request":       {"debug_reply", func(*session, *wire.Message) any { return failure("NotSupported", "this kernel has no debugger") }},
	}
}

var ok = map[string]string{"status": "ok"}

func failure(name, value string) map[string]any {
	return map[string]any{"status": "error", "ename": name, "evalue": value, "traceback": []string{name + ": " + value}}
}

func (s *session) kernelInfo(*wire.Message) any {
	return map[string]any{
		"status":                 "ok",
		"protocol_version":       wire.Version,
		"implementation":         "darkroom",
		"implementation_version": gonbVersion,
		"banner":                 "Go (darkroom): cells are Go, compiled by GoNB " + gonbVersion + ". Declarations persist from cell to cell, values do not. ? is help.",
		"debugger":               false,
		"supported_features":     []string{},
		"help_links":             []any{map[string]string{"text": "Go", "url": "https://go.dev/doc/"}},
		"language_info": map[string]any{
			"name": "go", "version": runtime.Version(), "mimetype": "text/x-go", "file_extension": ".go",
			"pygments_lexer": "go", "codemirror_mode": "go", "nbconvert_exporter": "",
		},
	}
}

func (s *session) isComplete(m *wire.Message) any {
	var q struct{ Code string }
	_ = json.Unmarshal(m.Content, &q) // without code it is complete
	status, indent := cell.Parse(q.Code).Complete()
	if status == "incomplete" {
		return map[string]string{"status": status, "indent": indent}
	}
	return map[string]string{"status": status}
}

func (s *session) commInfo(m *wire.Message) any {
	var q struct {
		Target string `json:"target_name"`
	}
	_ = json.Unmarshal(m.Content, &q) // without a target all are meant
	s.mu.Lock()
	defer s.mu.Unlock()
	comms := map[string]any{}
	for id, target := range s.comms {
		if q.Target == "" || q.Target == target {
			comms[id] = map[string]string{"target_name": target}
		}
	}
	return map[string]any{"status": "ok", "comms": comms}
}

// commMessage passes a message between a widget and its cell on to GoNB.
func (s *session) commMessage(m *wire.Message) any {
	s.follow(m)
	s.mu.Lock()
	g := s.gonb
	s.mu.Unlock()
	select {
	case <-g.ready:
		if !g.ended() {
			on := *m
			on.To = nil
			_ = g.client.Send(wire.Shell, &on)
		}
	default: // no cell has run yet, so no cell waits for it
	}
	return nil
}

func (s *session) shutdown(m *wire.Message) any {
	var q struct{ Restart bool }
	_ = json.Unmarshal(m.Content, &q) // without it, it is no restart
	return map[string]any{"status": "ok", "restart": q.Restart}
}

// executeRequest is what an execute_request asks for.
type executeRequest struct {
	Code            string            `json:"code"`
	Silent          bool              `json:"silent"`
	StoreHistory    bool              `json:"store_history"`
	AllowStdin      bool              `json:"allow_stdin"`
	StopOnError     bool              `json:"stop_on_error"`
	UserExpressions map[string]string `json:"user_expressions"`
}

func executeRequestOf(m *wire.Message) executeRequest {
	q := executeRequest{StoreHistory: true, AllowStdin: true, StopOnError: true}
	_ = json.Unmarshal(m.Content, &q) // what is of the wrong type stays as it is by default
	q.StoreHistory = q.StoreHistory && !q.Silent
	return q
}
