"""The log of a run's training job, from CloudWatch Logs."""

from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from retailrec.metrics.epochs import Line
from retailrec_shared.core import aws

GROUP = "/aws/sagemaker/TrainingJobs"
MAX_LINES = 20_000  # more than any training writes; a limit for the memory


def read_training_log(logs: Any, job: str) -> list[Line]:
    """Read a training job's log so far; empty before its first line."""
    try:
        # SageMaker calls a job's streams JOB/algo-N-TIME.
        found = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{job}/")["logStreams"]
        streams = [stream["logStreamName"] for stream in found]
        if not streams:
            return []
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, logStreamNames=streams)
        events = (event for page in pages for event in page["events"])
        return [Line(event["timestamp"], event["message"]) for event in islice(events, MAX_LINES)]
    except ClientError as error:
        if aws.error_code(error) != "ResourceNotFoundException":
            raise
        return []
