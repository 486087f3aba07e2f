"""``retailrec keys``: credentials and addresses of the local cloud, for curl and the AWS command line."""

import shlex

from retailrec.client import laptop
from retailrec.client.problems import Problem
from retailrec.client.stack import NO_CLOUD, Stack
from retailrec.views.screen import out


def keys() -> None:
    """Print lines for a shell to evaluate; raises Problem without a local cloud."""
    cloud = laptop.running()
    if cloud is None:
        raise Problem(NO_CLOUD)
    values = {
        "AWS_ACCESS_KEY_ID": cloud.access_key,
        "AWS_SECRET_ACCESS_KEY": cloud.secret_key,
        "AWS_DEFAULT_REGION": cloud.region,
        "AWS_REGION": cloud.region,
        "AWS_ENDPOINT_URL": cloud.aws_url,
        "AWS_ENDPOINT_URL_SAGEMAKER": cloud.sagemaker_url,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": cloud.sagemaker_url,
        "API_URL": Stack.local(cloud).api_url,
    }
    for name, value in values.items():
        out().print(f"export {name}={shlex.quote(value)}", soft_wrap=True)
    out().print("unset AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE")
