"""Trains in a cell of JupyterLab in headless Chromium, reloads the page in the middle, restarts the kernel in the middle, closes the browser and
comes back; says what it saw, and keeps screenshots.

    DATA=~/.local/share/darkroom     # or $DARKROOM_HOME/data
    python3 -m venv /tmp/browser && /tmp/browser/bin/pip install playwright    # Chromium is the system's: $CHROMIUM, or on the PATH
    /tmp/browser/bin/python kernel/bench/browser.py $DATA SCREENSHOTS

It takes one to two minutes, and exits with 1 if something is not as it must be.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

data, out = os.path.abspath(sys.argv[1]), Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
repo = Path(__file__).resolve().parent.parent.parent
notebook = repo / "notebooks" / f"browser-check-{os.getpid()}.ipynb"
SPEC = 'lab.Spec{Method: "vae", Task: "generate:mnist", Steps: 8000, Set: lab.Set{"hidden": 64, "latent": 4}, Eval: lab.Eval{Images: 20}, Name: "browser"}'
CELLS = [f'import "darkroom/lib/lab"\n\nlab.Start({SPEC}).Wait()', 'lab.Attach("browser").Wait()', 'import "darkroom/plots"\n\nplots.Show(lab.Get("browser").Samples(16))']
failures = []


def check(what, ok, more=""):
    print(("ok    " if ok else "WRONG ") + what, more, flush=True)
    if not ok:
        failures.append(what)


class Page:
    """A browser with the notebook open."""

    def __init__(self, playwright, url):
        self.browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        self.page = self.browser.new_page(viewport={"width": 1100, "height": 800})
        self.url = url
        self.load(lambda: self.page.goto(url))

    def load(self, go):
        """Goes to the notebook, and waits until the kernel has answered."""
        answered = []
        def listen(socket):
            socket.on("framereceived", lambda f: answered.append(1) if b"kernel_info_reply" in (f if isinstance(f, bytes) else f.encode()) else None)
        self.page.on("websocket", listen)
        go()
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60000)
        end = time.time() + 60
        while not answered and time.time() < end:
            self.page.wait_for_timeout(100)
        self.page.wait_for_timeout(500)

    def cell(self, i):
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(i)

    def run(self, i):
        self.cell(i).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def text(self, i):
        output = self.cell(i).locator(".jp-Cell-outputArea")
        return output.inner_text() if output.count() else ""

    def step(self, i):
        """The step that the panel under a cell has reached, 0 before there is one."""
        found = re.search(r"step ([\d,  ]+) of", self.text(i))
        return int(re.sub(r"\D", "", found[1])) if found else 0

    def wait(self, what, seconds=60):
        end = time.time() + seconds
        while time.time() < end:
            if what():
                return True
            self.page.wait_for_timeout(100)
        return False

    def photograph(self, name):
        self.page.screenshot(path=str(out / (name + ".png")))

    def goes_on(self, i, beyond, name):
        began = time.time()
        ok = self.wait(lambda: self.step(i) > beyond)
        seconds, first = time.time() - began, self.step(i)
        ok = ok and self.wait(lambda: self.step(i) > first)
        self.photograph(name)
        check(name, ok, f"from step {beyond} to {first} after {seconds:.1f} s, then {self.step(i)}")
        return self.step(i)


def main(playwright, url):
    p = Page(playwright, url)
    p.run(0)
    reached = p.goes_on(0, 0, "1-trains")
    p.page.keyboard.press("Control+s")
    p.page.wait_for_timeout(500)
    p.load(lambda: p.page.reload())
    p.photograph("2-reloaded")
    p.run(0)  # joins the cell that still runs
    reached = p.goes_on(0, reached, "3-goes-on-after-reload")
    check("one panel under the cell", p.cell(0).locator(".jp-OutputArea-child").count() == 1, str(p.cell(0).locator(".jp-OutputArea-child").count()))

    p.page.locator(".jp-Notebook").first.click(position={"x": 5, "y": 5})
    p.page.keyboard.press("Escape")
    p.page.keyboard.press("0")
    p.page.keyboard.press("0")
    p.page.locator(".jp-Dialog button.jp-mod-accept").click(timeout=10000)
    p.page.wait_for_timeout(1500)
    p.photograph("4-restarted")
    p.run(1)
    reached = p.goes_on(1, reached, "5-attached-after-restart")
    p.page.keyboard.press("Control+s")
    p.page.wait_for_timeout(500)
    p.browser.close()

    p = Page(playwright, url)
    p.photograph("6-come-back")
    p.run(1)
    check("7-done", p.wait(lambda: "elbo" in p.text(1).lower() or re.search(r"\[\d+\]", p.cell(1).locator(".jp-InputPrompt").inner_text()) is not None, 180))
    p.photograph("7-done")
    p.run(2)
    check("8-draws", p.wait(lambda: p.cell(2).locator(".jp-OutputArea img").count() > 0))
    p.cell(2).scroll_into_view_if_needed()
    p.page.wait_for_timeout(500)
    p.photograph("8-draws")
    errors = p.page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr'], .jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']")
    check("no errors", errors.count() == 0, " ".join(errors.all_inner_texts()))
    p.browser.close()


code = [{"cell_type": "code", "id": f"c{i}", "source": c, "outputs": [], "execution_count": None, "metadata": {}} for i, c in enumerate(CELLS)]
spec = json.load(open(os.path.join(data, "jupyter/venv/share/jupyter/kernels/darkroom/kernel.json")))
with tempfile.TemporaryDirectory() as runs:
    notebook.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": code, "metadata": {"kernelspec": {
        "name": "darkroom", "display_name": spec["display_name"], "language": "go"}}}))
    env = {**os.environ, **spec["env"], "DARKROOM_RUNS": runs, "DARKROOM_ENGINE_OWNER": str(os.getpid())}
    lab = subprocess.Popen([os.path.join(data, "bin", "darkroom"), "lab", "--no-browser"], stderr=subprocess.PIPE, text=True, env=env)
    try:
        address = ""
        while not address:
            line = lab.stderr.readline()
            if not line:
                sys.exit("JupyterLab did not open")
            address = (re.search(r"http://127\S+", line) or [""])[0]
        with sync_playwright() as playwright:
            main(playwright, address.replace("/lab?", f"/lab/tree/{notebook.name}?"))
    finally:
        lab.terminate()
        lab.communicate()
        notebook.unlink()
        for line in subprocess.check_output([os.path.join(data, "bin", "darkroom"), "engine"], text=True).splitlines():
            if line.startswith("notebook-browser-check-" + str(os.getpid())):
                subprocess.run([os.path.join(data, "bin", "darkroom"), "engine", "--stop", line.split()[0]], check=True)
sys.exit(1 if failures else 0)
