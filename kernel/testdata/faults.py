"""Does to a darkroom kernel what it must bear; prints a line of JSON for faults_test.go. The argument is how many megabytes a cell prints."""

import glob
import json
import os
import signal
import sys
import tempfile
import time

from client import interrupted, kc, km, processes, published, reply, run, until

megabytes = int(sys.argv[1])
token = str(os.getpid())  # of the processes that cells leave


def left():
    return [c for pid, (_, _, c) in processes().items() if token in c and pid != os.getpid()]


def folders():
    return glob.glob(os.path.join(tempfile.gettempdir(), f"darkroom-kernel-{km.provisioner.pid}-*"))


def peak(pid):
    """The most memory that a process has had, in MB."""
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmHWM:")) / 1024


out = {}

# Processes in the background: one of the cell's group, and one that has left it, bears SIGTERM, and has a child.
fork = (f"sleep 1000.{token} >/dev/null 2>&1 & "
        f"setsid sh -c 'trap \"\" TERM; sleep 1000.{token}; sleep 1000.{token}' >/dev/null 2>&1 &")
fork = f'import "os/exec"\n%%\nif err := exec.Command("sh", "-c", {json.dumps(fork)}).Run(); err != nil {{ panic(err) }}'
out["forked"] = run(fork)[0]["status"]
time.sleep(0.5)
out["background"] = len(left())

# A process that holds the cell's output: nobody would see the end of it.
began = time.time()
r, said = run('import ("os"; "os/exec")\n%%\n'
              f'c := exec.Command("sh", "-c", "echo from a child; sleep 2000.{token}")\nc.Stdout = os.Stdout\nc.Start()\ntime.Sleep(100 * time.Millisecond)')
out["held"] = {"status": r["status"], "seconds": time.time() - began, "text": "".join(c["text"] for kind, c in said if kind == "stream"),
               "left": sum("2000." in c for c in left())}

out["deaf"] = interrupted("import (\"os\"; \"os/signal\")\n%%\nsignal.Ignore(os.Interrupt)\nfor {\n}", lambda: time.sleep(1.5))

began = time.time()
asked = kc.execute('import ("bufio"; "os")\n%%\nw := bufio.NewWriter(os.Stdout)\nline := strings.Repeat("a line like many, ", 5) + "\\n"\n'
                   f"for n := 0; n < {megabytes} << 20; n += len(line) {{ w.WriteString(line) }}\n"
                   'fmt.Fprintln(w, "the last line")\nw.Flush()')
slowest = 0.0
for _ in range(4):
    time.sleep(0.2)
    before = time.time()
    reply(kc.complete("strings.Rep"))
    slowest = max(slowest, time.time() - before)
texts = [c["text"] for kind, c in published(asked, 300) if kind == "stream"]
gonb = [pid for pid, (parent, _, c) in processes().items() if parent == km.provisioner.pid and "gonb" in c]
out["flood"] = {"seconds": time.time() - began, "shown": sum(map(len, texts)), "end": "".join(texts)[-30:], "says": [t for t in texts if "…" in t][0][-70:],
                "left_out": [t for t in texts if "left out" in t], "slowest_completion": slowest, "kernel": peak(km.provisioner.pid), "gonb": peak(gonb[0])}

# The kernel is killed, and Jupyter starts another.
out["before_kill"] = len(left())
old = folders()
os.kill(km.provisioner.pid, signal.SIGKILL)
km.restart_kernel(now=True)
kc.wait_for_ready(timeout=60)
out["killed"] = {"left": len(left()), "folders": sum(map(os.path.exists, old)), "then": run("1 + 1")[0]["status"]}

# It is shut down as Jupyter does it.
run(fork)
time.sleep(0.5)
old = folders()
out["before_shutdown"] = len(left())
began = time.time()
km.shutdown_kernel()
kc.stop_channels()
out["shut"] = {"left": len(left()), "folders": sum(map(os.path.exists, old)), "seconds": time.time() - began}
print(json.dumps(out))
