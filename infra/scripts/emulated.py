"""Deploys a built SAM template to MiniStack and shows that what it deployed works.

    emulated.py BUILD_DIRECTORY        (what `sam build --build-dir` wrote; infra/scripts/deploy-emulated does both)

MiniStack is an independent emulator of AWS: CloudFormation, API Gateway, Lambda, SQS, DynamoDB, KMS, Secrets Manager and IAM
in one process. With AUTH=true it holds every call of a function against the role that the template gave it.

Where it is not as AWS is, and what is done about it here:

* The routes of an HTTP API come to CloudFormation as an OpenAPI document, which it skips: `install_routes` adds them.
* Its IAM asks for sqs:SendMessageBatch, an action that AWS does not have (sqs:SendMessage is both), and it does not know the
  condition kms:EncryptionContext: `translate_policies` allows the one and drops the other, on the same resources.
* Failed messages come back after the queue's visibility timeout, five of which take half an hour: `poison` shortens it on
  the deployed queue, and only then sends its message.
* It stops no loop through a queue, fires no alarm and throttles nothing, so these parts of the template are not shown.
"""

import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import boto3
from boto3.dynamodb.types import TypeDeserializer

from processes import ROOT, answers, free_port, running, wait_for

STACK = "connectors"
WORKSPACE = "acme"
REPOSITORY = "acme/rocket"
TOKEN = "a-token-for-the-simulated-github"
PULL_REQUESTS = 350  # at 100 to a page, enough for a page task to ask for the next one three times


def main(build):
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="emulated-")))
        started = time.monotonic()

        def step(text):
            print(f"{time.monotonic() - started:6.1f} s  {text}", flush=True)

        github = stack.enter_context(Github.simulated(work / "simulator.log"))
        step(f"simulated GitHub with {PULL_REQUESTS} pull requests at {github.url}")
        port = free_port()
        endpoint = f"http://127.0.0.1:{port}"
        os.environ.update(
            AWS_ENDPOINT_URL=endpoint, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test",
            AWS_DEFAULT_REGION="us-east-1", AWS_REGION="us-east-1", SAM_CLI_TELEMETRY="0",
        )
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            os.environ.pop(name, None)
        settings = {
            "BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "localhost", "GATEWAY_PORT": str(port), "AUTH": "true",
            "LAMBDA_EXECUTOR": "local", "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0",
        }
        log = work / "ministack.log"
        stack.enter_context(running([".venv/ministack/bin/ministack"], log, settings))
        aws = None
        try:
            wait_for("MiniStack", lambda: answers(f"{endpoint}/_ministack/health"))
            step(f"MiniStack at {endpoint}, IAM enforced")
            aws = Deployed.deploy(build, github, port)
            step(f"sam deploy: {aws.count} resources")
            github.link(aws)
            step(f"linked {REPOSITORY} to workspace {WORKSPACE}, its token sealed under the deployed key")
            for scene in (webhook, history, same_fact_once, lost_message, poison, quiet_logs):
                for proof in scene(aws, github):
                    step(f"{scene.__name__.replace('_', ' ')}: {proof}")
        except BaseException:
            said = log.read_text(errors="replace").splitlines() + (aws.logs().splitlines() if aws else [])
            print("\nMiniStack and the functions said last:", *said[-60:], sep="\n", file=sys.stderr)
            raise
    print("\nAll of it happened in the deployed stack: API Gateway, Lambda, SQS, DynamoDB, KMS and Secrets Manager of an")
    print("emulator, under the roles of template.yaml. Not shown, as it emulates no such thing: throttling, alarms, and")
    print("AWS's own stop of recursive loops.")


# ---------------------------------------------------------------- what is shown


