"""Paths of a running local SageMaker that AWS does not have, as the cloud's root user asks them."""

import json
from typing import Any

import httpx

from local.cloud import Running
from local.sagemaker.guard.signing import signed_headers


def ask_sagemaker(cloud: Running, method: str, path: str, asked: Any = None) -> httpx.Response:
    """Ask with a signature; raises httpx's error for a refusal."""
    url = f"{cloud.sagemaker_url}{path}"
    body = b"" if asked is None else json.dumps(asked).encode()
    headers = signed_headers(method, url, body, "sagemaker", cloud.region, cloud.access_key, cloud.secret_key)
    answer = httpx.request(method, url, content=body, headers=headers, timeout=60, trust_env=False)
    return answer.raise_for_status()
