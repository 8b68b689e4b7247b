"""Asks a darkroom kernel what the protocol's own tests do not ask; prints a line of JSON for session_test.go."""

import json
import os
import signal
import tempfile
import time

from client import interrupted, kc, km, processes, reply, run, until


def failed(code):
    r, out = run(code)
    kinds = [kind for kind, _ in out if kind not in ("status", "execute_input")]
    return {"name": r.get("ename"), "value": r.get("evalue"), "trace": "\n".join(r.get("traceback", [])), "kinds": kinds}


out = {}
began = time.time()
out["completions"] = reply(kc.complete('import "strings"\n%%\nstrings.Rep'))["matches"]
out["first_completion"] = time.time() - began
asked = [kc.execute(c) for c in ("%%\ntime.Sleep(time.Second); panic(1)", "%%\nfmt.Println(2)", "%%\nfmt.Println(3)")]
out["statuses"] = [reply(a)["status"] for a in asked]
out["afterwards"] = run("%%\nfmt.Println(4)")[0]["status"]

out["not_compiled"] = failed('func good() int { return 1 }\n\nx := good()\n\tfmt.Println(x, missing)')
out["panicked"] = failed('func thrower(n int) {\n\tif n == 0 {\n\t\tpanic("boom")\n\t}\n\tthrower(n - 1)\n}\n\nthrower(1)')
out["in_earlier_cell"] = failed("// its declaration is kept\nthrower(0)")
out["exited"] = failed("os.Exit(3)")
out["not_go"] = failed("x := 1\ny := )")
out["lost"] = [failed("kept := 5"), failed("fmt.Println(kept)")][1]

began = time.time()
sleeping = kc.execute("time.Sleep(2 * time.Second)")
time.sleep(0.8)
began = time.time()
reply(kc.complete("strings.Rep"))
out["completion_beside_a_cell"] = time.time() - began
reply(sleeping)

out["interrupted"] = interrupted("time.Sleep(time.Hour)", lambda: time.sleep(1.5))

def compiling():
    """Waits until the kernel's go command runs."""
    for _ in range(500):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                cmd = open(f"/proc/{pid}/cmdline").read().split("\0")
                if cmd[0].endswith("go") and cmd[1:2] == ["build"] and "gonb_" in os.readlink(f"/proc/{pid}/cwd"):
                    return
            except (OSError, IndexError):
                pass
        time.sleep(0.005)
    raise TimeoutError


out["compiling"] = interrupted(
    'import "github.com/gomlx/gomlx/core/graph"\nimport _ "github.com/gomlx/go-xla/compute/xla"\nvar _ *graph.Node\ntime.Sleep(time.Hour)', compiling)

asked = kc.execute('import ("bufio"; "os")\n%with_inputs\n!read line; echo got $line', allow_stdin=True)
kc.get_stdin_msg(timeout=30)
kc.input("words")
out["stdin"] = reply(asked)["status"]
asked = kc.execute('line := ""\ngonbui.RequestInput("line? ", false)\nfmt.Scanln(&line)\nif line != "words" {\n\tpanic(line)\n}', allow_stdin=True)
out["prompt"] = kc.get_stdin_msg(timeout=30)["content"]["prompt"]
kc.input("words")
out["scanned"] = reply(asked)["status"]

r, published = run("fmt.Println(\"quiet\")", silent=True)
out["silent"] = [kind for kind, _ in published]

# the same cell from another client, as after a page was reloaded, while it runs
with tempfile.TemporaryDirectory() as folder:
    count = os.path.join(folder, "count")
    code = (f'f, _ := os.OpenFile("{count}", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)\nf.WriteString("x")\nf.Close()\n'
            'gonbui.UpdateHTML("panel", "one")\nfmt.Println("begun")\ngonbui.UpdateHTML("panel", "two")\ntime.Sleep(3 * time.Second)\n'
            'gonbui.UpdateHTML("panel", "three")\nfmt.Println("ended")')
    asked = kc.execute('import "github.com/janpfeifer/gonb/gonbui"\n%%\n' + code)
    while not os.path.exists(count):
        time.sleep(0.02)
    time.sleep(0.5)
    other = km.client()
    other.session.session = "another"
    other.start_channels()
    other.wait_for_ready(timeout=60)  # until then it may miss what is published
    seen = []
    r = other.execute_interactive('import "github.com/janpfeifer/gonb/gonbui"\n%%\n' + code, timeout=60, output_hook=lambda m: seen.append((m["msg_type"], m["content"])))
    out["joined"] = {
        "status": [r["content"]["status"], reply(asked)["status"]], "ran": len(open(count).read()),
        "text": "".join(c["text"] for kind, c in seen if kind == "stream"),
        "panel": [kind + " " + c["data"]["text/html"] for kind, c in seen if kind.endswith("display_data")],
    }
    other.stop_channels()

# GoNB is killed under a cell
kernel = km.provisioner.pid
asked = kc.execute("time.Sleep(time.Hour)")
time.sleep(1.5)
for pid, (parent, _, command) in processes().items():
    if parent == kernel and "gonb" in command:
        os.kill(pid, signal.SIGKILL)
out["gonb_killed"] = reply(asked).get("ename")
out["after_gonb"] = run("1 + 1")[0]["status"]


def group():
    """The processes of the kernel's group."""
    return [pid for pid, (_, pgrp, _) in processes().items() if pgrp == kernel]


busy = kc.execute("time.Sleep(time.Hour)")
time.sleep(1.5)
out["processes"] = len(group())
os.kill(kernel, signal.SIGKILL)
until(lambda: not group())
out["left"] = len(group())
kc.stop_channels()
km.shutdown_kernel(now=True)
print(json.dumps(out))
