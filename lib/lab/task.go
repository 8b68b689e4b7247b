package lab

import (
	"fmt"
	"strings"
)

// Kind is what a task asks for.
type Kind string

// The four kinds of task, and Classify, with which darkroom trains the classifiers that look at generated samples.
const (
	Generate  Kind = "generate"  // noise, maybe a label -> image
	Restore   Kind = "restore"   // measurement y = A(x) + noise -> image
	Translate Kind = "translate" // domain A -> domain B
	Segment   Kind = "segment"   // image -> mask
	Classify  Kind = "classify"  // image -> label
)

// Kinds lists the kinds of task in the order in which they are shown.
var Kinds = []Kind{Generate, Restore, Translate, Segment, Classify}

// Task is a parsed task string: kind, degradation (restore only), dataset, and the side of a picture if one is asked for.
//
//	generate:mnist   restore:denoise25:naturals   generate:folder:/some/pictures@32
type Task struct {
	Kind     Kind
	Operator string // "denoise25", "inpaint50"; empty unless Kind is Restore
	Data     string // "mnist", "naturals", "folder:/some/pictures"
	Size     int    // pictures are cropped and resized to Size×Size; 0 leaves them as they are
}

// ParseTask reads a task string. It checks the form, not whether the dataset or the operator exists.
func ParseTask(s string) (Task, error) {
	fail := func(what string) (Task, error) {
		return Task{}, fmt.Errorf("task %q: %s; a task is written generate:mnist, restore:denoise25:naturals or generate:folder:/some/pictures", s, what)
	}
	kind, rest, ok := strings.Cut(s, ":")
	if !ok || rest == "" {
		return fail("it has no dataset")
	}
	t := Task{Kind: Kind(kind)}
	switch t.Kind {
	case Generate, Translate, Segment, Classify:
	case Restore:
		t.Operator, rest, ok = strings.Cut(rest, ":")
		if !ok || rest == "" || t.Operator == "" {
			return fail("restore needs a degradation and a dataset")
		}
		if strings.ContainsAny(t.Operator, "/\\ \t\n") || t.Operator == "folder" {
			return fail(fmt.Sprintf("%q is no degradation", t.Operator))
		}
	default:
		return fail(fmt.Sprintf("unknown kind %q%s", kind, Suggest(kind, []string{"generate", "restore", "translate", "segment", "classify"})))
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		size := 0
		if _, err := fmt.Sscanf(rest[i+1:], "%d", &size); err == nil && fmt.Sprint(size) == rest[i+1:] {
			if size < 1 || size > 4096 {
				return fail(fmt.Sprintf("size %d is out of range 1 to 4096", size))
			}
			t.Size, rest = size, rest[:i]
		}
	}
	if rest == "" || rest == "folder:" || rest == "folder" {
		return fail("it has no dataset")
	}
	if strings.ContainsAny(rest, "\n\x00") {
		return fail("the dataset's name has a line break")
	}
	t.Data = rest
	return t, nil
}

// String writes the task as ParseTask reads it.
func (t Task) String() string {
	s := string(t.Kind) + ":"
	if t.Kind == Restore {
		s += t.Operator + ":"
	}
	s += t.Data
	if t.Size > 0 {
		s += fmt.Sprintf("@%d", t.Size)
	}
	return s
}
