package wire

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Version is the version of the messages' format.
const Version = "5.4"

// Header names a message.
type Header struct {
	ID       string `json:"msg_id"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"` // ISO 8601
	Type     string `json:"msg_type"`
	Version  string `json:"version"`
}

// Message is one message. Parent, Metadata and Content are JSON objects; Parent is the header of the message that this one answers, {}
// for none.
type Message struct {
	To       [][]byte // the route: whom a ROUTER socket sends it to, or had it from; the topic on IOPub
	Header   Header
	Parent   json.RawMessage
	Metadata json.RawMessage
	Content  json.RawMessage
	Buffers  [][]byte

	header json.RawMessage // as it came
}

// Errors of Parse.
var (
	ErrMalformed = errors.New("malformed message")
	ErrSignature = errors.New("the message's signature is wrong")
)

var delimiter = []byte("<IDS|MSG>")

// New returns a message with a fresh id. A nil parent is none; content is encoded as JSON.
func New(session, kind string, parent *Message, content any) (*Message, error) {
	body, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("the content of a %s: %w", kind, err)
	}
	m := &Message{
		Header:   Header{newID(), session, "darkroom", time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"), kind, Version},
		Parent:   json.RawMessage("{}"),
		Metadata: json.RawMessage("{}"),
		Content:  body,
	}
	if parent != nil {
		m.Parent = parent.AsParent()
		m.To = parent.To
	}
	return m, nil
}

// AsParent is the message's header as the answers to it repeat it.
func (m *Message) AsParent() json.RawMessage {
	if m.header != nil {
		return m.header
	}
	b, err := json.Marshal(m.Header)
	if err != nil { // strings always encode
		panic(err)
	}
	return b
}

// ParentID is the id of the message that this one answers, "" for none.
func (m *Message) ParentID() string {
	var h Header
	_ = json.Unmarshal(m.Parent, &h) // Parse has checked that it is an object; one of another shape has no id
	return h.ID
}

// Frames lays the message out, signed with key; an empty key signs nothing.
func (m *Message) Frames(key []byte) [][]byte {
	parts := [][]byte{m.AsParent(), m.Parent, m.Metadata, m.Content}
	frames := append(slices.Clone(m.To), delimiter, sign(key, parts))
	return append(append(frames, parts...), m.Buffers...)
}

func sign(key []byte, parts [][]byte) []byte {
	if len(key) == 0 {
		return nil
	}
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return []byte(hex.EncodeToString(mac.Sum(nil)))
}

// Parse checks the signature of a message and reads it. The error is ErrSignature or ErrMalformed.
func Parse(frames [][]byte, key []byte) (*Message, error) {
	at := -1
	for i, f := range frames {
		if bytes.Equal(f, delimiter) {
			at = i
			break
		}
	}
	if at < 0 {
		return nil, fmt.Errorf("%w: no delimiter in %d frames", ErrMalformed, len(frames))
	}
	rest := frames[at+1:]
	if len(rest) < 5 {
		return nil, fmt.Errorf("%w: %d frames behind the delimiter, want at least 5", ErrMalformed, len(rest))
	}
	parts := rest[1:5]
	if len(key) > 0 && !hmac.Equal(sign(key, parts), rest[0]) {
		return nil, ErrSignature
	}
	for i, p := range parts {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(p, &object); err != nil || object == nil {
			return nil, fmt.Errorf("%w: its %s is no JSON object", ErrMalformed, [...]string{"header", "parent header", "metadata", "content"}[i])
		}
	}
	m := &Message{To: frames[:at], Parent: parts[1], Metadata: parts[2], Content: parts[3], Buffers: rest[5:], header: parts[0]}
	if err := json.Unmarshal(parts[0], &m.Header); err != nil {
		return nil, fmt.Errorf("%w: its header: %w", ErrMalformed, err)
	}
	if m.Header.ID == "" || m.Header.Type == "" {
		return nil, fmt.Errorf("%w: its header has no id or no type", ErrMalformed)
	}
	return m, nil
}

func newID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}
