"""Executes a notebook and saves it with its outputs, whatever happens.

Reads a job as JSON on stdin: {"notebook", "output", "kernel", "folder", "timeout"}; says on stdout, one JSON object a line, which
cell runs and how it ended. Run by kernel.Execute in darkroom's own Python environment.
"""

import json
import re
import signal
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def say(**what):
    print(json.dumps(what), flush=True)


def plain(text):
    return ANSI.sub("", text).strip()


def cause(cell):
    """The text of a failed cell: what its program wrote to stderr last, and its error with the lines that it points to."""
    errors, stderr = [], []
    for out in cell.get("outputs", []):
        if out.output_type == "error":
            errors.append(plain("\n".join(out.traceback)) or plain(out.evalue))
        elif out.output_type == "stream" and out.name == "stderr":
            stderr += plain(out.text).splitlines()
    return "\n".join(stderr[-20:] + errors)


def interrupted(*_):
    raise KeyboardInterrupt


def main():
    job = json.load(sys.stdin)
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGINT, interrupted)
    nb = nbformat.read(job["notebook"], as_version=4)
    code = [c for c in nb.cells if c.cell_type == "code"]
    for c in code:
        c.outputs, c.execution_count = [], None
    numbers = {c.id: i + 1 for i, c in enumerate(code) if "id" in c}
    running = [None]

    def start(cell, cell_index):
        running[0] = cell
        if cell.cell_type == "code":
            say(cell=numbers.get(cell.get("id"), cell_index + 1), of=len(code))

    client = NotebookClient(
        nb,
        timeout=job["timeout"],
        startup_timeout=120,
        coalesce_streams=True,  # however the pieces came, so that two runs have the same outputs
        kernel_name=job["kernel"],
        resources={"metadata": {"path": job["folder"]}},
        on_cell_start=start,
    )
    ended = {"ok": True}
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as e:
        cell = running[0]
        text = cause(cell) if cell is not None else ""
        if isinstance(e, CellTimeoutError):
            text = f"it ran longer than {job['timeout']} s"
        elif isinstance(e, DeadKernelError):
            text = (text + "\nthe kernel died").strip()
        number = numbers.get(cell.get("id"), 0) if cell is not None else 0
        ended = {"ok": False, "number": number, "error": text or plain(str(e))}
    except KeyboardInterrupt:
        ended = {"ok": False, "interrupted": True}
    except Exception as e:  # the kernel did not start
        ended = {"ok": False, "number": 0, "error": plain(str(e)) or repr(e)}
    nbformat.write(nb, job["output"])
    say(**ended)


main()
