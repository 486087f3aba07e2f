"""Write what a deployer may have to do on AWS (`make permissions`).

CloudFormation's registry names the permissions that the handlers of each resource type need; cfn-lint has a
copy of it. Here are those of the types in the expanded template, and what each verb calls, written as data
for `retailrec doctor`, as policies to attach, and as the table in docs/permissions.md.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from scripts import verb_permissions as verbs
from scripts.expand_template import REGION, expand

ROOT = Path(__file__).resolve().parents[1]
DATA, POLICIES = ROOT / "retailrec" / "doctor" / "permissions.json", ROOT / "docs" / "deployer-policies"
DOCS = ROOT / "docs" / "permissions.md"
# A managed policy holds 6,144 characters, white space not counted.
MOST_CHARACTERS = 6_144

HEAD = "| verb | service | actions | on |\n|---|---|---|---|\n"
_TABLE = re.compile(re.escape(HEAD) + r"(?:\|.*\n)+")

Json = Mapping[str, Any]
Grant = tuple[str, str]  # an action, and the resource that it acts on

_HERE = "${Region}:${Account}"
# The names of each service's resources: the template's own, or CloudFormation's STACK-LOGICALID-RANDOM.
RESOURCES: Mapping[str, Sequence[str]] = {
    "apigateway": tuple(
        f"arn:${{Partition}}:apigateway:${{Region}}::/{path}"
        for path in ("account", "restapis", "restapis/*", "tags/*")
    ),
    "cloudwatch": (
        f"arn:${{Partition}}:cloudwatch:{_HERE}:alarm:${{Stack}}-*",
        "arn:${Partition}:cloudwatch::${Account}:dashboard/${Stack}",
    ),
    "dynamodb": (verbs.TABLE,),
    "events": (
        f"arn:${{Partition}}:events:{_HERE}:event-bus/${{Stack}}",
        f"arn:${{Partition}}:events:{_HERE}:rule/${{Stack}}*",
    ),
    "iam": (verbs.ROLE,),
    "lambda": (verbs.FUNCTION,),
    "logs": (verbs.LOGS,),
    "s3": (verbs.BUCKETS,),
    "sns": (f"arn:${{Partition}}:sns:{_HERE}:${{Stack}}-*",),
    "sqs": (verbs.QUEUE,),
    "wafv2": (f"arn:${{Partition}}:wafv2:{_HERE}:regional/webacl/*",),
}
# What a type's handlers need of other services, and on what; the rest is for options that are not used.
OF_OTHERS: Mapping[str, str] = {
    "iam:PassRole": verbs.ROLE,
    "iam:GetRole": verbs.ROLE,
    "s3:GetObject": f"{verbs.SAM_BUCKET}/*",
    "s3:GetObjectVersion": f"{verbs.SAM_BUCKET}/*",
    "apigateway:SetWebACL": "arn:${Partition}:apigateway:${Region}::/restapis/*",
}
# A handler writes an option only where the template sets its property: this action needs that property,
# anywhere in the resource's properties. Reading is never left out: a handler reads every option.
NEEDS_PROPERTY: Mapping[str, Mapping[str, str]] = {
    "AWS::ApiGateway::RestApi": {
        "UpdateRestApiPolicy": "x-amazon-apigateway-policy", "PassRole": "credentials",
        "s3:GetObject": "BodyS3Location",
    },
    "AWS::DynamoDB::Table": {
        "ImportTable|DescribeImport|s3:GetObject": "ImportSourceSpecification",
        "Kinesis": "KinesisStreamSpecification",
        "Replica|Scan|Query|:(Update|Put|Get|Delete|BatchWrite)Item": "Replicas",
        "(Put|Delete)ResourcePolicy": "ResourcePolicy", "UpdateTimeToLive": "TimeToLiveSpecification",
        "UpdateContributorInsights": "ContributorInsightsSpecification",
    },
    "AWS::Events::EventBus": {"PutPermission|RemovePermission": "Policy"},
    "AWS::Events::Rule": {"PassRole": "RoleArn"},
    "AWS::IAM::Role": {"PermissionsBoundary": "PermissionsBoundary"},
    "AWS::Lambda::Function": {
        "FunctionConcurrency": "ReservedConcurrentExecutions",
        "FunctionCodeSigningConfig": "CodeSigningConfigArn",
        "PutRuntimeManagement|AssociateRuntime": "RuntimeManagementConfig",
        "PutFunctionRecursion": "RecursiveLoop",
        "ScalingConfig|CapacityProvider|PublishVersion": "CapacityProviderConfig",
    },
    "AWS::Logs::LogGroup": {
        "(Put|Delete)DataProtection|LogDelivery": "DataProtectionPolicy",
        "(Put|Delete)IndexPolicy": "FieldIndexPolicies",
        "(Put|Delete)ResourcePolicy": "ResourcePolicyDocument",
        "KmsKey": "KmsKeyId", "DeletionProtection": "DeletionProtectionEnabled",
        "BearerToken": "BearerTokenAuthenticationEnabled",
    },
    "AWS::S3::Bucket": {
        "PutAnalytics|DeleteBucketAnalytics": "AnalyticsConfigurations",
        "PutInventory": "InventoryConfigurations", "(Put|Delete)BucketC(ORS|ors)": "CorsConfiguration",
        "PutMetrics|DeleteBucketMetrics": "MetricsConfigurations",
        "(Put|Delete)(Bucket)?Replication|PassRole": "ReplicationConfiguration",
        "(Put|Delete)BucketWebsite": "WebsiteConfiguration", "PutAccelerate": "AccelerateConfiguration",
        "PutBucketLogging": "LoggingConfiguration", "Put(Bucket)?ObjectLock": "ObjectLockConfiguration",
        "PutIntelligentTiering": "IntelligentTieringConfigurations",
        "(Create|Delete|Update)BucketMetadata": "MetadataConfiguration", "PutBucketAbac": "AbacStatus",
        "PutObjectAcl|PutBucketAcl|DeleteObject": "AccessControl",
    },
    "AWS::SNS::Subscription": {"Role": "SubscriptionRoleArn"},
    "AWS::SNS::Topic": {
        "PutDataProtection": "DataProtectionPolicy", "iam:": "DeliveryStatusLogging",
        "Subscribe": "Subscription",
    },
    "AWS::WAFv2::WebACLAssociation": {"PutPermissionPolicy": "a web ACL of another account"},
}  # fmt: skip
_OUTSIDE = ("Custom::",)


def of_types(resources: Mapping[str, Json], handlers: Sequence[str]) -> set[Grant]:
    """Return what CloudFormation calls for resources, with the deployer's permissions, in these handlers."""
    granted = set[Grant]()
    for kind, properties in _properties(resources).items():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
        tagging = schema.get("tagging", {}).get("permissions", []) if "create" in handlers else []
        for handler in handlers:
            for action in [*schema["handlers"].get(handler, {}).get("permissions", []), *tagging]:
                if not _left_out(kind, action, properties):
                    granted.update((action, resource) for resource in _acts_on(kind, action, resources))
    return granted