def webhook(aws, github):
    """A signed request becomes an observation; one that was tampered with is refused and leaves nothing."""
    body = github.opened(1)
    before = aws.scan("DeliveriesTable")
    tampered = aws.post("/webhooks/github", body + b" ", github.headers(body, aws.webhook_secret))
    assert tampered[0] == 401, tampered
    assert aws.scan("DeliveriesTable") == before, "a refused request left a row"
    yield f"wrong signature {tampered[0]}, nothing stored"

    status, answer = aws.post("/webhooks/github", body, github.headers(body, aws.webhook_secret))
    assert (status, answer["status"]) == (200, "accepted"), (status, answer)
    seen = wait_for("the observation", aws.observations)
    (observation,) = seen.values()
    assert observation["ingestionSource"] == "webhook", observation
    yield f"200, then {observation['PK']} {observation['SK']}"

    status, answer = aws.post("/webhooks/github", body, github.headers(body, aws.webhook_secret))
    assert (status, answer["status"]) == (200, "duplicate"), (status, answer)
    yield "sent again: 200, duplicate"


def history(aws, _):
    """A tick of the deployed schedule starts a run; its page task asks for page after page through its own queue."""
    aws.invoke("backfill-scheduler")

    def ended():
        units = [row for row in aws.scan("BackfillsTable").values() if row["SK"] == "UNIT"]
        return units if units and all(unit["state"] == "completed" for unit in units) else None

    units = wait_for("the run", ended)
    for unit in units:
        counters = unit["counters"]
        yield f"{unit['PK'].split('#')[-1]} completed: {counters['pages']} pages, {counters['items']} items"
    assert max(unit["counters"]["pages"] for unit in units) > 3, "no page task asked for the next page often enough"

    def captured():
        heads = [row for row in aws.scan("DeliveriesTable").values() if row["SK"] == "HEAD"]
        return heads if all(head["state"] == "processed" for head in heads) else None

    pages = wait_for("the pages to be captured", captured)
    found = aws.observations()
    assert len(found) > PULL_REQUESTS, len(found)
    yield f"{len(pages)} deliveries processed, {len(found)} observations"


def same_fact_once(aws, github):
    """The pull request that a webhook brought is in the history too, and is one row."""
    opened = [row for key, row in aws.observations().items() if key[1].endswith("#1:opened")]
    (row,) = opened
    assert row["ingestionSource"] == "webhook", row
    yield f"{row['SK']} is one row, from the {row['ingestionSource']}"


def lost_message(aws, github):
    """A webhook that is stored but cannot be enqueued is a success all the same: the sweep sends it later."""
    body, before = github.opened(1, number=100_001), aws.observations()
    with aws.forbidden("webhook-github", "sqs:SendMessageBatch"):
        status, answer = aws.post("/webhooks/github", body, github.headers(body, aws.webhook_secret))
    assert (status, answer["status"]) == (200, "accepted"), (status, answer)
    yield "200 without the right to send a message"

    (key,) = (key for key, row in aws.scan("DeliveriesTable").items() if row.get("state") == "received")
    # It is looked at again after five minutes; here they are over at once.
    aws.dynamodb.update_item(
        TableName=aws.outputs["DeliveriesTable"], Key={"PK": {"S": key[0]}, "SK": {"S": key[1]}},
        UpdateExpression="SET dueAt = :index, due_at = :row",
        ExpressionAttributeValues={":index": {"N": "0"}, ":row": {"S": "1970-01-01T00:00:00Z"}},
    )
    aws.invoke("recovery-sweep")
    (found,) = wait_for("the observation", lambda: aws.observations().keys() - before.keys())
    yield f"the sweep brought {found[1]}"


def poison(aws, _):
    """A message that can never be handled ends in the dead-letter queue, and the one beside it is not held up."""
    queue, dead = aws.outputs["CaptureQueueUrl"], aws.outputs["CaptureDlqUrl"]
    aws.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    aws.sqs.send_message(QueueUrl=queue, MessageBody='{"not": "a task"}', MessageGroupId=WORKSPACE)

    def buried():
        return aws.sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=1, AttributeNames=["All"]).get("Messages")

    (message,) = wait_for("the dead letter", buried)
    assert message["Body"] == '{"not": "a task"}', message
    yield f"{message['Body']} is in the dead-letter queue"


