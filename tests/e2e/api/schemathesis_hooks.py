"""Loaded by the schemathesis command: signs each request as API Gateway wants it."""

import os
from urllib.parse import urlsplit

import requests
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from requests.auth import AuthBase

from local.sagemaker.guard.signatures import encoded_query


class Signed(AuthBase):
    """Signs for service execute-api with the root key of the local cloud."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        key = os.environ["AWS_ACCESS_KEY_ID"]
        # requests writes a space as a plus, which botocore signs as a plus and AWS reads as a space.
        place, mark, query = str(request.url).partition("?")
        request.url = f"{place}{mark}{encoded_query(query)}"
        wanted = AWSRequest(request.method, request.url, data=request.body or b"")
        SigV4Auth(Credentials(key, os.environ["AWS_SECRET_ACCESS_KEY"]), "execute-api", "us-east-1").add_auth(
            wanted
        )
        wanted.headers["Host"] = urlsplit(str(request.url)).netloc
        request.headers.update(dict(wanted.headers.items()))
        return request


schemathesis.auth.set_from_requests(Signed())  # type: ignore[attr-defined]
