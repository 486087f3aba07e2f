import pytest
from starlette.datastructures import Headers

from retailrec.console.guard import FOREIGN_POLICY, PAGE_POLICY, refusal

TOKEN = "secret"
HOST = "127.0.0.1:4680"


def asked(method: str = "GET", **headers: str) -> int | None:
    given = Headers({"host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()})
    refused = refusal(method, given, TOKEN)
    return refused and refused[0]


@pytest.mark.parametrize("host", ["127.0.0.1:4680", "localhost:4680", "localhost", "127.0.0.1"])
def test_the_loopback_interface_is_answered(host: str) -> None:
    assert asked(host=host) is None


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:4680", "127.0.0.1.evil.example:4680", "localhost.evil.example",
     "127.0.0.1@evil.example", "192.168.1.2:4680", "[::1", "", "localhost#.evil.example", "localhost/x",
     "localhost?.evil.example", "127.0.0.1:4680, evil.example", "127.0.0.1:\xb2", "127.1", "localhost\n"],
)  # fmt: skip
def test_a_name_that_was_pointed_here_is_not(host: str) -> None:
    assert asked(host=host) == 421


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_page_may_not_ask_but_may_link(site: str) -> None:
    assert asked(sec_fetch_site=site, sec_fetch_mode="cors") == 403
    assert asked(sec_fetch_site=site, sec_fetch_mode="no-cors") == 403
    assert asked(sec_fetch_site=site, sec_fetch_mode="navigate") is None
    assert asked("PUT", sec_fetch_site=site, sec_fetch_mode="navigate") == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:4680"]
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_another_origin_may_not_ask_even_with_the_token(method: str, origin: str) -> None:
    assert asked(method, origin=origin, x_console_token=TOKEN) == 403


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
@pytest.mark.parametrize("token", [None, "", "wrong", "sécret"])
def test_what_changes_something_needs_the_pages_token(method: str, token: str | None) -> None:
    headers = {} if token is None else {"x_console_token": token}
    assert asked(method, origin=f"http://{HOST}", **headers) == 403
    assert asked(method, origin=f"http://{HOST}", x_console_token=TOKEN) is None


def test_the_policies_allow_nothing_inline_and_no_other_host() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in PAGE_POLICY.split(";"))
    assert rules["default-src"] == "'none'"
    assert {rules["script-src"], rules["style-src"], rules["connect-src"]} == {"'self'"}
    assert "unsafe" not in PAGE_POLICY
    assert "http" not in PAGE_POLICY + FOREIGN_POLICY
    assert FOREIGN_POLICY.startswith("sandbox;"), "no script, no origin"
    assert "script-src" not in FOREIGN_POLICY