def quiet_logs(aws, github):
    """Nothing secret is in what the functions wrote."""
    text = aws.logs()
    lines = [line for line in text.splitlines() if line.startswith("{")]
    assert lines, "the functions logged nothing"
    for what, secret in {"webhook secret": aws.webhook_secret, "token": TOKEN, "body": github.title(1)}.items():
        assert secret not in text, f"the {what} is in a log"
    yield f"{len(lines)} lines, no secret, token or body among them"


# ---------------------------------------------------------------- the deployed stack


class Deployed:
    """The stack as deployed, as its clients see it."""

    @classmethod
    def deploy(cls, build, github, port):
        boto3.client("s3").create_bucket(Bucket="artifacts")
        command = [
            ".venv/sam/bin/sam", "deploy", "--template-file", f"{build}/template.yaml", "--stack-name", STACK,
            "--s3-bucket", "artifacts", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar",
            "--parameter-overrides", "Arch=x86_64", f"GithubApiUrl={github.url}",
            "TokenIssuer=https://issuer.example",
        ]
        ran = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if ran.returncode:
            raise SystemExit(f"sam deploy failed:\n{ran.stdout}{ran.stderr}")
        return cls(port)

    def __init__(self, port):
        formation = boto3.client("cloudformation")
        (stack,) = formation.describe_stacks(StackName=STACK)["Stacks"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self.count = len(formation.list_stack_resources(StackName=STACK)["StackResourceSummaries"])
        self.port = port
        self.sqs = boto3.client("sqs")
        self.dynamodb = boto3.client("dynamodb")
        secret = boto3.client("secretsmanager").get_secret_value(SecretId=self.outputs["GithubSecretArn"])
        self.webhook_secret = json.loads(secret["SecretString"])["webhook_secret"]
        self.api = self.outputs["GithubWebhookUrl"].split("//")[1].split(".")[0]
        template = formation.get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"]
        self.install_routes(template)
        self.translate_policies(formation)

    def install_routes(self, template):
        """Does with the API's OpenAPI document what CloudFormation does with it."""
        gateway, functions = boto3.client("apigatewayv2"), boto3.client("lambda")
        for path, methods in template["Resources"]["HttpApi"]["Properties"]["Body"]["paths"].items():
            for method, operation in methods.items():
                uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
                logical = re.search(r"\$\{(\w+)\.Arn\}", uri)[1]
                name = template["Resources"][logical]["Properties"]["FunctionName"]["Fn::Sub"]
                arn = functions.get_function_configuration(FunctionName=name.replace("${AWS::StackName}", STACK))["FunctionArn"]
                integration = gateway.create_integration(
                    ApiId=self.api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
                )
                target = f"integrations/{integration['IntegrationId']}"
                # Without its authorizers, which the emulator does not have: the functions answer 401 themselves.
                verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                gateway.create_route(ApiId=self.api, RouteKey=f"{verb} {path}", Target=target)

    def translate_policies(self, formation):
        """Says in the emulator's words what the policies of the template say in AWS's."""

        def translated(document):
            for statement in document["Statement"]:
                actions = statement["Action"]
                if "sqs:SendMessage" in actions:
                    statement["Action"] = ["sqs:SendMessageBatch", *([actions] if isinstance(actions, str) else actions)]
                if "kms:EncryptionContext" in json.dumps(statement.get("Condition")):
                    del statement["Condition"]
            return json.dumps(document)

        iam, kms = boto3.client("iam"), boto3.client("kms")
        for resource in formation.list_stack_resources(StackName=STACK)["StackResourceSummaries"]:
            name = resource["PhysicalResourceId"]
            if resource["ResourceType"] == "AWS::IAM::Role":
                for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
                    document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=translated(document))
            if resource["ResourceType"] == "AWS::KMS::Key":
                document = json.loads(kms.get_key_policy(KeyId=name, PolicyName="default")["Policy"])
                kms.put_key_policy(KeyId=name, PolicyName="default", Policy=translated(document))

    @contextlib.contextmanager
    def forbidden(self, function, action):
        """A function without a right that its role gives it, until the end of the block."""
        iam = boto3.client("iam")
        configuration = boto3.client("lambda").get_function_configuration(FunctionName=f"{STACK}-{function}")
        role = configuration["Role"].split("/")[-1]
        deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
        iam.put_role_policy(RoleName=role, PolicyName="forbidden", PolicyDocument=json.dumps(deny))
        try:
            yield
        finally:
            iam.delete_role_policy(RoleName=role, PolicyName="forbidden")

    def post(self, path, body, headers):
        """Status and JSON answer of a request to the API."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, headers=headers, method="POST")
        request.add_header("Host", f"{self.api}.execute-api.localhost:{self.port}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    def invoke(self, function):
        answer = boto3.client("lambda").invoke(FunctionName=f"{STACK}-{function}", Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()

    def scan(self, table):
        """All rows of a table by their key."""
        plain = TypeDeserializer().deserialize
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.outputs[table], ConsistentRead=True)
        rows = (({name: plain(value) for name, value in item.items()}) for page in pages for item in page["Items"])
        return {(row["PK"], row["SK"]): row for row in rows}

    def observations(self):
        return {key: row for key, row in self.scan("ObservationsTable").items() if key[1].startswith("OBS#")}

    def logs(self):
        logs = boto3.client("logs")
        groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{STACK}-")["logGroups"]
        pages = (
            page for group in groups
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        )
        return "\n".join(event["message"] for page in pages for event in page["events"])


# ---------------------------------------------------------------- the simulated provider


class Github:
    """The project's own simulator, with one repository."""

    @classmethod
    @contextlib.contextmanager
    def simulated(cls, log):
        command = [
            "target/debug/simulator", "--port", "0", "--repository", REPOSITORY, "--pull-requests", str(PULL_REQUESTS),
            "--issues", "20", "--days", "25",
        ]
        with running(command, log):
            said = wait_for("the simulator", lambda: re.search(r"^try .*", log.read_text(), re.M) and log.read_text())
            yield cls(said)

    def __init__(self, said):
        self.url = re.search(r"^GitHub +([^\s,]+)", said, re.M)[1]
        self.repository_id, self.installation = re.search(r"id (\d+), installation (\d+)", said).groups()

    def get(self, path):
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as answer:
            return json.load(answer)

    def title(self, number):
        return self.get(f"/repos/{REPOSITORY}/pulls/{number}")["title"]

    def opened(self, like, number=None):
        """The webhook of a pull request: one that is in the history too, or one like it with another number."""
        pull = self.get(f"/repos/{REPOSITORY}/pulls/{like}")
        pull |= {"number": number or like, "state": "open", "closed_at": None, "merged_at": None, "merged": False}
        event = {
            "action": "opened", "number": pull["number"], "pull_request": pull, "repository": pull["base"]["repo"],
            "sender": pull["user"], "installation": {"id": int(self.installation)},
        }
        return json.dumps(event).encode()

    def headers(self, body, secret):
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/json", "X-GitHub-Event": "pull_request", "X-GitHub-Delivery": "1",
            "X-Hub-Signature-256": f"sha256={signature}",
        }

    def link(self, aws):
        """What the consent screen will do: a connection, a link, and a token sealed by KMS."""
        command = [
            "target/debug/examples/link", "--workspace", WORKSPACE, "--repository", REPOSITORY,
            "--repository-id", self.repository_id, "--installation", self.installation, "--token-env", "EMULATED_TOKEN",
        ]
        env = {
            **os.environ, "EMULATED_TOKEN": TOKEN, "CONNECTIONS_TABLE": aws.outputs["ConnectionsTable"],
            "TOKEN_KEY_ARN": aws.outputs["TokenKeyArn"],
        }
        subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main(sys.argv[1])
