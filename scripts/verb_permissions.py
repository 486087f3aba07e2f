"""What each verb calls on AWS: IAM's actions and their resources, by hand; the template's types are not here.

tests/template/test_permissions.py compares them with the calls in the sources of retailrec/.
"""

from collections.abc import Mapping, Sequence

Grants = Sequence[tuple[str, Sequence[str]]]

_CFN = "arn:${Partition}:cloudformation:${Region}:${Account}:stack"
STACK, SAM_STACK = f"{_CFN}/${{Stack}}/*", f"{_CFN}/aws-sam-cli-managed-default/*"
TRANSFORM = "arn:${Partition}:cloudformation:${Region}:aws:transform/Serverless-2016-10-31"
SAM_BUCKET = "arn:${Partition}:s3:::aws-sam-cli-managed-default-*"
BUCKETS, OBJECTS = "arn:${Partition}:s3:::${Bucket}-*", "arn:${Partition}:s3:::${Bucket}-*/*"
_SAGEMAKER = "arn:${Partition}:sagemaker:${Region}:${Account}"
ENDPOINT = f"{_SAGEMAKER}:endpoint/${{Stack}}-endpoint"
ENDPOINT_CONFIG = f"{_SAGEMAKER}:endpoint-config/${{Stack}}-*"
MODEL, PACKAGE = f"{_SAGEMAKER}:model/${{Stack}}-*", f"{_SAGEMAKER}:model-package/${{Stack}}-*"
TRAINING_JOB, TRANSFORM_JOB = (
    f"{_SAGEMAKER}:training-job/${{Stack}}-*",
    f"{_SAGEMAKER}:transform-job/${{Stack}}-*",
)
TUNING_JOB = f"{_SAGEMAKER}:hyper-parameter-tuning-job/tuning-*"
TAGGED = (ENDPOINT, ENDPOINT_CONFIG, MODEL, PACKAGE, TRAINING_JOB, TRANSFORM_JOB, TUNING_JOB)
TABLE = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${Stack}-*"
ALARMS = "arn:${Partition}:cloudwatch:${Region}:${Account}:alarm:${Stack}-*"
QUEUE = "arn:${Partition}:sqs:${Region}:${Account}:${Stack}-*"
FUNCTION = "arn:${Partition}:lambda:${Region}:${Account}:function:${Stack}-*"
ROLE = "arn:${Partition}:iam::${Account}:role/${Stack}-*"
PRINCIPALS = ("arn:${Partition}:iam::${Account}:role/*", "arn:${Partition}:iam::${Account}:user/*")
LOGS = "arn:${Partition}:logs:${Region}:${Account}:log-group:/retailrec/${Stack}/*"
JOB_LOGS = "arn:${Partition}:logs:${Region}:${Account}:log-group:/aws/sagemaker/*"
_STREAMS = f"{JOB_LOGS[:-1]}T*Jobs:log-stream:"
JOB_STREAMS = (f"{_STREAMS}${{Stack}}-*", f"{_STREAMS}tuning-*")
ENDPOINT_LOGS = (
    f"{JOB_LOGS[:-1]}Endpoints/${{Stack}}-endpoint*"  # IAM compares it with :log-stream: at its end
)
API_LOGS = "arn:${Partition}:logs:${Region}:${Account}:log-group:API-Gateway-Execution-Logs_*"
REPOSITORY = "arn:${Partition}:ecr:${Region}:${Account}:repository/retailrec-algorithm"
BUS = "arn:${Partition}:events:${Region}:${Account}:event-bus/${Stack}"
DEFAULT_BUS = "arn:${Partition}:events:${Region}:${Account}:event-bus/default"
API = "arn:${Partition}:execute-api:${Region}:${Account}:*/v1/*"
API_ACCOUNT = "arn:${Partition}:apigateway:${Region}::/account"
APIS = ("arn:${Partition}:apigateway:${Region}::/restapis", "arn:${Partition}:apigateway:${Region}::/apis")
ALL = "*"

