"""Computes what a request's signature should be, by botocore, and compares."""

import hmac
from email.message import Message
from urllib.parse import parse_qsl, quote, urlencode

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
    """Raise Refused unless the key's secret signed this request, with a body of this hash."""
    if not request.raw_path.startswith("/") or set("#?") & set(request.raw_path):
        raise Refused(Reason.MISMATCH, MISMATCH)
    signer = (_OfS3 if claim.service == "s3" else _Plain)(
        Credentials(key.access_key, key.secret), claim.service, claim.region
    )
    signer.claim, signer.body_hash = claim, body_hash
    wanted = AWSRequest(request.method, f"http://host{request.raw_path}?{encoded_query(request.raw_query)}")
    wanted.headers = request.headers
    wanted.context["timestamp"] = claim.stamp
    canonical = signer.canonical_request(wanted)
    to_sign = signer.string_to_sign(wanted, canonical)
    if not hmac.compare_digest(signer.signature(to_sign, wanted).encode(), claim.signature.encode()):
        raise Refused(
            Reason.MISMATCH, MISMATCH + (_explanation(canonical, to_sign) if _explains(claim) else "")
        )


def encoded_query(raw: str) -> str:
    """Encode a query as AWS does before it compares: every parameter decoded, then encoded strictly.

    So `@` is signed as `%40`, a plus as the space that it stands for (`%20`), and a name alone as `name=`,
    however the sender spelt it. botocore sorts the parameters.
    """
    # latin-1 keeps bytes that are no UTF-8.
    given = parse_qsl(raw, keep_blank_values=True, encoding="latin-1")
    kept = [each for each in given if each[0] != "X-Amz-Signature"]
    return urlencode(kept, safe="-_.~", quote_via=quote, encoding="latin-1")


def _explains(claim: Claim) -> bool:
    """Return whether the service explains a mismatch: API Gateway does."""
    return claim.service == "execute-api"


def _explanation(canonical: str, to_sign: str) -> str:
    """Describe what should have been signed, in API Gateway's words; neither text holds a secret."""
    return (
        f"\n\nThe Canonical String for this request should have been\n'{canonical}'\n\n"
        f"The String-to-Sign should have been\n'{to_sign}'\n"
    )


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
