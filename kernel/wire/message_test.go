package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// sent reads testdata/execute.json, which jupyter_client 8.10.0 made:
//
//	s = Session(key=b"5ecret-key", session="abc", username="ann")
//	m = s.msg("execute_request", content={"code": 'x := "é"', "silent": False})
//	json.dumps([f.decode() for f in s.serialize(m, ident=[b"client"])])
func sent(t testing.TB) (frames [][]byte, key []byte) {
	t.Helper()
	b, err := os.ReadFile("testdata/execute.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Key    string
		Frames []string
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	for _, f := range v.Frames {
		frames = append(frames, []byte(f))
	}
	return frames, []byte(v.Key)
}

func TestParse(t *testing.T) {
	frames, key := sent(t)
	m, err := Parse(frames, key)
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Type != "execute_request" || m.Header.ID != "abc_1_0" || m.Header.Username != "ann" || string(m.To[0]) != "client" {
		t.Errorf("got %+v", m)
	}
	var content struct{ Code string }
	if err := json.Unmarshal(m.Content, &content); err != nil || content.Code != `x := "é"` {
		t.Errorf("content %q, %v", content.Code, err)
	}
	if again := m.Frames(key); !slices.EqualFunc(again, frames, bytes.Equal) {
		t.Errorf("laid out again it is\n%q, and was\n%q", again, frames)
	}
	a, err := New("s", "execute_reply", m, map[string]string{"status": "ok"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(a.Frames(key), key)
	if err != nil {
		t.Fatal(err)
	}
	if got.ParentID() != "abc_1_0" || !bytes.Equal(got.Parent, frames[3]) || got.Header.Session != "s" {
		t.Errorf("the answer is %+v", got)
	}
}

func TestParseRefuses(t *testing.T) {
	frames, key := sent(t)
	with := func(i int, text string) [][]byte {
		f := slices.Clone(frames)
		f[i] = []byte(text)
		return f
	}
	signed := func(i int, text string) [][]byte {
		f := with(i, text)
		f[2] = sign(key, f[3:7])
		return f
	}
	for name, c := range map[string]struct {
		frames [][]byte
		want   error
	}{
		"another content":        {with(6, `{"code": "os.Exit(1)"}`), ErrSignature},
		"no signature":           {with(2, ""), ErrSignature},
		"another signature":      {with(2, strings.Repeat("0", 64)), ErrSignature},
		"nothing":                {nil, ErrMalformed},
		"no delimiter":           {with(1, "<IDS>"), ErrMalformed},
		"too few frames":         {frames[:6], ErrMalformed},
		"no object":              {signed(6, `[1]`), ErrMalformed},
		"null":                   {signed(5, `null`), ErrMalformed},
		"no JSON":                {signed(6, `{`), ErrMalformed},
		"no id":                  {signed(3, `{"msg_type": "execute_request"}`), ErrMalformed},
		"an id that is a number": {signed(3, `{"msg_id": 1, "msg_type": "execute_request"}`), ErrMalformed},
	} {
		if _, err := Parse(c.frames, key); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	frames, key := sent(f)
	f.Add(bytes.Join(frames, []byte{0}), true)
	f.Add([]byte("a\x00<IDS|MSG>\x00\x00{}\x00{}\x00{}\x00{}"), false)
	f.Fuzz(func(t *testing.T, b []byte, checked bool) {
		k := key
		if !checked {
			k = nil
		}
		frames := bytes.Split(b, []byte{0})
		m, err := Parse(frames, k)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrSignature) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		_ = m.ParentID()
		if !checked {
			return
		}
		again, err := Parse(m.Frames(key), key)
		if err != nil || again.Header != m.Header {
			t.Fatalf("%+v became %+v, %v", m, again, err)
		}
	})
}
