package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"

	"darkroom/lib/lab"
)

// encodeEvent writes one line: the event as JSON with its own checksum as the last member.
func encodeEvent(e lab.Event) ([]byte, error) {
	for name, v := range e.Values { // JSON has no NaN; the engine reports it by name and step
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("event at step %d: %s is %v", e.Step, name, v)
		}
	}
	b, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(b[:len(b)-1], `,"crc":"%08x"}`+"\n", crc32.ChecksumIEEE(b)), nil
}

// decodeEvent reads a line of encodeEvent without its line feed.
func decodeEvent(line []byte) (lab.Event, error) {
	var e lab.Event
	i := bytes.LastIndex(line, []byte(`,"crc":"`))
	if i < 0 || len(line) != i+len(`,"crc":"01234567"}`) {
		return e, errors.New("no checksum")
	}
	body := append(bytes.Clone(line[:i]), '}')
	if want := fmt.Sprintf("%08x", crc32.ChecksumIEEE(body)); want != string(line[i+8:i+16]) {
		return e, errors.New("its checksum does not match")
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return e, err
	}
	return e, nil
}

// readEvents reads the lines of an events file up to the first that is not good; good is the number of bytes before it. The
// error is nil when all are good, and wraps ErrDamaged otherwise.
func readEvents(path string) (events []lab.Event, good int64, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = f.Close() }()
	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, rerr := r.ReadBytes('\n')
		if errors.Is(rerr, io.EOF) && len(line) == 0 {
			return events, good, nil
		}
		if rerr != nil && !errors.Is(rerr, io.EOF) {
			return events, good, rerr
		}
		e, derr := decodeEvent(bytes.TrimSuffix(line, []byte("\n")))
		if derr == nil && rerr != nil {
			derr = errors.New("the line is cut short")
		}
		if derr != nil {
			return events, good, fmt.Errorf("%s, line %d: %w: %w", path, n, ErrDamaged, derr)
		}
		events = append(events, e)
		good += int64(len(line))
	}
}
