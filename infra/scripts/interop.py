"""Holds the local stack against `emulate` (https://github.com/vercel-labs/emulate). `infra/scripts/interop` does both.

    interop.py NODE_MODULES
"""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from processes import ROOT, answers, free_port, running, wait_for

TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
REPOSITORY = "octocat/hello"
INSTALLATION = 4242
MANY = 230  # more than two pages


def main(modules):
    modules = pathlib.Path(modules).resolve()
    with contextlib.ExitStack() as open_now:
        work = pathlib.Path(open_now.enter_context(tempfile.TemporaryDirectory(prefix="interop-")))
        started = time.monotonic()

        def step(text):
            print(f"{time.monotonic() - started:6.1f} s  {text}", flush=True)

        stack = open_now.enter_context(Stack.up(work))
        step(f"cargo local up at {stack.url}")
        emulators = {
            name: open_now.enter_context(Emulator.started(name, seed, modules, work))
            for name, seed in seeds(stack, modules).items()
        }
        step("emulate " + ", ".join(f"{name} at {emulator.url}" for name, emulator in emulators.items()))
        for scene in (github_webhooks, github_history, linear_webhooks, linear_history, vercel_history):
            for proof in scene(stack, emulators[scene.__name__.split("_")[0]]):
                step(f"{scene.__name__.replace('_', ' ')}: {proof}")


# ---------------------------------------------------------------- what is shown


def github_webhooks(stack, github):
    """Each thing that people do arrives signed, and becomes the facts that it should."""
    repository = github.call("GET", f"/repos/{REPOSITORY}")
    stack.link("github", "issues", {
        "action": "pinned", "issue": {"number": 1}, "installation": {"id": INSTALLATION},
        "repository": {field: repository[field] for field in ("id", "name", "full_name")},
    })

    def repo(method, path, body=None):
        return github.call(method, f"/repos/{REPOSITORY}{path}", body)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: repo("POST", "/issues", {"title": f"It leaks {n}"}), range(MANY)))
    repo("POST", "/issues/1/comments", {"body": "I see it too"})
    repo("PATCH", "/issues/1", {"state": "closed"})
    repo("PATCH", "/issues/1", {"state": "open"})
    head = repo("GET", "/git/ref/heads/main")["object"]["sha"]
    repo("POST", "/git/refs", {"ref": "refs/heads/feature", "sha": head})
    repo("PUT", "/contents/a.txt", {"message": "Add a", "content": "YQ==", "branch": "feature"})
    pull = repo("POST", "/pulls", {"title": "Add a", "head": "feature", "base": "main", "body": "fixes #1"})["number"]
    repo("POST", f"/pulls/{pull}/reviews", {"event": "APPROVE", "body": "Fine"})
    repo("POST", f"/pulls/{pull}/comments", {"body": "Why?", "path": "a.txt", "position": 1, "commit_id": head})
    repo("PATCH", f"/pulls/{pull}", {"state": "closed"})
    repo("PATCH", f"/pulls/{pull}", {"state": "open"})
    repo("PUT", f"/pulls/{pull}/merge", {})
    repo("PUT", "/contents/b.txt", {"message": "Add b", "content": "Yg=="})
    repo("POST", "/releases", {"tag_name": "v1", "name": "One", "body": "Notes"})
    expected = {
        "issue.opened": MANY, "issue.closed": 1, "issue.reopened": 1, "issue-comment.created": 1,
        "pull-request.opened": 1, "pull-request.closed": 1, "pull-request.reopened": 1, "pull-request.merged": 1,
        "pull-request-review.submitted": 1, "pull-request-review-comment.created": 1, "push": 1, "release.published": 1,
    }
    stack.wait_for_facts("github", expected)
    yield f"{sum(expected.values())} facts of {len(expected)} types, each once"
    yield stack.log_is_clean()


def github_history(stack, github):
    """History tells the same facts as the webhooks did."""
    history = stack.backfill(github, REPOSITORY, "--entities", "pull_request,issue,release")
    assert len(history) == MANY + 3, len(history)
    live = stack.observations("github")
    for identity, fact in history.items():
        assert live[identity] == fact, (live[identity], fact)
    yield f"{len(history)} facts over several pages, each with the identity, type, title and time of its webhook"


