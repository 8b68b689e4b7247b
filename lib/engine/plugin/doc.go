// Package plugin finds or installs the PJRT plugin, the shared library through which GoMLX reaches XLA. It knows nothing
// of graphs.
package plugin
