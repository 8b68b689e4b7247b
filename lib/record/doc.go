// Package record is the run directory on disk: the spec, the events, the checkpoints, the weights and the measured results of one
// run. The engine writes it, everybody reads it. Every file is written to a temporary name and renamed, or is
// a list of lines that carry their own checksum, so that a damaged file is told apart from a good one.
//
//	spec.json            the resolved spec; its hash is the run's identity
//	events.jsonl         scalars by step, reproducible byte for byte, one checksum a line
//	timing.jsonl         speed and time by step: about this machine, never reproducible
//	environment.jsonl    versions, processor and plugin, one line a session
//	checkpoints/N.safetensors   everything needed to go on after step N
//	weights.safetensors  what the finished run learnt
//	metrics-P.json       what was measured under evaluation protocol P
//
// It imports no GoMLX: tensors are names, types, shapes and bytes.
package record
