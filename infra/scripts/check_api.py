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
                print(*[line for line in log.read_text().splitlines() if not line.startswith("{")][-40:], sep="\n", file=sys.stderr)
            sys.exit(ran.returncode or panicked)


# Requests are to name the workspace and the connection that there are, or nothing but 404 would be seen; what ends a
# connection has one of its own. What fits the description may still make no sense here (422), such as events of another
# provider or a key that came with another request; and no description can say which cursors a list has given (400).
CONFIG = """
[auth.openapi.bearer]
bearer = "{token}"

[parameters]
workspace = "{workspace}"
connection = "{connections[github]}"

[checks]
positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 422, 429]

[[operations]]
include-operation-id = "disconnect"
parameters = {{ connection = "{connections[linear]}" }}

[[operations]]
include-operation-id-regex = "^list|^replayDeliveries$"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 409, 422, 429]
"""


def first_line(log):
    return next((line for line in log.read_text().splitlines() if line.startswith("{")), None)


def get(served, path):
    request = urllib.request.Request(served["url"] + path, headers={"Authorization": f"Bearer {served['token']}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main(sys.argv[1])
