package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"darkroom/lib/record"
)

// keptWarm is how many trained generators an engine keeps at hand.
const keptWarm = 2

// warm is a trained generator at hand.
type warm struct {
	key     string
	mu      sync.Mutex // over sampler, and while it draws
	sampler *sampler   // nil until it has been made
}

// warm is the place of a run's generator among those at hand; the one that has not been asked for the longest makes way.
func (e *Engine) warm(r *record.Run) (*warm, error) {
	st, err := os.Stat(filepath.Join(r.Dir, "weights.safetensors"))
	if err != nil {
		_, err := r.Weights() // which says what to do
		if err == nil {
			err = fmt.Errorf("the run %s is being written", r.Dir)
		}
		return nil, err
	}
	key := fmt.Sprintf("%s %s %d %d", r.Dir, r.Spec.Hash(), st.Size(), st.ModTime().UnixNano())
	e.mu.Lock()
	defer e.mu.Unlock()
	at := slices.IndexFunc(e.atHand, func(w *warm) bool { return w.key == key })
	w := &warm{key: key}
	if at >= 0 {
		w = e.atHand[at]
		e.atHand = slices.Delete(e.atHand, at, at+1)
	} else if len(e.atHand) == keptWarm {
		old := e.atHand[0]
		e.atHand = slices.Delete(e.atHand, 0, 1)
		go func() { // it may be drawing
			old.mu.Lock()
			defer old.mu.Unlock()
			old.sampler.close()
			old.sampler = nil
		}()
	}
	e.atHand = append(e.atHand, w)
	return w, nil
}
