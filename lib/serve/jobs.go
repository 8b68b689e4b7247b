package serve

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"darkroom/lib/lab"
)

// Jobs is work that goes on when the client that asked for it has gone. One is given to Listen, which then does not end while work goes on.
type Jobs struct {
	mu     sync.Mutex // over what follows
	server *server
	ctx    context.Context
	list   []*Job
}

// Job is a piece of work, and what it has said so far.
type Job struct {
	Key string
	Of  *lab.Result // what it works on, before there is a result

	jobs    *Jobs
	cancel  context.CancelCauseFunc
	stopped bool          // under Jobs.mu
	over    chan struct{} // closed at the end

	mu    sync.Mutex // over what follows
	said  []lab.Reply
	more  chan struct{} // closed when there is more, or the end
	ended bool
	err   error
}

var errEnding = errors.New("the engine is ending")

func (s *Jobs) open(ctx context.Context, server *server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.server, s.ctx = server, ctx
}

// Start begins work, or joins that of the same key. What do tells is kept for those who follow the job.
func (s *Jobs) Start(key string, of *lab.Result, do func(ctx context.Context, tell func(lab.Reply)) error) (*Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for again := true; again; {
		again = false
		for _, j := range s.list {
			if j.Key != key {
				continue
			}
			if !j.stopped {
				return j, nil
			}
			s.mu.Unlock() // it is writing its last checkpoint
			<-j.over
			s.mu.Lock()
			again = true
			break
		}
	}
	if s.ctx.Err() != nil || !s.server.begin() {
		return nil, errEnding
	}
	ctx, cancel := context.WithCancelCause(s.ctx)
	j := &Job{Key: key, Of: of, jobs: s, cancel: cancel, over: make(chan struct{}), more: make(chan struct{})}
	s.list = append(s.list, j)
	s.server.calls.Go(func() {
		defer s.server.done()
		err := s.server.guarded("run", func() error { return do(ctx, func(p lab.Reply) { j.tell(p, false, nil) }) })
		cancel(nil)
		s.mu.Lock()
		defer s.mu.Unlock()
		for i, other := range s.list {
			if other == j {
				s.list = append(s.list[:i:i], s.list[i+1:]...)
			}
		}
		j.tell(lab.Reply{}, true, err)
		close(j.over)
	})
	return j, nil
}

// Find returns the jobs that go on and pass the test.
func (s *Jobs) Find(test func(*Job) bool) (out []*Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.list {
		if test(j) {
			out = append(out, j)
		}
	}
	return out
}

func (j *Job) tell(p lab.Reply, ended bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if ended {
		j.ended, j.err = true, err
	} else {
		j.said = append(j.said, p)
	}
	close(j.more)
	j.more = make(chan struct{})
}

// Stop tells the work to end soon, as an interrupt does.
func (j *Job) Stop() {
	j.jobs.mu.Lock()
	j.stopped = true
	j.jobs.mu.Unlock()
	j.cancel(errCancel)
}

// Follow hands on all that the job says, from its beginning to its end, and returns how it ended. When the client interrupts the call, whose
// ctx that is, the job is stopped; when the client has gone, or see returns an error, the job goes on.
func (j *Job) Follow(ctx context.Context, see func(lab.Reply) error) error {
	for at := 0; ; {
		j.mu.Lock()
		fresh, more, ended, err := j.said[at:], j.more, j.ended, j.err
		j.mu.Unlock()
		for _, p := range fresh {
			if err := see(p); err != nil {
				return fmt.Errorf("%w: %w", errGone, err)
			}
		}
		at += len(fresh)
		if len(fresh) == 0 && ended {
			return err
		}
		if len(fresh) > 0 {
			continue
		}
		done := ctx.Done()
		switch cause := context.Cause(ctx); {
		case errors.Is(cause, errGone):
			return errGone
		case errors.Is(cause, errCancel):
			j.Stop()
			done = nil // its last words are to come
		case cause != nil: // the engine ends, and the job with it
			done = nil
		}
		select {
		case <-more:
		case <-done:
		}
	}
}
