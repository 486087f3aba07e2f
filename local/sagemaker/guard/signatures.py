"""Computes what a request's signature should be, by botocore, and compares."""

import hmac
from email.message import Message
from urllib.parse import quote, urlencode

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.sagemaker.guard.claims import Claim
from local.sagemaker.guard.keys import Key, Reason, Refused
from local.sagemaker.guard.request import Request

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details."
)


def check(request: Request, claim: Claim, key: Key, body_hash: str) -> None:
    """Raise Refused unless the key's secret signed this request, with a body of this hash.

    The query is tried in two encodings: encoded again, as AWS does, and as it came, as some clients sign it.
    """
    if not request.raw_path.startswith("/") or set("#?") & set(request.raw_path):
        raise Refused(Reason.MISMATCH, MISMATCH)
    signer = (_OfS3 if claim.service == "s3" else _Plain)(
        Credentials(key.access_key, key.secret), claim.service, claim.region
    )
    signer.claim, signer.body_hash = claim, body_hash
    for wanted in _spellings(request):
        wanted.context["timestamp"] = claim.stamp
        found = signer.signature(signer.string_to_sign(wanted, signer.canonical_request(wanted)), wanted)
        if hmac.compare_digest(found.encode(), claim.signature.encode()):
            return
    raise Refused(Reason.MISMATCH, MISMATCH)


def _spellings(request: Request) -> list[AWSRequest]:
    given = [each for each in request.query if each[0] != "X-Amz-Signature"]
    parts = [part for part in request.raw_query.split("&") if part.partition("=")[0] != "X-Amz-Signature"]
    # Only one if both are the same, as usual.
    queries = dict.fromkeys((urlencode(given, safe="-_.~", quote_via=quote), "&".join(parts)))
    found = [AWSRequest(request.method, f"http://host{request.raw_path}?{query}") for query in queries]
    for each in found:
        each.headers = request.headers
    return found


class _Claimed:
    """Signs what a claim names: its headers, and a body with a known hash."""

    claim: Claim
    body_hash: str

    def headers_to_sign(self, request: AWSRequest) -> Message:
        found = Message()
        for name in self.claim.signed:
            for value in request.headers.get_all(name, []):
                found[name] = value
        return found

    def payload(self, request: AWSRequest) -> str:
        return self.body_hash


class _Plain(_Claimed, SigV4Auth):  # type: ignore[misc]
    pass


class _OfS3(_Claimed, S3SigV4Auth):  # type: ignore[misc]
    pass
