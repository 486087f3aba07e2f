"""Signs a request to a guarded service, for callers that use no AWS client."""

from collections.abc import Mapping
from types import MappingProxyType

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def signed_headers(
    method: str,
    url: str,
    body: bytes,
    service: str,
    region: str,
    access_key: str,
    secret: str,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Return the headers of a request, with those that sign it."""
    request = AWSRequest(method, url, headers=dict(headers), data=body)
    SigV4Auth(Credentials(access_key, secret), service, region).add_auth(request)
    return dict(request.headers.items())