def linear_webhooks(stack, linear):
    """Signed over the raw body, with the time of sending in it."""
    told = linear.query("{ organization { id } teams { nodes { id states { nodes { id type } } } } }")
    team = told["teams"]["nodes"][0]
    done = next(state["id"] for state in team["states"]["nodes"] if state["type"] == "completed")
    stack.link("linear", "User", {
        "action": "create", "type": "User", "organizationId": told["organization"]["id"],
        "webhookTimestamp": int(time.time() * 1_000), "data": {"id": "1", "teamId": team["id"]},
    })
    issue = linear.mutate("issueCreate", f'input: {{ teamId: "{team["id"]}", title: "It leaks" }}', "issue { id }")["issue"]["id"]
    linear.mutate("issueUpdate", f'id: "{issue}", input: {{ stateId: "{done}" }}', "success")
    linear.mutate("commentCreate", f'input: {{ issueId: "{issue}", body: "I see it too" }}', "success")
    linear.mutate("issueArchive", f'id: "{issue}"', "success")
    expected = {"issue.created": 1, "issue.state-changed": 1, "comment.created": 1}
    stack.wait_for_facts("linear", expected)
    yield f"{len(expected)} facts; its action `archive`, which Linear does not have, is left out"
    yield stack.log_is_clean()


def linear_history(stack, linear):
    """Our queries hold to Linear's published schema, of which the emulator has a part."""
    said = stack.run("backfill", *linear.history("ENG"), data="history-linear", fails=True)
    lists = re.findall(r"^  (\w+) +failed: request_rejected", said, re.M)
    assert set(lists) == {"comment", "cycle", "issue", "project", "project_update"}, said
    yield "the team is found; every list ends at once with request_rejected, as the emulator lacks fields that we ask for"


def vercel_history(stack, vercel):
    """Pages overlap in the millisecond at which one ends."""
    (team,) = vercel.call("GET", "/v2/teams")["teams"]
    with ThreadPoolExecutor(8) as pool:
        path = f"/v13/deployments?teamId={team['id']}"
        made = list(pool.map(lambda _: vercel.call("POST", path, {"name": "shop"})["id"], range(MANY)))
    history = stack.backfill(vercel, "acme/shop")
    deployments = {identity for identity in history if identity.startswith("vercel:deployment:")}
    assert deployments == {f"vercel:deployment:{id}:created" for id in made}, len(deployments)
    yield f"{MANY} deployments over several pages, and the project"


# ---------------------------------------------------------------- the two sides


