"""Asks a darkroom kernel what GoNB as it comes does not answer, or not in time; prints a line of JSON for the test."""

import json
import time

from jupyter_client import KernelManager

km = KernelManager(kernel_name="darkroom")
km.start_kernel()
kc = km.client()
kc.start_channels()
kc.wait_for_ready(timeout=60)


def reply(to):
    end = time.time() + 60
    while time.time() < end:
        msg = kc.get_shell_msg(timeout=60)
        if msg["parent_header"].get("msg_id") == to:
            return msg["content"]
    raise TimeoutError


out = {}
code = 'import "strings"\n%%\nstrings.Rep'
for _ in range(8):  # gopls may need longer than GoNB waits for it, on a busy machine
    out["completions"] = reply(kc.complete(code, len(code)))["matches"]
    if out["completions"]:
        break
out["history"] = reply(kc.history())["status"]
out["is_complete"] = reply(kc.is_complete("%%"))["status"]
asked = [kc.execute(c) for c in ("%%\ntime.Sleep(time.Second); panic(1)", "%%\nfmt.Println(2)", "%%\nfmt.Println(3)")]
out["statuses"] = [reply(a)["status"] for a in asked]
out["afterwards"] = reply(kc.execute("%%\nfmt.Println(4)"))["status"]
kc.stop_channels()
km.shutdown_kernel()
print(json.dumps(out))
