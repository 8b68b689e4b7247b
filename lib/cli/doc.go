// Package cli is the darkroom command: it reads arguments, asks the lab, and prints. What it does lives elsewhere.
package cli
