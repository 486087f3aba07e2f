"""Any id is reachable on the deployed API, with the commands and programs that the docs give."""

import ast
import json
import os
import re
import shlex
import subprocess
import sys
from urllib.parse import quote

import httpx
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from retailrec.client.stack import Stack
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.keys import customer_key, item_key
from retailrec_shared.serving.table import Serving
from tests import needs
from tests.e2e.signed_requests import Client
from tests.environment import ROOT

IDS = ["%41", "%2F", "100%", "a/b", "@", "a b", "?#&=", "popular", ".", "..", "ü", "*~'\"", "a,b", "{id}"]
WITH_A_PLUS = "a+b"  # some versions of curl sign it otherwise in a query, none in a body

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def shop(stack: Stack, live_run: Run) -> Stack:
    """The live run, which has items and customers with hostile ids too."""
    line = {"timestamp": "2011-01-01T10:00:00", "invoice": "1", "item_id": "@", "quantity": 2, "price": 2.5}
    history = {"country": "France", "purchases_total": 1, "purchases": [line], "bought": ["@"]}
    table = Serving(stack.output("ServingTable"), stack.aws("dynamodb"))
    ids, run_id = [*IDS, WITH_A_PLUS], live_run.run_id
    table.put_all((item_key(run_id, each), {"description": f"the {each}"}) for each in ids)
    table.put_all((customer_key(run_id, each), history | {"recommendations": []}) for each in ids)
    return stack


@pytest.mark.parametrize("text", [*IDS, WITH_A_PLUS])
def test_an_id_is_reachable_by_every_route(shop: Stack, text: str) -> None:
    client, encoded = Client(shop), quote(text, safe="")
    at_query = [f"/item?id={encoded}", f"/item/similar?id={encoded}", f"/customer/purchases?id={encoded}"]
    at_path = [f"/items/{encoded}", f"/items/{encoded}/similar", f"/customers/{encoded}/purchases"]
    for paths in (at_query, at_path if text not in {"popular", ".", ".."} else []):
        answers = [client.ask("GET", path) for path in paths]
        assert [each.status_code for each in answers] == [200] * len(paths), [each.text for each in answers]
        assert [each.json().get("description") for each in answers[:2]] == [f"the {text}"] * len(paths[:2])
    api = shop.api()
    assert api.similar(text, 1).description == f"the {text}"
    assert api.purchases(text, 1).purchases[0].item_id == "@"
    assert api.explained(text, 3, False, [text, "a,b"]).customer_id == text


def test_an_address_that_is_presigned_is_answered(shop: Stack) -> None:
    request = AWSRequest("GET", f"{shop.api_url}/item?id=%2541")
    credentials = shop.session.get_credentials()
    assert credentials is not None
    SigV4QueryAuth(credentials, "execute-api", "us-east-1", 60).add_auth(request)
    assert httpx.get(request.prepare().url, trust_env=False, timeout=60).json()["description"] == "the %41"


@needs.with_curl
def test_the_curl_commands_of_the_docs_reach_any_id(shop: Stack) -> None:
    with_body, with_query = _blocks("docs/api.md", "sh")[-2:]
    (readme,) = [block for block in _blocks("README.md", "sh") if block.startswith("curl ")]
    ids = [each for each in IDS if "'" not in each]  # of the shell's own quotes
    script = [
        command.replace('"13085"', json.dumps(text)).replace('"a/b + %41"', '"@"')
        for text in [*ids, WITH_A_PLUS]
        for command in (with_body, readme)
    ]
    script += [with_query.replace('"a/b c"', shlex.quote(text)) for text in IDS]
    for name, value in (("REGION:", "us-east-1:"), ("curl ", "curl --silent --noproxy '*' ")):
        script = [command.replace(f"$AWS_{name}", value).replace(name, value) for command in script]
    printed = _run(shop, ["/bin/sh", "-euc", "\necho\n".join(script)])
    answers = [json.loads(line) for line in printed.splitlines() if line]
    asked = [text for text in [*ids, WITH_A_PLUS] for _ in range(2)]
    assert [each["answers"][0]["customer_id"] for each in answers[: len(asked)]] == asked
    assert [each["customer_id"] for each in answers[len(asked) :]] == IDS


def test_the_python_program_of_the_docs_reaches_any_id(shop: Stack) -> None:
    (program,) = _blocks("docs/api.md", "python")
    printed = _run(shop, [sys.executable, "-c", program])
    assert ast.literal_eval(printed)["customer_id"] == "a/b + %41"


def _blocks(page: str, language: str) -> list[str]:
    """Return the blocks of code of a page, without those that only set up."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


def _run(stack: Stack, command: list[str]) -> str:
    assert stack.cloud is not None
    environment = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "AWS_ACCESS_KEY_ID": stack.cloud.access_key,
        "AWS_SECRET_ACCESS_KEY": stack.cloud.secret_key,
        "AWS_REGION": "us-east-1",
        "API_URL": stack.api_url,
        "NO_PROXY": "*",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
