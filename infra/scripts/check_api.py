"""Runs schemathesis on the management API of the local stack. `infra/scripts/check-api` does all of it.

    check_api.py SCHEMATHESIS
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

from processes import ROOT, running, wait_for

TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def main(schemathesis):
    with tempfile.TemporaryDirectory(prefix="check-api-") as work:
        work = pathlib.Path(work)
        log = work / "served.log"
        with running([TARGET / "debug/examples/served"], log):
            served = json.loads(wait_for("the stack", lambda: first_line(log)))
            described = get(served, "/openapi.json")
            committed = json.loads((ROOT / "docs/openapi.json").read_text())
            assert described == committed, "what is served is not docs/openapi.json: run `just openapi`"
            config = work / "schemathesis.toml"
            config.write_text(CONFIG.format(**served))
            seed = ["--seed", os.environ["SEED"]] if "SEED" in os.environ else []
            ran = subprocess.run(
                [
                    schemathesis, "--config-file", config, "run", ROOT / "docs/openapi.json", "--url", served["url"],
                    "--checks", "all", "--continue-on-failure", "--max-examples", os.environ.get("EXAMPLES", "15"), *seed,
                ],
                cwd=work,
            )
            panicked = "panicked" in log.read_text()
            if ran.returncode or panicked:
                print(log.read_text()[-4000:], file=sys.stderr)
            sys.exit(ran.returncode or panicked)


# Most requests are to name the workspace that there is, or nothing but 404 would be seen.
CONFIG = """
[auth.openapi.bearer]
bearer = "{token}"

[parameters]
workspace = "{workspace}"
"""


def first_line(log):
    return next((line for line in log.read_text().splitlines() if line.startswith("{")), None)


def get(served, path):
    request = urllib.request.Request(served["url"] + path, headers={"Authorization": f"Bearer {served['token']}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main(sys.argv[1])