def _properties(resources: Mapping[str, Json]) -> Mapping[str, set[str]]:
    """Return the names of all properties, nested ones too, by resource type."""
    found: dict[str, set[str]] = defaultdict(set)
    for resource in resources.values():
        if not resource["Type"].startswith(_OUTSIDE):
            found[resource["Type"]].update(_keys(resource.get("Properties", {})))
    return found


def _keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _keys(inner)


def _left_out(kind: str, action: str, properties: set[str]) -> bool:
    if action.split(":")[0] != _service(kind) and action not in OF_OTHERS:
        return True
    for pattern, needed in NEEDS_PROPERTY.get(kind, {}).items():
        if re.search(pattern, action) and needed not in properties:
            return True
    return False


def _service(kind: str) -> str:
    return kind.split("::")[1].lower()


def _acts_on(kind: str, action: str, resources: Mapping[str, Json]) -> Sequence[str]:
    service = action.split(":")[0]
    if service != _service(kind):
        return [OF_OTHERS[action]]
    if not takes_a_resource(action):
        return [verbs.ALL]
    if kind == "AWS::Lambda::LayerVersion":
        layers = {each["Properties"]["LayerName"] for each in resources.values() if each["Type"] == kind}
        return [
            f"arn:${{Partition}}:lambda:{_HERE}:layer:{name}{end}"
            for name in sorted(layers)
            for end in ("", ":*")
        ]
    return RESOURCES[service]


def takes_a_resource(action: str) -> bool:
    """Return whether IAM limits an action to resources, by the copy of its reference in cfn-lint."""
    service, _, name = action.partition(":")
    known = _reference().get(service, {}).get("Actions", {}).get(name.lower())
    return service == "apigateway" or known is None or bool(known.get("Resources"))