# Those of the SAM CLI; its bucket is a stack of its own, which the first `sam deploy` creates.
_SAM: Grants = (
    ("cloudformation:CreateChangeSet", (STACK, SAM_STACK, TRANSFORM)),
    ("cloudformation:DescribeChangeSet", (STACK, SAM_STACK)),
    ("cloudformation:ExecuteChangeSet", (STACK, SAM_STACK)),
    ("cloudformation:DescribeStacks", (STACK, SAM_STACK)),
    ("cloudformation:DescribeStackEvents", (STACK, SAM_STACK)),
    ("cloudformation:DeleteChangeSet", (STACK,)),
    ("cloudformation:DeleteStack", (STACK,)),
    ("cloudformation:CreateStack", (STACK,)),
    ("cloudformation:UpdateStack", (STACK, SAM_STACK)),
    ("cloudformation:RollbackStack", (STACK,)),
    ("cloudformation:TagResource", (STACK, SAM_STACK)),
    ("cloudformation:GetTemplateSummary", (ALL,)),
    ("s3:CreateBucket", (SAM_BUCKET,)),
    ("s3:PutBucketPublicAccessBlock", (SAM_BUCKET,)),
    ("s3:PutEncryptionConfiguration", (SAM_BUCKET,)),
    ("s3:PutBucketVersioning", (SAM_BUCKET,)),
    ("s3:PutBucketTagging", (SAM_BUCKET,)),
    ("s3:PutBucketPolicy", (SAM_BUCKET,)),
    ("s3:GetBucketPolicy", (SAM_BUCKET,)),
    ("s3:GetBucketLocation", (SAM_BUCKET,)),
    ("s3:ListBucket", (SAM_BUCKET,)),
    ("s3:GetObject", (f"{SAM_BUCKET}/*",)),
    ("s3:GetObjectVersion", (f"{SAM_BUCKET}/*",)),
    ("s3:GetObjectTagging", (f"{SAM_BUCKET}/*",)),
    ("s3:PutObject", (f"{SAM_BUCKET}/*",)),
    ("s3:DeleteObject", (f"{SAM_BUCKET}/*",)),
    ("s3:AbortMultipartUpload", (f"{SAM_BUCKET}/*",)),
    ("sts:GetCallerIdentity", (ALL,)),
)

# Every verb opens the stack, and most read its ledger.
_OPEN: Grants = (("cloudformation:DescribeStacks", (STACK,)),)
_LEDGER: Grants = (("dynamodb:GetItem", (TABLE,)), ("dynamodb:Query", (TABLE, f"{TABLE}/index/*")))

