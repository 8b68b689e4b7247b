"""Keeps the curves of a run, to four digits, as a vector for the tests: keep.py NAME "darkroom run …" < the output of darkroom show RUN --json"""
import json, subprocess, sys

run = json.load(sys.stdin)
commit = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], text=True).strip()
curves = [{"name": c["name"], "x": c["x"], "y": [float(f"{v:.4g}") for v in c["y"]]} for c in run["curves"]]
with open(f"{sys.argv[1]}.json", "w") as f:
    f.write(json.dumps({"command": sys.argv[2], "commit": commit, "spec": run["spec"]}, ensure_ascii=False)[:-1])
    f.write(', "curves": [\n' + ",\n".join(json.dumps(c) for c in curves) + "\n]}\n")
