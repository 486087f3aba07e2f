"""The REST API's client: signs with SigV4, and turns refusals into sentences."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from pydantic import BaseModel, ValidationError

from retailrec.client.problems import Problem
from retailrec_shared.contract.api_responses import Purchases, Recommendations, SimilarItems

if TYPE_CHECKING:
    import boto3

# Ids that every client and gateway passes on in a path as they are. The others go into the query.
_PLAIN = re.compile(r"(?!popular$)[A-Za-z0-9_~-][A-Za-z0-9._~-]*", re.ASCII)
TIMEOUT_SECONDS = 30.0  # API Gateway itself gives up after 29


class UnknownCustomer(Problem):
    """The live run has no purchases of this customer."""


class NothingLive(Problem):
    """No run has been live yet."""


Answer = TypeVar("Answer", bound=BaseModel)
Query = list[tuple[str, str]]


class Api:
    """Client of the REST API with the credentials of the session's user."""

    def __init__(self, base_url: str, session: "boto3.Session", through_proxy: bool = True) -> None:
        self._base_url = base_url.rstrip("/")
        self._session = session
        self._http = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=through_proxy)

    def recommendations(self, customer: str, top_n: int) -> Recommendations:
        """Return ``top_n`` recommendations; an unknown customer gets popular items."""
        return self._get(Recommendations, "customer", customer, "recommendations", [("top_n", str(top_n))])

    def explained(
        self, customer: str, top_n: int, exclude_purchased: bool, exclude: Sequence[str]
    ) -> Recommendations:
        """Return recommendations with filters, each with its reason."""
        query: Query = [("top_n", str(top_n)), *(("exclude", item) for item in exclude)]
        query.append(("exclude_purchased", "true" if exclude_purchased else "false"))
        return self._get(Recommendations, "customer", customer, "recommendations", query)

    def purchases(self, customer: str, limit: int) -> Purchases:
        """Return the latest purchases; raises UnknownCustomer."""
        return self._get(Purchases, "customer", customer, "purchases", [("limit", str(limit))])

    def similar(self, item: str, top_n: int) -> SimilarItems:
        """Return the items that are most similar to one."""
        return self._get(SimilarItems, "item", item, "similar", [("top_n", str(top_n))])

    def get(self, path: str, **query: object) -> Any:
        """GET any path; return the JSON of the response. The query is in the path or in arguments."""
        place, _, given = path.lstrip("/").partition("?")
        named = [(name, str(value)) for name, value in query.items()]
        return self._send(self._url(place, parse_qsl(given, keep_blank_values=True) + named)).json()

    def _get(self, model: type[Answer], kind: str, text: str, what: str, query: Query) -> Answer:
        """GET what the API knows of the customer or item with an id."""
        # In the query nothing is split, and no client or gateway takes `.` for a folder.
        if _PLAIN.fullmatch(text) and not any("," in value for _, value in query):
            url = self._url(f"{kind}s/{text}/{what}", query)
        else:
            url = self._url(f"{kind}/{what}", [("id", text), *query])
        answer = self._send(url)
        try:
            return model.model_validate_json(answer.content)
        except ValidationError as error:
            raise Problem(f"{url} is not the recommendation API: check the address.") from error

    def _url(self, place: str, query: Query) -> httpx.URL:
        """Build an address whose query is encoded as AWS encodes it before it checks the signature."""
        encoded = urlencode(query, safe="-_.~", quote_via=quote)
        return httpx.URL(f"{self._base_url}/{place}" + (f"?{encoded}" if encoded else ""))

    def _send(self, url: httpx.URL) -> httpx.Response:
        try:
            answer = self._http.get(url, headers=self._signature(str(url)))
        except httpx.HTTPError as error:
            raise Problem(
                f"The API at {self._base_url} does not answer ({error}): check that the stack is up."
            ) from error
        if answer.status_code != httpx.codes.OK:
            raise _refusal(answer)
        return answer

    def _signature(self, url: str) -> dict[str, str]:
        credentials = self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        request = AWSRequest(method="GET", url=url)
        SigV4Auth(credentials, "execute-api", self._session.region_name).add_auth(request)
        return dict(request.headers.items())


def _refusal(answer: httpx.Response) -> Problem:
    detail = _detail(answer).rstrip(".")
    match answer.status_code:
        case 404 if "customer" in detail.lower():
            return UnknownCustomer(f"{detail}: check the id.")
        case 403 if "Missing Authentication Token" in detail:  # API Gateway's word for an unknown path
            return Problem(f"The API has nothing at {answer.url}: check the id and the stack.")
        case 403:
            return Problem(
                f"The API refused your credentials ({detail}): they need execute-api:Invoke on it."
            )
        case 503 if "No model is live" in detail:
            return NothingLive(f"{detail}.")
        case 404 | 400 | 503 if detail:
            return Problem(f"{detail}.")
    return Problem(f"The API answered {answer.status_code} ({detail}): `retailrec logs` shows why.")


def _detail(answer: httpx.Response) -> str:
    """Read the message of a problem body (RFC 9457) or of API Gateway itself."""
    try:
        body: Any = answer.json()
    except ValueError:
        return answer.reason_phrase
    message = (
        (body.get("detail") or body.get("message") or body.get("Message")) if isinstance(body, dict) else ""
    )
    # API Gateway explains a wrong signature in further paragraphs, which help only who wrote the client.
    return str(message or answer.reason_phrase).partition("\n\n")[0]
