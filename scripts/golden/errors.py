"""Writes testdata/golden/zoo/README.md: how far each net of internal/zoo is from PyTorch, measured.

    python scripts/golden/errors.py        (from the root of the repository; some minutes)
"""

import os
import platform
import re
import subprocess

TEST = ["go", "test", "-count=1", "-timeout=60m", "-run=^TestZooParity$", "-v", "./internal/zoo"]
HEAD = """# Parity of the nets with PyTorch

Each file holds, for every value of one net (the output of each module and of each addition, concatenation, …),
statistics, a signed sum and 16 probes as PyTorch computes them in float64, and the logits whole. Weights and input are
made from names and sizes alone (`scripts/golden/seeded.py` = `zoo.Seeded`; `seeded.json` holds both to the same bits).
`scripts/golden/zoo.py` writes the files; `TestZooParity` of `internal/zoo` compares every value.

Worst difference of the reference plan (float32) over the largest number of its tensor; the test allows 1e-4, and 1e-5
for the logits. Measured by `python scripts/golden/errors.py` on {machine}:

| Net | Values | Worst of all values | In | Logits |
| --- | ---: | ---: | --- | ---: |
"""


def main():
    out = subprocess.run(TEST, capture_output=True, text=True, check=False).stdout
    found, net = {}, None
    for line in out.splitlines():
        if m := re.match(r"=== (?:RUN|NAME|CONT) +TestZooParity/(\S+)", line):
            net = m[1]
        elif m := re.search(r"parity: (\d+) values, worst (\S+) in (.+), logits (\S+)", line):
            found[net] = m.groups()
    failed = re.findall(r"--- (?:FAIL|SKIP): (\S+)", out)
    assert found and not failed, failed or out
    machine = f"{platform.system()} {platform.machine()}"
    with open("testdata/golden/zoo/README.md", "w") as f:
        f.write(HEAD.format(machine=machine))
        for name, (values, worst, where, logits) in found.items():
            f.write(f"| {name} | {values} | {worst} | {where} | {logits} |\n")
    os.chmod("testdata/golden/zoo/README.md", 0o644)
    print(len(found), "nets")


main()
