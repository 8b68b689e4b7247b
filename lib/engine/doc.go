// Package engine carries out specs: it opens the XLA backend, trains, resumes, measures and samples. It is the one place that turns a
// panic from graph building into an error, and the one that writes run directories. It implements lab.Lab.
package engine
