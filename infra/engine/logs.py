"""Prints the functions' logs from the local engine, oldest first."""

import argparse
import sys
import time
from datetime import datetime, timezone

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def events(logs, prefix, function, since):
    groups = [f"{prefix}{function}"] if function else [
        group["logGroupName"]
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        for group in page["logGroups"]
    ]
    found = []
    for group in groups:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since):
            for event in page["events"]:
                found.append((event["timestamp"], group.removeprefix(prefix), event["message"].rstrip()))
    return sorted(found)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--stack", required=True)
    arguments.add_argument("--function")
    arguments.add_argument("--follow", action="store_true")
    given = arguments.parse_args()
    logs = boto3.client("logs")
    since, printed = 0, set()
    while True:
        for event in events(logs, f"/aws/lambda/{given.stack}-", given.function, since):
            if event in printed:
                continue
            printed.add(event)
            at, function, message = event
            print(datetime.fromtimestamp(at / 1000, timezone.utc).strftime("%H:%M:%S"), f"{function:20}", message, flush=True)
            since = max(since, at)
        if not given.follow:
            return
        time.sleep(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except (BotoCoreError, ClientError) as error:
        sys.exit(str(error))
