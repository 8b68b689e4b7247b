"""A darkroom kernel and a client of it, for the scripts beside this one."""

import os
import time

from jupyter_client import KernelManager

km = KernelManager(kernel_name="darkroom")
km.start_kernel()
kc = km.client()
kc.start_channels()
kc.wait_for_ready(timeout=60)


def reply(to, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        msg = kc.get_shell_msg(timeout=seconds)
        if msg["parent_header"].get("msg_id") == to:
            return msg["content"]
    raise TimeoutError


def published(asked, seconds=60):
    """What a cell has published: a list of (type, content)."""
    out = []
    while True:
        msg = kc.get_iopub_msg(timeout=seconds)
        if msg["parent_header"].get("msg_id") != asked:
            continue
        if msg["msg_type"] == "status" and msg["content"]["execution_state"] == "idle":
            return out
        out.append((msg["msg_type"], msg["content"]))


def run(code, **options):
    """The reply to a cell, and what it published."""
    asked = kc.execute(code, **options)
    out = published(asked)
    return reply(asked), out


def interrupted(code, after):
    asked = kc.execute(code)
    behind = kc.execute('fmt.Println("behind")')
    after()
    began = time.time()
    km.interrupt_kernel()
    r = reply(asked)
    return {"name": r.get("ename"), "seconds": time.time() - began, "behind": reply(behind)["status"]}


def processes():
    """Those that live: their ids, each with its parent, its process group and its command."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
            if stat[0] != "Z":
                found[int(pid)] = int(stat[1]), int(stat[2]), open(f"/proc/{pid}/cmdline").read().replace("\0", " ")
        except OSError:
            pass  # it has ended
    return found


def until(done, seconds=10):
    """Waits until something is so, and returns whether it is."""
    end = time.time() + seconds
    while time.time() < end:
        if done():
            return True
        time.sleep(0.05)
    return False
