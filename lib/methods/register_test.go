package methods

import (
	"strings"
	"testing"

	"darkroom/lib/lab"
)

func TestRegister(t *testing.T) {
	defer func(before []Entry) { own.entries = before }(own.entries)
	mine := Entry{Name: "my-noise", Kinds: []lab.Kind{lab.Generate}, New: func() Method { return new(Noise) }}
	for _, c := range []struct {
		change func(e *Entry)
		says   string // empty if it is taken
	}{
		{func(*Entry) {}, ""},
		{func(*Entry) {}, "there is a method my-noise already"},
		{func(e *Entry) { e.Name = "dcgan" }, "there is a method dcgan already"},
		{func(e *Entry) { e.Name = "My GAN" }, `the name "My GAN" is none`},
		{func(e *Entry) { e.Name, e.Kinds = "idle", nil }, "method idle: its entry needs Kinds"},
		{func(e *Entry) { e.Name, e.New = "nothing", nil }, "method nothing: its entry needs Kinds"},
	} {
		e := mine
		c.change(&e)
		if err := Register(e); c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%q: %v, want %q", e.Name, err, c.says)
		}
	}
	if e, err := Lookup("my-noise"); err != nil || e.Name != "my-noise" || !e.Does(lab.Generate) {
		t.Errorf("%+v, %v", e, err)
	}
	if n := len(Catalogue()); n != len(shipped())+1 {
		t.Errorf("%d methods, %d of them shipped", n, len(shipped()))
	}
}
