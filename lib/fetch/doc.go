// Package fetch brings files that are pinned by SHA-256 onto this machine, once: from the package registries that pip,
// go, npm and apt are set up for, or from a public address. Everything that darkroom installs (the XLA plugin, oneDNN,
// datasets, weights) comes through File.Ensure. It knows nothing of what the files are for.
package fetch