class Stack:
    """Ours: `cargo local`, with one directory for what webhooks bring and another one for each history."""

    @classmethod
    @contextlib.contextmanager
    def up(cls, work):
        log = work / "up.log"
        with running([TARGET / "debug/connectors", "up", "--port", "0", "--data", work / "live"], log):
            url = wait_for("cargo local up", lambda: re.search(r" is up at (http\S+)", log.read_text()))[1]
            yield cls(work, url, log)

    def __init__(self, work, url, log):
        self.work, self.url, self.log = work, url, log
        self.secrets = json.loads((work / "live/secrets.json").read_text())

    def run(self, command, *arguments, data="live", fails=False):
        ran = subprocess.run(
            [TARGET / "debug/connectors", command, *arguments, "--data", self.work / data], env={**os.environ, "TOKEN": "t0ken"},
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        assert (ran.returncode != 0) == fails, ran.stdout
        return ran.stdout

    def link(self, provider, event, payload):
        """Links what a payload is about that is no fact."""
        file = self.work / "link.json"
        file.write_text(json.dumps(payload))
        self.run("send", "--provider", provider, "--event", event, "--link", "--url", self.url, file)

    def observations(self, provider, data="live"):
        """Type, title and time of each fact, by its identity."""
        lines = self.run("observations", "--json", "--source", provider, "--limit", "10000", data=data).splitlines()
        events = [json.loads(line)["event"] for line in lines if line.startswith("{")]
        facts = {event["sourceId"]: (event["sourceType"], event["title"], event["occurredAt"]) for event in events}
        assert len(facts) == len(events), "an identity has two rows"
        return facts

    def wait_for_facts(self, provider, expected):
        def count():
            types = [kind for kind, *_ in self.observations(provider).values()]
            return {kind: types.count(kind) for kind in types}

        try:
            wait_for(f"the facts of {provider}", lambda: sum(count().values()) >= sum(expected.values()))
        finally:
            assert count() == expected, count()

    def log_is_clean(self):
        """Every delivery was accepted and has an outcome, and every item could be read."""
        def whole():
            log = self.log.read_text()
            words = [line.split()[1] for line in log.splitlines() if re.match(r"\d\d:\d\d:\d\d ", line)]
            return words.count("accepted") == words.count("captured") and log

        odd = [line for line in wait_for("all captures", whole).splitlines() if re.search("quarantined|refused|failed", line)]
        assert not odd, odd
        return "every signature held, and nothing was quarantined"

    def backfill(self, emulator, resource, *arguments):
        data = f"history-{emulator.name}"
        said = self.run("backfill", *emulator.history(resource), *arguments, data=data)
        assert re.search(r"quarantined +0 ", said), said
        return self.observations(emulator.name, data)


class Emulator:
    """Theirs: one provider in one process."""

    @classmethod
    @contextlib.contextmanager
    def started(cls, name, seed, modules, work):
        file, port = work / f"{name}.json", free_port()
        file.write_text(json.dumps(seed))
        command = [node(modules), modules / "emulate/dist/index.js", "start", "-p", str(port), "-s", name, "--seed", file]
        with running(command, work / f"{name}.log"):
            emulator = cls(name, f"http://127.0.0.1:{port}")
            ready = {"github": "/rate_limit", "vercel": "/v2/user", "linear": "/"}[name]
            wait_for(f"emulate {name}", lambda: answers(emulator.url + ready, emulator.headers))
            yield emulator

    def __init__(self, name, url):
        self.name, self.url = name, url
        self.headers = {"Authorization": "Bearer t0ken", "Content-Type": "application/json"}

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, self.headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def query(self, query):
        answer = self.call("POST", "/graphql", {"query": query})
        assert "errors" not in answer, answer
        return answer["data"]

    def mutate(self, name, arguments, fields):
        return self.query(f"mutation {{ {name}({arguments}) {{ {fields} }} }}")[name]

    def history(self, resource):
        return [
            "--provider", self.name, "--resource", resource, "--depth", "1", "--api-url", self.url, "--token-env", "TOKEN",
        ]


def node(modules):
    ours = modules / ".bin/node"
    return ours if ours.exists() else "node"


def seeds(stack, modules):
    """What each emulator begins with, and where it sends webhooks. Vercel's sends none."""
    make_key = (
        "const { privateKey } = require('node:crypto').generateKeyPairSync('rsa', { modulusLength: 2048 });"
        "console.log(privateKey.export({ type: 'pkcs1', format: 'pem' }))"
    )
    key = subprocess.run([node(modules), "-e", make_key], stdout=subprocess.PIPE, text=True, check=True).stdout
    secret = {provider: names["webhook_secret"] for provider, names in stack.secrets.items()}
    tokens = {"t0ken": {"login": "octocat", "scopes": ["repo"]}}
    app = {
        "app_id": 1, "slug": "memory", "name": "Memory", "private_key": key, "events": ["*"],
        "webhook_url": f"{stack.url}/webhooks/github", "webhook_secret": secret["github"],
        "installations": [{"installation_id": INSTALLATION, "account": "octocat"}],
    }
    owner, name = REPOSITORY.split("/")
    return {
        "github": {"tokens": tokens, "github": {
            "users": [{"login": owner}], "repos": [{"owner": owner, "name": name, "auto_init": True}], "apps": [app],
        }},
        "vercel": {"tokens": tokens, "vercel": {
            "users": [{"username": owner}], "teams": [{"slug": "acme", "name": "Acme"}],
            "projects": [{"name": "shop", "team": "acme"}],
        }},
        "linear": {"linear": {
            "organization": {"name": "Acme", "url_key": "acme"},
            "users": [{"email": "ada@example.org", "name": "Ada", "admin": True}],
            "teams": [{"key": "ENG", "name": "Engineering"}],
            "tokens": [{"token": "t0ken", "user": "ada@example.org", "scopes": ["read", "write", "admin"]}],
            "webhooks": [{
                "url": f"{stack.url}/webhooks/linear", "secret": secret["linear"], "resource_types": ["*"],
            }],
        }},
    }


if __name__ == "__main__":
    main(sys.argv[1])
