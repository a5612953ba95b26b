"""Deploys infra/template.yaml to the local engine, as `sam deploy` does to an account.

Code and definitions go to a bucket, the template is applied by a change set, and the state machine, which MiniStack
keeps but does not run well enough, is copied to moto under the same ARN. Prints the stack's outputs as JSON.
"""

import argparse
import hashlib
import io
import json
import os
import re
import sys
import zipfile
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "infra" / "template.yaml"
BUCKET = "gangway-deployments"


def client(service, endpoint):
    return boto3.client(service, endpoint_url=endpoint, config=Config(retries={"mode": "standard"}))


class Artifacts:
    """The bucket with the deployed files. Keys are content hashes, so a file that is already there is not sent again."""

    def __init__(self, s3):
        self.s3 = s3
        try:
            s3.create_bucket(Bucket=BUCKET)
        except (s3.exceptions.BucketAlreadyOwnedByYou, s3.exceptions.BucketAlreadyExists):
            pass
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        self.present = {item["Key"] for page in pages for item in page.get("Contents", [])}
        self.sent = 0

    def put(self, name, content, make_body=lambda content: content):
        key = f"{name}-{hashlib.sha256(content).hexdigest()[:32]}"
        if key not in self.present:
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=make_body(content))
            self.present.add(key)
            self.sent += 1
        return key


def function_zip(bootstrap):
    packed = io.BytesIO()
    # The file is stored without compression, because the engine unpacks it on this machine.
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, bootstrap)
    return packed.getvalue()


def packaged(template, artifacts, binaries):
    """The template with its local paths replaced by the bucket's addresses."""

    def content(file):
        try:
            return file.read_bytes()
        except FileNotFoundError:
            sys.exit(f"{file} is missing: build it first (cargo build --workspace --bins)")

    def code(match):
        name = Path(match[1]).name
        key = artifacts.put(name, content(binaries / name), function_zip)
        return f"CodeUri: s3://{BUCKET}/{key}"

    def definition(match):
        file = TEMPLATE.parent / match[1]
        return f"DefinitionUri: s3://{BUCKET}/{artifacts.put(file.name, content(file))}"

    template = re.sub(r"CodeUri: (\.\./\S+?)/?$", code, template, flags=re.MULTILINE)
    return re.sub(r"DefinitionUri: (\.\./\S+)$", definition, template, flags=re.MULTILINE)


def apply(cloudformation, stack, template_url, parameters, api_id):
    """Creates or updates the stack with a change set. A template without changes is no error."""
    try:
        cloudformation.describe_stacks(StackName=stack)
        kind = "UPDATE"
    except ClientError:
        kind = "CREATE"
    change = cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=f"deploy-{hashlib.sha256(os.urandom(16)).hexdigest()[:12]}",
        ChangeSetType=kind,
        TemplateURL=template_url,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        # MiniStack gives an API the id in this tag, so that the API's address is known before it exists.
        Tags=[{"Key": "ms-custom-id", "Value": api_id}],
    )["Id"]
    waiter = {"Delay": 0.2, "MaxAttempts": 600}
    try:
        cloudformation.get_waiter("change_set_create_complete").wait(ChangeSetName=change, WaiterConfig=waiter)
    except Exception:
        described = cloudformation.describe_change_set(ChangeSetName=change)
        reason = described.get("StatusReason", "")
        if "didn't contain changes" in reason or "No updates" in reason:
            cloudformation.delete_change_set(ChangeSetName=change)
            return
        sys.exit(f"the change set of stack {stack} failed: {reason}")
    cloudformation.execute_change_set(ChangeSetName=change)
    done = cloudformation.get_waiter(f"stack_{kind.lower()}_complete")
    try:
        done.wait(StackName=stack, WaiterConfig=waiter)
    except Exception:
        events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        for event in reversed(events):
            if event["ResourceStatus"].endswith("FAILED"):
                print(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}", file=sys.stderr)
        sys.exit(f"stack {stack} could not be deployed")


def mirror(source, target, arn):
    """Copies the state machine that CloudFormation made to moto."""
    machine = source.describe_state_machine(stateMachineArn=arn)
    try:
        known = target.describe_state_machine(stateMachineArn=arn)
    except ClientError:
        known = None
    if known is None:
        made = target.create_state_machine(
            name=machine["name"], definition=machine["definition"], roleArn=machine["roleArn"]
        )["stateMachineArn"]
        if made != arn:
            sys.exit(f"moto made {made} where {arn} was expected")
    elif known["definition"] != machine["definition"]:
        target.update_state_machine(stateMachineArn=arn, definition=machine["definition"], roleArn=machine["roleArn"])


def verify_sender(ses, address):
    """Verifies the sender, because SES only sends for verified identities. In a real account a person does this once."""
    try:
        ses.create_email_identity(EmailIdentity=address)
    except ses.exceptions.AlreadyExistsException:
        pass


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--stack", required=True)
    arguments.add_argument("--endpoint", required=True, help="MiniStack's address")
    arguments.add_argument("--sfn-endpoint", required=True, help="moto's address")
    arguments.add_argument("--binaries", required=True, type=Path, help="the folder of the functions' executables")
    arguments.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    given = arguments.parse_args()

    base_url = f"{given.endpoint}/_aws/execute-api/{given.stack}/$default"
    parameters = {"BaseUrl": base_url, "Architecture": "x86_64"}
    parameters.update(pair.split("=", 1) for pair in given.parameter)

    if "MailFrom" in parameters:
        verify_sender(client("sesv2", given.endpoint), parameters["MailFrom"])
    artifacts = Artifacts(client("s3", given.endpoint))
    template = packaged(TEMPLATE.read_text(), artifacts, given.binaries)
    template_url = f"{given.endpoint}/{BUCKET}/{artifacts.put('template', template.encode())}"
    cloudformation = client("cloudformation", given.endpoint)
    apply(cloudformation, given.stack, template_url, parameters, given.stack)

    stack = cloudformation.describe_stacks(StackName=given.stack)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    source, target = client("stepfunctions", given.endpoint), client("stepfunctions", given.sfn_endpoint)
    mirror(source, target, outputs["StateMachineArn"])
    print(json.dumps({"outputs": outputs, "sent": artifacts.sent}))


if __name__ == "__main__":
    main()
