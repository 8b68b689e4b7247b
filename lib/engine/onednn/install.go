package onednn

import "darkroom/lib/fetch"

// Library is the file that is loaded: oneDNN 3.2 for CPUs, with the C interface, from its makers' wheel.
var Library = fetch.File{
	Name:   "onednn/libdnnl-3.2.so",
	SHA256: "e6376208cf6bacb041c346b504207e3aa1189a13f941c92a4383a55ac27058ae",
	From: []fetch.Origin{fetch.Wheel{
		Package: "onednn-cpu-gomp",
		Version: "2023.2.0",
		Member:  "onednn_cpu_gomp-2023.2.0.data/data/lib/libdnnl.so.3.2",
	}},
}
