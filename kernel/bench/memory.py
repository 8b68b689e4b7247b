"""Says how much memory a notebook's idle engine has with one trained DCGAN at hand, and how it grows over ten more trainings.

    DATA=~/.local/share/darkroom     # or $DARKROOM_HOME/data
    $DATA/jupyter/venv/bin/python kernel/bench/memory.py $DATA [TRAININGS]

Each training is short, has a seed of its own, is measured, and is drawn from, as a notebook does it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec

data = os.path.abspath(sys.argv[1])
trainings = int(sys.argv[2]) if len(sys.argv) > 2 else 10
spec = json.load(open(os.path.join(data, "jupyter/venv/share/jupyter/kernels/darkroom/kernel.json")))
session = f"memory-{os.getpid()}"


def resident():
    """The idle engine's resident memory, and its highest, in MB."""
    time.sleep(4)  # it rests after two seconds
    engines = subprocess.check_output([os.path.join(data, "bin", "darkroom"), "engine"], text=True)
    pid = re.search(session + r".*process (\d+)", engines)[1]
    status = open(f"/proc/{pid}/status").read()
    return [int(re.search(key + r":\s+(\d+) kB", status)[1]) / 1024 for key in ("VmRSS", "VmHWM")]


with tempfile.TemporaryDirectory() as folder:
    km = KernelManager()
    km._kernel_spec = KernelSpec(argv=spec["argv"], display_name="darkroom", language="go", interrupt_mode="message")
    km.start_kernel(env={**os.environ, **spec["env"], "DARKROOM_ENGINE": session, "DARKROOM_ENGINE_OWNER": str(os.getpid()), "DARKROOM_RUNS": folder})
    kc = km.client()
    kc.start_channels()
    kc.wait_for_ready(timeout=60)
    sizes = []
    for seed in range(trainings + 1):
        for code in (
            'import "darkroom/lib/lab"\n%%\nlab.Start(lab.Spec{Method: "dcgan", Task: "generate:mnist", Steps: 3, Seed: ' + str(seed) +
            ', Eval: lab.Eval{Samples: 200}, Name: "memory' + str(seed) + '"}).Wait()',
            'import "darkroom/plots"\n%%\nplots.Show(lab.Get("memory' + str(seed) + '").Samples(64))',
        ):
            reply = kc.execute_interactive(code, timeout=600, output_hook=lambda m: None)
            if reply["content"]["status"] != "ok":
                sys.exit(f"a cell failed: {reply['content']['evalue']}\n{code}")
        sizes.append(resident())
        print(f"after training {seed + 1}: {sizes[-1][0]:.0f} MB, at most {sizes[-1][1]:.0f} MB", flush=True)
    kc.stop_channels()
    km.shutdown_kernel(now=False)
    subprocess.run([os.path.join(data, "bin", "darkroom"), "engine", "--stop", session], check=True)
print(f"idle with one trained DCGAN: {sizes[0][0]:.0f} MB (target 400); after {trainings} more: {100 * (sizes[-1][0] / sizes[0][0] - 1):+.1f} % (target 5)")
