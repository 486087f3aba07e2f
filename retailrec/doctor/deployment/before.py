"""All checks before a deployment, each on its own, in the order in which it would meet the problems."""

from collections.abc import Callable, Iterator
from functools import partial

from retailrec.client.problems import NO_REGION
from retailrec.doctor.algorithm_checks import check_image, check_marketplace
from retailrec.doctor.deployment import surroundings
from retailrec.doctor.deployment.account import Caller, check_lambda, check_region, who
from retailrec.doctor.deployment.plan import Plan
from retailrec.doctor.deployment.rights import check_rights
from retailrec.doctor.findings import Finding, Verdict, failed, note, ok, run_check, unknown
from retailrec.doctor.permissions import OF_WEB_ACLS, Place, needed, without
from retailrec.doctor.quota_checks import check_quotas
from retailrec.doctor.stack_name import check_stack_name
from retailrec.removal.identity import Client

REPOSITORY_NAME = "retailrec-algorithm"


def examine(
    plan: Plan, client: Client, region: str | None, sam_region: str | None, image_tag: Callable[[], str]
) -> list[Finding]:
    """Check a plan in an account and a region.

    ``sam_region`` is where `sam deploy` would deploy without --region; ``image_tag`` computes the tag of the
    image to be pushed.
    """
    callers: list[Caller] = []
    found = run_check("credentials", lambda: _credentials(client, region, callers))
    found += [*plan.findings, *check_stack_name(plan.stack)]
    if not callers or region is None:
        return [*found, unknown("the rest", "Everything else needs credentials and a region.")]
    well_named = found[-1].verdict is Verdict.OK
    if sam_region != region:
        elsewhere = f"would deploy in {sam_region}" if sam_region else "finds no region"
        found.append(note("region", f"`sam deploy` {elsewhere}: give it --region {region}."))
    for what, check in _checks(plan, client, region, callers[0], image_tag, well_named):
        found += run_check(what, check)
    return found


def _credentials(client: Client, region: str | None, callers: list[Caller]) -> Iterator[Finding]:
    if region is None:
        yield failed("credentials", NO_REGION)
        return
    caller = who(client("sts"))
    callers.append(caller)
    yield ok("credentials", f"You are {caller.arn}, in account {caller.account} and region {region}.")


Check = tuple[str, Callable[[], Iterator[Finding]]]


def _checks(
    plan: Plan, client: Client, region: str, caller: Caller, image_tag: Callable[[], str], well_named: bool
) -> Iterator[Check]:
    parameters, settings = plan.parameters, plan.settings()
    yield "region", lambda: check_region(client("sagemaker"), region)
    if well_named:
        yield "stack", lambda: surroundings.check_stack(client, plan, region)
    yield "bucket", lambda: surroundings.check_artifacts_bucket(client("s3"), plan)
    if settings and settings.algorithm_arn:
        yield "algorithm", lambda: check_marketplace(client("sagemaker"), settings, region)
    elif settings:
        yield "algorithm", lambda: _image(client, plan, region, caller, image_tag)
    if settings:
        yield "quotas", lambda: check_quotas(client("service-quotas"), settings)
    yield "Lambda", lambda: check_lambda(client("lambda"))
    verbs = ["deploy"] if parameters["AlgorithmArn"] else ["push-image", "deploy"]
    needs = needed(verbs, Place(plan.stack, region, caller.account, caller.partition))
    if not parameters["WebAclArn"]:
        needs = without(needs, OF_WEB_ACLS)
    yield "permissions", lambda: check_rights(client("iam"), caller, needs)
    yield "API logs", lambda: surroundings.check_api_logs(client("apigateway"), plan.stack, parameters)
    yield "uploaders", lambda: surroundings.check_principals(client("iam"), parameters, caller.account)
    yield "web ACL", partial(surroundings.check_web_acl, parameters, region)
    yield "alarms", partial(surroundings.check_alarms, parameters)


def _image(
    client: Client, plan: Plan, region: str, caller: Caller, image_tag: Callable[[], str]
) -> Iterator[Finding]:
    """Check the chosen image, or without one the image that `push-image` would push of these sources."""
    chosen = plan.parameters["AlgorithmImageUri"]
    domain = "amazonaws.com.cn" if caller.partition == "aws-cn" else "amazonaws.com"
    uri = chosen or f"{caller.account}.dkr.ecr.{region}.{domain}/{REPOSITORY_NAME}:{image_tag()}"
    if ".dkr.ecr." in uri and f".dkr.ecr.{region}." not in uri:
        yield failed(
            "algorithm",
            f"{uri} is not in {region}, and SageMaker takes an image from its own region alone.",
            f"Push it there: retailrec push-image --region {region}",
        )
        return
    yield from check_image(client("ecr"), uri)
    if not chosen:
        yield note("algorithm", f"Deploy with --parameter-overrides AlgorithmImageUri={uri}")
