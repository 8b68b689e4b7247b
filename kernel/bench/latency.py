"""Times notebook cells and completion in the darkroom kernel beside plain GoNB and IPython, interleaved, and the opening of JupyterLab;
prints medians in seconds.

    DATA=~/.local/share/darkroom     # or $DARKROOM_HOME/data
    GOMLX_BACKEND=xla:/abs/libpjrt_cpu.so $DATA/jupyter/venv/bin/python kernel/bench/latency.py $DATA [REPEATS]

The cell "draw" shows 64 samples of a DCGAN, which is trained for a few steps first, in a folder of runs of its own.

Plain GoNB is the same pinned binary with goimports on its PATH and nothing else of darkroom's; it completes if the PATH has a gopls. Its first
cell fetches GoMLX from the module proxy (not timed). Each kind of cell has a kernel of its own, because GoNB keeps a blank import (XLA's) for
every later cell. Each timed cell differs from the last by a comment, so that nothing is up to date.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec

data = os.path.abspath(sys.argv[1])
repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 7

HELLO = 'import "fmt"\n%%\nfmt.Println("hello")'
BENCH = """import (
	"fmt"
	"darkroom/lib/lab"
	"darkroom/plots"
)
%%
task, err := lab.ParseTask("generate:mnist")
fmt.Println(task, err, plots.Spark([]float64{3, 1, 2}, 3))"""
GOMLX = """import (
	"fmt"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	_ "github.com/gomlx/go-xla/compute/xla"
)
%%
fmt.Println(graph.MustExecOnce(compute.MustNew(), func(x *graph.Node) *graph.Node { return graph.Add(x, x) }, float32(21)))"""


TRAIN = """import "darkroom/lib/lab"
%%
lab.Start(lab.Spec{Method: "dcgan", Task: "generate:mnist", Steps: 3, Name: "latency", Eval: lab.Eval{Samples: 200}}).Wait()"""
DRAW = """import (
	"darkroom/lib/lab"
	"darkroom/plots"
)
%%
plots.Show(lab.Get("latency").Samples(64))"""


class Kernel:
    def __init__(self, name, argv, env):
        self.name = name
        self.km = KernelManager()
        self.km._kernel_spec = KernelSpec(argv=argv, display_name=name, language="go", interrupt_mode="message")
        began = time.perf_counter()
        self.km.start_kernel(env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.kc = self.km.client()
        self.kc.start_channels()
        self.kc.wait_for_ready(timeout=120)
        self.start = time.perf_counter() - began

    def run(self, code, timeout=300):
        out = []

        def hook(msg):
            c = msg["content"]
            if msg["msg_type"] == "stream":
                out.append(c["text"])
            elif msg["msg_type"] == "error":
                out.append("ERROR " + c["evalue"])
            elif msg["msg_type"] in ("display_data", "execute_result"):
                out.append(str(c["data"]))

        began = time.perf_counter()
        reply = self.kc.execute_interactive(code, output_hook=hook, timeout=timeout)
        took = time.perf_counter() - began
        if reply["content"]["status"] != "ok":
            sys.exit(f"{self.name}: a cell failed:\n{code}\n{''.join(out)}")
        return took, "".join(out)

    def complete(self, code):
        """How long the answer to the Tab key behind code takes, and how many ways to go on it has."""
        began = time.perf_counter()
        asked = self.kc.complete(code)
        while True:
            reply = self.kc.get_shell_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == asked:
                return time.perf_counter() - began, len(reply["content"]["matches"])

    def stop(self):
        self.kc.stop_channels()
        self.km.shutdown_kernel(now=False)


def opening(env):
    """How long `darkroom lab` takes, with everything installed, until JupyterLab answers."""
    began = time.perf_counter()
    lab = subprocess.Popen([os.path.join(data, "bin", "darkroom"), "lab", "--no-browser"], stderr=subprocess.PIPE, text=True, env={**os.environ, **env})
    said = ""
    while "http://127.0.0.1" not in said:
        line = lab.stderr.readline()
        said += line
        if not line:
            sys.exit(f"JupyterLab did not open:\n{said}")
    took = time.perf_counter() - began
    lab.terminate()
    lab.communicate()
    return took


def main():
    tools = os.path.join(data, "kernel", "tools")
    spec = json.load(open(os.path.join(data, "jupyter/venv/share/jupyter/kernels/darkroom/kernel.json")))
    opened = [opening(spec["env"]) for _ in range(3)]
    plain_env = {"PATH": tools + os.pathsep + os.environ["PATH"], "GOFLAGS": "", "DARKROOM_HOME": ""}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        def plain():
            return Kernel("plain GoNB", [os.path.join(tools, "gonb"), "-kernel", "{connection_file}"], plain_env)

        def ours():
            return Kernel("darkroom", spec["argv"], {**spec.get("env", {}), "DARKROOM_RUNS": os.path.join(folder, "runs"), "DARKROOM_ENGINE_OWNER": str(os.getpid())})

        def ipython():
            return Kernel("IPython", [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], {})

        cells = [
            ("hello, IPython", ipython(), 'print("hello")', "hello"),
            ("hello, plain", plain(), HELLO, "hello"), ("hello, darkroom", ours(), HELLO, "hello"),
            ("bench, darkroom", ours(), BENCH, "generate:mnist"),
            ("draw, darkroom", ours(), DRAW, "64 images of"),
            ("gomlx, plain", plain(), GOMLX, "42"), ("gomlx, darkroom", ours(), GOMLX, "42"),
        ]
        kernels = {name: kernel for name, kernel, _, _ in cells}
        kernels["draw, darkroom"].run(TRAIN)
        kernels["gomlx, plain"].run(
            "!*go get github.com/gomlx/gomlx@v0.28.2 github.com/gomlx/compute@v0.1.4 github.com/gomlx/go-xla@v0.4.1")
        completions = []
        for make, code in ((plain, '%%\nstrings.Rep'), (ours, '%%\nstrings.Rep'), (ours, 'lab.Spec{Me'), (ipython, "import os\nos.get")):
            kernel = make()
            took = [kernel.complete(code) for _ in range(repeats + 1)]
            completions.append((kernel.name, code.split("\n")[-1], took))
            kernel.stop()
        times = {name: [] for name, _, _, _ in cells}
        for i in range(repeats + 1):
            for name, kernel, code, want in cells:
                took, out = kernel.run(f"{code}\n# {i}" if kernel.name == "IPython" else f"{code}\n// {i}")
                if want not in out:
                    sys.exit(f"{name}: printed {out!r}")
                times[name].append(took)
        starts = {name: kernel.start for name, kernel, _, _ in cells}
        for _, kernel, _, _ in cells:
            kernel.stop()
    first = {name: v.pop(0) for name, v in times.items()}  # the first round warms all of them
    median = {k: statistics.median(v) for k, v in times.items()}
    for name, v in times.items():
        print(f"{name:18} start {starts[name]:.2f}  first {first[name]:.2f}  median {median[name]:.3f}  min {min(v):.3f}  max {max(v):.3f}  n {len(v)}")
    for name, code, took in completions:
        print(f"{code} in {name:10} first {took[0][0]:.3f}  median {statistics.median(t for t, _ in took[1:]):.3f}  ways {took[0][1]}, {took[-1][1]}")
    print(f"JupyterLab opens in {statistics.median(opened):.2f} s (first {opened[0]:.2f}; target 5)")
    print(f"gomlx cell, darkroom / plain: {median['gomlx, darkroom'] / median['gomlx, plain']:.2f} (target 0.45)")
    print(f"bench cell above plain hello: {median['bench, darkroom'] - median['hello, plain']:.3f} s (target 0.35)")


main()
