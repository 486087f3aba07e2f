"""Permissions that AWS demands of a role and that no call of ours shows, with the document that says so.

``python -m tests.policies.documented`` writes the table in docs/security.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

AWS = "https://docs.aws.amazon.com"
ROLES = f"{AWS}/sagemaker/latest/dg/sagemaker-roles.html"
ACTIONS = f"{AWS}/sagemaker/latest/dg/api-permissions-reference.html"
AUTHORIZATION = f"{AWS}/service-authorization/latest/reference/list_amazonsagemaker.html"
S3_ACTIONS = f"{AWS}/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"
MULTIPART = f"{AWS}/AmazonS3/latest/userguide/mpuoverview.html"
CHECKPOINTS = f"{AWS}/sagemaker/latest/dg/model-checkpoints.html"
MODEL_PACKAGE = f"{AWS}/sagemaker/latest/APIReference/API_CreateModelPackage.html"
DESTINATIONS = f"{AWS}/lambda/latest/dg/invocation-async-retain-records.html"
LOGS = f"{AWS}/lambda/latest/dg/monitoring-cloudwatchlogs.html"
TRACES = f"{AWS}/lambda/latest/dg/services-xray.html"

PASSED = {"iam:PassedToService": "sagemaker.amazonaws.com"}
TAGGED = {"aws:RequestTag/retailrec:stack": "STACK"}
RUN = "DATA/runs/RUN"
JOB_LOGS = "arn:aws:logs:REGION:ACCOUNT:log-group:/aws/sagemaker"
BOTH = "CreateEndpoint and UpdateEndpoint are on the config too"
SYNCHRONISED = "checkpoints are synchronised, deletions too"
TAGS = "a create with tags adds them"
SAGEMAKER = "arn:aws:sagemaker:REGION:ACCOUNT"


@dataclass(frozen=True)
class Permission:
    """What a role must be allowed; the resource has STACK, DATA, REGION and ACCOUNT in the place of names."""

    role: str
    action: str
    resource: str
    why: str
    source: str
    context: Mapping[str, Any] = field(default_factory=dict)


def _of_the_job(action: str, resource: str, why: str, **context: str) -> Permission:
    return Permission("SageMakerRole", action, resource, why, ROLES, context)


DOCUMENTED = (
    Permission("StartTrainingFunctionRole", "iam:PassRole", "ROLE",
               "jobs and models get a role", ACTIONS, PASSED),
    Permission("ApproveModelFunctionRole", "iam:PassRole", "ROLE", "jobs and models get a role",
               ACTIONS, PASSED),
    Permission("StartTrainingFunctionRole", "sagemaker:AddTags", f"{SAGEMAKER}:training-job/STACK-x",
               TAGS, AUTHORIZATION),
    Permission("StartTrainingFunctionRole", "sagemaker:AddTags",
               f"{SAGEMAKER}:hyper-parameter-tuning-job/tuning-x", TAGS, AUTHORIZATION,
               TAGGED),
    Permission("ApproveModelFunctionRole", "sagemaker:AddTags", f"{SAGEMAKER}:model/STACK-x",
               TAGS, AUTHORIZATION),
    Permission("ApproveModelFunctionRole", "sagemaker:AddTags", f"{SAGEMAKER}:model-package/STACK-x",
               TAGS, AUTHORIZATION),
    Permission("StartBatchFunctionRole", "sagemaker:AddTags", f"{SAGEMAKER}:transform-job/STACK-x",
               TAGS, AUTHORIZATION),
    *(
        Permission(f"{name}EndpointFunctionRole", action, f"{SAGEMAKER}:{kind}", why, AUTHORIZATION)
        for name in ("Update", "Activate")
        for action, kind, why in (
            ("sagemaker:CreateEndpoint", "endpoint-config/STACK-x", BOTH),
            ("sagemaker:UpdateEndpoint", "endpoint-config/STACK-x", BOTH),
            ("sagemaker:AddTags", "endpoint/STACK-endpoint", TAGS),
            ("sagemaker:AddTags", "endpoint-config/STACK-x", TAGS),
        )
    ),
    Permission("ApproveModelFunctionRole", "s3:GetObject", f"{RUN}/model/STACK-x/output/model.tar.gz",
               "CreateModelPackage names no role: the caller's rights read the artifact", MODEL_PACKAGE),
    Permission("ApproveModelFunctionRole", "s3:ListBucket", "DATA",
               "CreateModelPackage names no role: the caller's rights read the artifact", MODEL_PACKAGE),
    *(
        Permission(f"{name}FunctionRole", "s3:ListBucket", "DATA",
                   "without it, S3 calls a missing object forbidden", S3_ACTIONS)
        for name in ("PrepareDataset", "PublishRecommendations")
    ),
    Permission("PrepareDatasetFunctionRole", "s3:AbortMultipartUpload", f"{RUN}/lines/own.parquet",
               "large files are uploaded in parts, and aborted if that fails", MULTIPART),
    Permission("PublishRecommendationsFunctionRole", "s3:AbortMultipartUpload",
               f"{RUN}/recommendations/recommendations.parquet",
               "large files are uploaded in parts, and aborted if that fails", MULTIPART),
    _of_the_job("s3:ListBucket", "DATA", "a job lists its input", **{"s3:prefix": "runs/RUN/train/"}),
    _of_the_job("s3:GetObject", f"{RUN}/train/interactions.csv", "a job reads its input"),
    _of_the_job("s3:PutObject", f"{RUN}/model/STACK-x/output/model.tar.gz", "a training writes its artifact"),
    _of_the_job("s3:PutObject", f"{RUN}/batch-output/customers.jsonl.out",
                "a transform job writes its output"),
    _of_the_job("s3:AbortMultipartUpload", f"{RUN}/model/STACK-x/output/model.tar.gz",
                "a training writes its artifact"),
    _of_the_job("ecr:GetAuthorizationToken", "*", "the image is pulled"),
    *(
        _of_the_job(f"ecr:{action}", "arn:aws:ecr:REGION:ACCOUNT:repository/retailrec-algorithm",
                    "the image is pulled")
        for action in ("BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage")
    ),
    _of_the_job("cloudwatch:PutMetricData", "*", "metrics of the job"),
    *(
        _of_the_job(f"logs:{action}", f"{JOB_LOGS}/{group}", "logs of the job")
        for action, group in (
            ("CreateLogGroup", "TrainingJobs"), ("DescribeLogStreams", "TrainingJobs"),
            ("CreateLogStream", "TrainingJobs:log-stream:x"), ("PutLogEvents", "TrainingJobs:log-stream:x"),
            ("PutLogEvents", "TransformJobs:log-stream:x"),
            ("PutLogEvents", "Endpoints/STACK-endpoint:log-stream:x"),
        )
    ),
    Permission("SageMakerRole", "s3:PutObject", f"{RUN}/checkpoints/count", SYNCHRONISED,
               CHECKPOINTS),
    Permission("SageMakerRole", "s3:DeleteObject", f"{RUN}/checkpoints/count",
               SYNCHRONISED, CHECKPOINTS),
)  # fmt: skip


def table() -> str:
    """Write the table: one line per reason, with who needs what for it."""
    reasons: dict[tuple[str, str], list[Permission]] = {}
    for each in DOCUMENTED:
        reasons.setdefault((each.why, each.source), []).append(each)
    lines = ["| since | who | must be allowed |", "|---|---|---|"]
    for (why, source), group in reasons.items():
        who = ", ".join(dict.fromkeys(re.sub("(Function)Role$", "", each.role) for each in group))
        what = "; ".join(dict.fromkeys(_said(each) for each in group))
        lines.append(f"| [{why}]({source}) | {who} | {what} |")
    return "\n".join(lines)


def _said(needed: Permission) -> str:
    where = (
        needed.resource.rpartition("ACCOUNT:")[2]
        .replace("DATA", "DataBucket")
        .replace("ROLE", "SageMakerRole")
    )
    return needed.action if where == "*" else f"{needed.action} on `{where}`"


def main() -> None:
    """Put the table into docs/security.md in place of the one there."""
    path = Path(__file__).parents[2] / "docs" / "security.md"
    before, heading, rest = path.read_text().partition(table().splitlines()[0] + "\n")
    assert heading
    path.write_text(before + table() + rest[rest.index("\n\n") :])


if __name__ == "__main__":
    main()