def is_known(action: str) -> bool:
    """Return whether IAM knows an action; API Gateway's are the methods of HTTP."""
    service, _, name = action.partition(":")
    return service == "apigateway" or name.lower() in _reference().get(service, {}).get("Actions", {})


@cache
def _reference() -> Json:
    found: Json = json.loads(
        (Path(cfnlint.__file__).parent / "data" / "AdditionalSpecs" / "Policies.json").read_text()
    )
    return found


@cache
def by_verb() -> Mapping[str, frozenset[Grant]]:
    """Return every verb's actions, each with its resources."""
    resources = expand()["Resources"]
    of_types_by_verb = {
        "deploy": of_types(resources, ("create", "read", "update", "delete")),
        "destroy": of_types(resources, ("read", "delete")),
    }
    return {
        verb: frozenset(
            {(action, resource) for action, on in grants for resource in on}
            | {grant for grant in of_types_by_verb.get(verb, set()) if is_known(grant[0])}
        )
        for verb, grants in verbs.VERBS.items()
    }


def statements(grants: Iterable[Grant]) -> list[dict[str, list[str]]]:
    """Group actions by the resources that they act on, in a fixed order."""
    on: dict[str, set[str]] = defaultdict(set)
    for action, resource in grants:
        on[action].add(resource)
    together: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for action in sorted(on):
        together[tuple(sorted(on[action]))].append(action)
    return [{"actions": actions, "resources": list(on)} for on, actions in sorted(together.items())]


def data() -> str:
    """Write the permissions of every verb as JSON, for `retailrec doctor`."""
    found = {verb: statements(grants) for verb, grants in by_verb().items()}
    return json.dumps(found, indent=1) + "\n"


def policies() -> Mapping[str, str]:
    """Write policies that allow every verb on stacks called retailrec…, each within IAM's limit, by file."""
    allowed = [
        {
            "Effect": "Allow",
            "Action": each["actions"],
            "Resource": [_attached(on) for on in each["resources"]],
        }
        for each in statements(grant for grants in by_verb().values() for grant in grants)
    ]
    packed: list[list[Json]] = [[]]
    for statement in sorted(allowed, key=lambda each: each["Action"][0]):
        if len(_policy([*packed[-1], statement], None)) > MOST_CHARACTERS:
            packed.append([])
        packed[-1].append(statement)
    return {f"deployer-{n}.json": _policy(each, 1) + "\n" for n, each in enumerate(packed, 1)}


def _attached(resource: str) -> str:
    """Write a resource as a policy can hold it: in any region, for stacks called retailrec…."""
    for name, value in (("Partition", "aws"), ("Region", "*"), ("Account", "*"), ("Stack", "retailrec*"),
                        ("Bucket", "retailrec*")):  # fmt: skip
        resource = resource.replace(f"${{{name}}}", value)
    return resource


def _policy(allowed: Sequence[Json], indent: int | None) -> str:
    whole = {"Version": "2012-10-17", "Statement": allowed}
    return json.dumps(whole, indent=indent, separators=(",", ": ") if indent else (",", ":"))


def table() -> str:
    """Make the table: a row for each service and verb."""
    rows = [HEAD]
    for verb, grants in by_verb().items():
        by_service: dict[str, set[Grant]] = defaultdict(set)
        for action, resource in grants:
            by_service[action.split(":")[0]].add((action, resource))
        for service in sorted(by_service):
            actions = sorted({action.split(":")[1] for action, _ in by_service[service]})
            on = sorted({_short(resource) for _, resource in by_service[service]})
            code = ", ".join(f"`{each}`" for each in actions)
            rows.append(f"| `{verb}` | `{service}` | {code} | {', '.join(f'`{each}`' for each in on)} |\n")
    return "".join(rows)


def _short(resource: str) -> str:
    """Shorten an ARN to what the page's reader replaces: its own part, with STACK in it."""
    own = resource if resource == verbs.ALL else resource.split(":", 5)[-1]
    return own.replace("${Stack}", "STACK").replace("${Bucket}", "STACK")


def with_table(text: str) -> str:
    """Return a page with the table as it is generated."""
    written, times = _TABLE.subn(lambda _: table(), text)
    if times != 1:
        raise SystemExit(f"{DOCS.name} has no table of permissions: it begins with\n{HEAD}")
    return written


def files() -> Mapping[Path, str]:
    """Return everything that is written, by its path."""
    page = with_table(DOCS.read_text(encoding="utf-8"))
    return {DATA: data(), DOCS: page, **{POLICIES / name: text for name, text in policies().items()}}


if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
