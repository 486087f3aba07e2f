"""Reads a request's signature: in its Authorization header, or in its query (presigned)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.sagemaker.guard.keys import Reason, Refused
from local.sagemaker.guard.request import Request

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = timedelta(minutes=15)
MAX_LIFETIME = 7 * 24 * 3600  # seconds that a presigned address may live
UNSIGNED = "UNSIGNED-PAYLOAD"
# Only S3's clients send it, for bodies with a trailing checksum.
STREAMED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

_FIELD = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
_SCOPE = re.compile(r"([A-Za-z0-9]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}")
_STAMP = "%Y%m%dT%H%M%SZ"
# Parameters by which a service could identify another caller than the signature does.
_IDENTIFYING = re.compile(r"x-amz-(algorithm|credential|date|expires|signature|signedheaders|security-token)")
_OF_VERSION_2 = {"awsaccesskeyid", "signature"}
PRESIGNED = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")


@dataclass(frozen=True)
class Claim:
    """What a signature claims: who signed what, and when; ``body`` is the signed hash, if it was given."""

    access_key: str
    region: str
    service: str
    stamp: str
    signed: tuple[str, ...]
    signature: str
    token: str
    body: str | None
    presigned: bool

    @property
    def body_unsigned(self) -> bool:
        """Return whether the signature does not cover the body, which S3 allows."""
        return self.body in (UNSIGNED, STREAMED)


def read(request: Request, now: datetime) -> Claim:
    """Read a request's claim; raises Refused if it is absent, malformed or expired."""
    presigned = any(_IDENTIFYING.fullmatch(name.lower()) for name, _ in request.query)
    if any(name.lower() in _OF_VERSION_2 for name, _ in request.query):
        raise Refused(Reason.UNSUPPORTED, "Sign with signature version 4.")
    if "authorization" not in request.headers:
        if not presigned:
            raise Refused(Reason.UNSIGNED, "Missing Authentication Token")
        return _from_query(request, now)
    if presigned:
        raise Refused(Reason.INCOMPLETE, "Sign in the Authorization header or in the query, not in both.")
    return _from_headers(request, now)


def _from_headers(request: Request, now: datetime) -> Claim:
    text = request.header("authorization") or ""
    fields = _FIELD.findall(text)
    given = dict(fields)
    if not text.startswith(f"{ALGORITHM} ") or len(fields) != len(given):
        raise Refused(Reason.INCOMPLETE, f"Authorization header requires one {ALGORITHM} signature.")
    for name in ("Credential", "SignedHeaders", "Signature"):
        if name not in given:
            raise Refused(Reason.INCOMPLETE, f"Authorization header requires '{name}' parameter.")
    claim = _claim(
        request,
        given["Credential"],
        given["SignedHeaders"],
        given["Signature"],
        stamp=_once(request, "x-amz-date"),
        token=_once(request, "x-amz-security-token"),
        presigned=False,
    )
    signed_at = _time(claim.stamp)
    if abs(now - signed_at) > SKEW:
        which, edge = ("expired", now - SKEW) if signed_at < now else ("not yet current", now + SKEW)
        compared = "earlier" if signed_at < now else "later"
        raise Refused(
            Reason.SKEWED,
            f"Signature {which}: {claim.stamp} is now {compared} than {edge.strftime(_STAMP)} "
            f"({now.strftime(_STAMP)} {'-' if signed_at < now else '+'} 15 min.)",
        )
    return claim


def _from_query(request: Request, now: datetime) -> Claim:
    given = {}
    for name in PRESIGNED:
        values = request.parameters(f"X-Amz-{name}")
        if len(values) != 1:
            raise Refused(Reason.INCOMPLETE, f"AWS query-string parameters must include 'X-Amz-{name}'.")
        given[name] = values[0]
    tokens = request.parameters("X-Amz-Security-Token")
    # A second one in another case would be signed, and a service might read it instead.
    if sum(bool(_IDENTIFYING.fullmatch(name.lower())) for name, _ in request.query) != 6 + len(tokens):
        raise Refused(Reason.INCOMPLETE, "A parameter of the signature is given twice.")
    if given["Algorithm"] != ALGORITHM or len(tokens) > 1 or not _lifetime(given["Expires"]):
        raise Refused(Reason.INCOMPLETE, f"Presign with {ALGORITHM}, for 1 to {MAX_LIFETIME} seconds.")
    claim = _claim(
        request,
        given["Credential"],
        given["SignedHeaders"],
        given["Signature"],
        stamp=given["Date"],
        token=tokens[0] if tokens else "",
        presigned=True,
    )
    signed_at = _time(claim.stamp)
    if signed_at - now > SKEW:
        raise Refused(Reason.SKEWED, f"Signature not yet current: {claim.stamp} is still to come.")
    if now > signed_at + timedelta(seconds=_lifetime(given["Expires"])):
        raise Refused(Reason.EXPIRED, "Request has expired")
    return claim


def _claim(
    request: Request,
    credential: str,
    signed_headers: str,
    signature: str,
    *,
    stamp: str,
    token: str,
    presigned: bool,
) -> Claim:
    scope = _SCOPE.fullmatch(credential)
    if scope is None:
        raise Refused(
            Reason.INCOMPLETE,
            "Credential must have 5 slash-delimited elements: keyid/date/region/service/aws4_request.",
        )
    if scope[2] != stamp[:8]:
        raise Refused(
            Reason.MISMATCH, "Date in Credential scope does not match YYYYMMDD of the request's date."
        )
    signed = tuple(signed_headers.split(";"))
    _check_signed(request, signed)
    body = _once(request, "x-amz-content-sha256") or None
    if presigned and scope[4] == "s3" and body is None:
        body = UNSIGNED
    claim = Claim(scope[1], scope[3], scope[4], stamp, signed, signature, token, body, presigned)
    if body is not None and not _HASH.fullmatch(body) and not (claim.body_unsigned and scope[4] == "s3"):
        raise Refused(Reason.UNSUPPORTED, "x-amz-content-sha256 must be the body's SHA-256 here.")
    return claim


def _check_signed(request: Request, signed: tuple[str, ...]) -> None:
    """Refuse a signature that omits the host or an x-amz header, or that names an absent header."""
    if list(signed) != sorted(set(signed)) or "host" not in signed:
        raise Refused(Reason.MISMATCH, "'Host' or ':authority' must be a 'SignedHeader' in the request.")
    came = set(request.names())
    unsigned = sorted(name for name in came if name.startswith("x-amz-") and name not in signed)
    if unsigned or not came.issuperset(signed):
        raise Refused(
            Reason.MISMATCH, f"There were headers which were not signed: {', '.join(unsigned) or 'none'}."
        )


def _once(request: Request, name: str) -> str:
    """Return a header's value, or nothing; two of one name are refused."""
    if name not in request.headers:
        return ""
    value = request.header(name)
    if value is None:
        raise Refused(Reason.INCOMPLETE, f"The header {name} is given twice.")
    return value.strip()


def _time(stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise Refused(
            Reason.INCOMPLETE, "Authorization header requires existence of a 'X-Amz-Date' header."
        ) from None


def _lifetime(text: str) -> int:
    """Read how many seconds a presigned address lives; 0 if it is not a valid number."""
    if not (text.isascii() and text.isdecimal() and len(text) < 7):
        return 0
    return int(text) if int(text) <= MAX_LIFETIME else 0