VERBS: Mapping[str, Grants] = {
    "push-image": (
        ("ecr:GetAuthorizationToken", (ALL,)),
        ("ecr:DescribeRepositories", (REPOSITORY,)),
        ("ecr:CreateRepository", (REPOSITORY,)),
        ("ecr:DescribeImages", (REPOSITORY,)),
        ("ecr:BatchCheckLayerAvailability", (REPOSITORY,)),
        ("ecr:InitiateLayerUpload", (REPOSITORY,)),
        ("ecr:UploadLayerPart", (REPOSITORY,)),
        ("ecr:CompleteLayerUpload", (REPOSITORY,)),
        ("ecr:PutImage", (REPOSITORY,)),
        ("ecr:BatchGetImage", (REPOSITORY,)),
        ("ecr:GetDownloadUrlForLayer", (REPOSITORY,)),
    ),
    "deploy": _SAM,
    "doctor": (
        *_OPEN,
        *_LEDGER,
        ("sts:GetCallerIdentity", (ALL,)),
        ("servicequotas:ListServiceQuotas", (ALL,)),
        ("servicequotas:ListAWSDefaultServiceQuotas", (ALL,)),
        # Before a deployment: what is in the account already, and what the caller may do.
        ("iam:SimulatePrincipalPolicy", PRINCIPALS),
        ("iam:GetRole", PRINCIPALS[:1]),
        ("iam:GetUser", PRINCIPALS[1:]),
        ("lambda:GetAccountSettings", (ALL,)),
        ("apigateway:GET", (API_ACCOUNT,)),
        ("logs:DescribeLogGroups", (ALL,)),
        ("events:DescribeEventBus", (BUS,)),
        ("sagemaker:ListEndpoints", (ALL,)),
        ("ecr:DescribeImages", (REPOSITORY,)),
        ("sagemaker:DescribeAlgorithm", (ALL,)),
        ("sagemaker:DescribeEndpoint", (ENDPOINT,)),
        ("dynamodb:DescribeTable", (TABLE,)),
        ("sqs:GetQueueAttributes", (QUEUE,)),
        ("s3:ListBucket", (BUCKETS,)),
    ),
    "drop": (
        *_OPEN,
        *_LEDGER,
        ("sts:AssumeRole", (ROLE,)),
        ("s3:GetObject", (OBJECTS,)),
        ("execute-api:Invoke", (API,)),
    ),
    "logs": (*_OPEN, ("logs:FilterLogEvents", (LOGS, f"{LOGS}:*"))),
    "metrics": (
        *_OPEN,
        *_LEDGER,
        ("sagemaker:DescribeTrainingJob", (TRAINING_JOB,)),
        ("sagemaker:DescribeHyperParameterTuningJob", (TUNING_JOB,)),
        ("logs:DescribeLogStreams", (JOB_LOGS,)),
        ("logs:FilterLogEvents", (JOB_LOGS, f"{JOB_LOGS}:*")),
    ),
    "operate": (  # retry, stop, approve, rollback, retrain, tune, redrive
        *_OPEN,
        *_LEDGER,
        ("cloudformation:ListStackResources", (STACK,)),
        ("dynamodb:PutItem", (TABLE,)),
        ("dynamodb:UpdateItem", (TABLE,)),
        ("events:PutEvents", (DEFAULT_BUS, BUS)),
        ("sagemaker:DescribeHyperParameterTuningJob", (TUNING_JOB,)),
        ("s3:ListBucket", (BUCKETS,)),
        ("s3:GetObject", (OBJECTS,)),
        ("s3:PutObject", (OBJECTS,)),
        ("sqs:GetQueueAttributes", (QUEUE,)),
        ("sqs:ReceiveMessage", (QUEUE,)),
        ("sqs:DeleteMessage", (QUEUE,)),
        ("lambda:InvokeFunction", (FUNCTION,)),
    ),
    "aws-smoke": (  # besides those of push-image, deploy, drop and destroy
        *_OPEN,
        *_LEDGER,
        ("cloudwatch:GetMetricStatistics", (ALL,)),
        ("cloudwatch:DescribeAlarms", (ALARMS,)),
        ("sagemaker:DescribeEndpoint", (ENDPOINT,)),
        ("sqs:GetQueueAttributes", (QUEUE,)),
        ("s3:GetObject", (OBJECTS,)),
    ),
    "destroy": (
        *_OPEN,
        ("sts:GetCallerIdentity", (ALL,)),
        ("cloudformation:ListStacks", (ALL,)),
        ("cloudformation:ListStackResources", (STACK,)),
        ("cloudformation:DeleteStack", (STACK,)),
        ("events:DisableRule", ("arn:${Partition}:events:${Region}:${Account}:rule/${Stack}*",)),
        ("sagemaker:ListEndpoints", (ALL,)),
        ("sagemaker:ListEndpointConfigs", (ALL,)),
        ("sagemaker:ListModels", (ALL,)),
        ("sagemaker:ListModelPackages", (ALL,)),
        ("sagemaker:ListTrainingJobs", (ALL,)),
        ("sagemaker:ListTransformJobs", (ALL,)),
        ("sagemaker:ListHyperParameterTuningJobs", (ALL,)),
        ("sagemaker:ListTags", TAGGED),
        ("sagemaker:DescribeEndpoint", (ENDPOINT,)),
        ("sagemaker:DescribeEndpointConfig", (ENDPOINT_CONFIG,)),
        ("sagemaker:DescribeTrainingJob", (TRAINING_JOB,)),
        ("sagemaker:DescribeTransformJob", (TRANSFORM_JOB,)),
        ("sagemaker:DescribeHyperParameterTuningJob", (TUNING_JOB,)),
        ("sagemaker:DeleteEndpoint", (ENDPOINT,)),
        ("sagemaker:DeleteEndpointConfig", (ENDPOINT_CONFIG,)),
        ("sagemaker:DeleteModel", (MODEL,)),
        ("sagemaker:DeleteModelPackage", (PACKAGE,)),
        ("sagemaker:StopTrainingJob", (TRAINING_JOB,)),
        ("sagemaker:StopTransformJob", (TRANSFORM_JOB,)),
        ("sagemaker:StopHyperParameterTuningJob", (TUNING_JOB,)),
        ("s3:ListAllMyBuckets", (ALL,)),
        ("s3:GetBucketLocation", (BUCKETS,)),
        ("s3:GetBucketTagging", (BUCKETS,)),
        ("s3:ListBucketVersions", (BUCKETS,)),
        ("s3:DeleteObject", (OBJECTS,)),
        ("s3:DeleteObjectVersion", (OBJECTS,)),
        ("s3:DeleteBucket", (BUCKETS,)),
        ("dynamodb:DescribeTable", (TABLE,)),
        ("logs:DescribeLogGroups", (ALL,)),
        ("logs:DescribeLogStreams", (JOB_LOGS,)),
        ("logs:ListTagsForResource", (LOGS, API_LOGS)),
        ("logs:DeleteLogGroup", (LOGS, ENDPOINT_LOGS, API_LOGS)),
        ("logs:DeleteLogStream", JOB_STREAMS),
        ("iam:ListRoles", (ALL,)),
        ("iam:GetRole", (ROLE,)),
        ("iam:ListRoleTags", (ROLE,)),
        ("iam:ListAttachedRolePolicies", (ROLE,)),
        ("iam:DetachRolePolicy", (ROLE,)),
        ("iam:DeleteRole", (ROLE,)),
        ("apigateway:GET", (API_ACCOUNT, *APIS)),
        ("apigateway:PATCH", (API_ACCOUNT,)),
    ),
}  # fmt: skip
