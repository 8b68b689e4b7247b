// Package health says in plain words what is going wrong in a training, from its events and measures. Each check is a function from what is known of
// a run to a verdict or nothing; they are silent on a healthy run, and on one too short to tell. It knows scalars by their names, and no method.
package health
