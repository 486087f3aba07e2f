"""The console in a browser, over the real pipeline."""

import csv
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from retailrec.client.stack import Stack
from retailrec.console.app import build
from retailrec.console.stack_session import NoStack, StackSession
from retailrec.generate import Shape, write
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.run import Run
from tests.browser import browser
from tests.console_server import serving
from tests.e2e.conftest import ANSWER_SECONDS, ROWS, drop, follow
from tests.needs import with_chromium

VIEWS = ("runs", "model", "customers/13085", "drop")
PATIENCE_MS = 180_000
expect.set_options(timeout=PATIENCE_MS)
RUN_MS = 600_000
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
# What the announcer says is replaced by what it says next: all of it is kept, from before the page loads.
KEEP_ANNOUNCEMENTS = """
window.announced = [];
new MutationObserver(() => {
    const text = document.querySelector("#announcer")?.textContent;
    if (text && window.announced.at(-1) !== text) window.announced.push(text);
}).observe(document, {subtree: true, childList: true, characterData: true});
"""
Open = Callable[..., Page]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), with_chromium]


@pytest.fixture(scope="module")
def url(stack: Stack, first_run: Run) -> Iterator[str]:
    shop = StackSession.of(stack)
    with serving(build(lambda: shop)) as address:
        yield address


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def open_page(chrome: Browser, url: str) -> Iterator[Open]:
    """Open a view; whatever the browser complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def show(view: str, width: int = 1280, scheme: str = "light", address: str = url) -> Page:
        context = chrome.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(KEEP_ANNOUNCEMENTS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None
        )
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(f"{address}/#/{view}")
        return page

    yield show
    for context in contexts:
        context.close()
    assert complaints == []


def settle(page: Page, view: str) -> None:
    """Wait until a view shows what it was opened for."""
    shown = {
        "runs": "[data-stage=deploy]",
        "model": ".chart svg[role=img]",
        "customers/13085": "#real-time .items li",
        "drop": "#choose",
    }[view]
    expect(page.locator(shown).first).to_be_visible(timeout=PATIENCE_MS)


def test_runs_show_stages_rows_and_the_quality_report(open_page: Open, live_run: Run) -> None:
    page = open_page(f"runs/{live_run.run_id}")
    expect(page.locator("[data-state=done]")).to_have_count(6, timeout=PATIENCE_MS)
    for stage in ("prepare", "train", "approve", "batch", "publish", "deploy"):
        expect(page.locator(f"[data-stage={stage}]")).to_be_visible()
    rejected = page.locator(".reasons li", has_text="missing customer")
    expect(rejected).to_contain_text(f"{live_run.counts['rejected_missing_customer']:,}")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Quality report").click()
    report = opened.value
    expect(report.get_by_text("Quality report").first).to_be_visible()
    assert report.evaluate("origin") == "null", "the report has no origin of ours"


def test_the_model_is_plotted_over_its_epochs_and_over_the_runs(open_page: Open, live_run: Run) -> None:
    page = open_page(f"model/{live_run.run_id}")
    settle(page, "model")
    expect(page.locator("#epochs-title")).to_have_count(1, timeout=PATIENCE_MS)
    assert page.locator("figure", has=page.locator("#epochs-title")).locator("circle").count() >= 3
    over = page.locator("figure", has=page.locator("#over-title"))
    over.locator("summary").click()
    expect(over.get_by_role("table")).to_contain_text(f"{live_run.metrics['p@k(10)']:.4f}")
    expect(over.get_by_role("table")).to_contain_text(f"{live_run.metrics['p@k(10)_popularity']:.4f}")
    comparison = page.get_by_role("group", name="Metrics")
    expect(comparison.get_by_role("columnheader", name="previous model")).to_be_visible()
    assert comparison.evaluate("node => node.scrollWidth <= node.clientWidth"), "all columns are seen at once"


def test_a_customers_purchases_are_shown_next_to_both_kinds_of_recommendations(open_page: Open) -> None:
    page = open_page("customers")
    page.get_by_label("Find a customer").fill("13085")
    page.get_by_role("link", name="13085", exact=True).click()
    settle(page, "customers/13085")
    expect(page.locator("#bought .items li").first).to_be_visible()
    expect(page.locator("#batch .items li")).to_have_count(10)
    expect(page.locator("#real-time .items li")).to_have_count(10)
    deadline = time.monotonic() + ANSWER_SECONDS
    # Where the machine is too busy for it to answer in time, the API says another source.
    while "the model's endpoint" not in page.locator("#real-time").inner_text():
        assert time.monotonic() < deadline
        page.reload()
        settle(page, "customers/13085")
    expect(page.locator("#real-time")).to_contain_text("the model's endpoint")

    first = str(page.locator("#batch .items li").first.get_attribute("data-item"))
    page.locator(f'[id="out-batch-{first}"]').click()
    expect(page.locator(f'#batch [data-item="{first}"]')).to_have_count(0)
    page.get_by_role("button", name=f"Include {first} again").click()
    expect(page.locator(f'#batch [data-item="{first}"]')).to_have_count(1)

    page.get_by_label("How many").fill("3")
    page.get_by_label("How many").press("Enter")
    expect(page.locator("#batch .items li")).to_have_count(3)
    expect(page.locator("#real-time .items li")).to_have_count(3)


def test_an_item_opens_what_is_similar_to_it(open_page: Open) -> None:
    page = open_page("customers/13085")
    settle(page, "customers/13085")
    name = page.locator("#batch .what").first
    text = name.inner_text()
    name.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text(f"Similar to {text}")
    expect(dialog.get_by_text("Loading …")).to_have_count(0, timeout=PATIENCE_MS)
    expect(dialog.locator(".items li, .notice").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(name).to_be_focused()


def visit(page: Page, view: str) -> None:
    """Go to another view, as a link in the page does."""
    page.goto(f"{page.url.split('#')[0]}#/{view}")
    settle(page, view)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_views_are_accessible(open_page: Open, scheme: str) -> None:
    page = open_page(VIEWS[0], scheme=scheme)
    for view in VIEWS:
        visit(page, view)
        violations = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == [], view


def test_the_views_fit_a_phone(open_page: Open) -> None:
    page = open_page(VIEWS[0], width=360)
    for view in VIEWS:
        visit(page, view)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, view


def test_the_keyboard_alone_is_enough(open_page: Open, tmp_path: Path) -> None:
    page = open_page("runs")
    settle(page, "runs")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    tab_to(page, page.locator(".runs a").first)
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus can be seen"
    page.keyboard.press("Enter")
    page.reload()
    tab_to(page, page.locator("#theme"))
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    tab_to(page, page.get_by_role("link", name="Drop a file"), backwards=True)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()  # as after every change of the view
    tab_to(page, page.get_by_role("radio", name="it replaces the dataset"))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="they are added to the dataset")).to_be_checked()
    tab_to(page, page.locator("#choose"))
    with page.expect_file_chooser() as chooser:
        page.locator("#choose").press("Enter")
    empty = tmp_path / "empty.csv"
    empty.touch()
    chooser.value.set_files(empty)
    expect(page.locator(".notice.bad")).to_contain_text("The file is empty")


def tab_to(page: Page, target: object, backwards: bool = False) -> None:
    """Press Tab until something has the focus."""
    for _ in range(40):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if target.evaluate("node => node === document.activeElement"):  # type: ignore[attr-defined]
            return
    raise AssertionError(f"the keyboard does not reach {target}")


def test_without_a_cloud_the_page_says_so_and_comes_back_by_itself(open_page: Open, stack: Stack) -> None:
    shops: list[StackSession] = []

    def opener() -> StackSession:
        if not shops:
            raise NoStack("The local cloud is not up: run `retailrec up`.")
        return shops[0]

    with serving(build(opener)) as address:
        page = open_page("runs", address=address)
        expect(page.locator("main")).to_contain_text("run `retailrec up`")
        shops.append(StackSession.of(stack))
        settle(page, "runs")


def test_an_unusable_file_dragged_here_is_refused_in_a_sentence(open_page: Open) -> None:
    page = open_page("drop")
    settle(page, "drop")
    dragged = page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["name,age\\nA,3\\n"], "people & co.csv"));
            return data;
        }"""
    )
    page.dispatch_event("#zone", "dragover", {"dataTransfer": dragged})
    expect(page.locator("#zone")).to_have_class("zone over")
    page.dispatch_event("#zone", "drop", {"dataTransfer": dragged})
    refusal = page.locator("#dropped .notice.bad")
    expect(refusal).to_contain_text("No column is recognised", timeout=PATIENCE_MS)
    expect(refusal).to_contain_text("What to do: Correct the file and drop it again")


def hostile_file(path: Path) -> Path:
    """Write the shop's file again, with markup for the descriptions of its most sold items."""
    write(path, Shape.of_rows(ROWS), seed=7)
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    item, description = header.index("StockCode"), header.index("Description")
    sold = {code for code, _ in Counter(row[item] for row in rows).most_common(60)}
    for row in rows:
        if row[item] in sold:
            row[description] = f"{HOSTILE} {row[item]}"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_a_drop_is_followed_to_live_and_its_scripts_are_text(
    open_page: Open, stack: Stack, tmp_path: Path
) -> None:
    page = open_page("drop")
    settle(page, "drop")
    page.set_input_files("#file", hostile_file(tmp_path / "<b>hostile.csv"))
    expect(page.locator("#dropped [data-stage=prepare]")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#dropped .badge.live")).to_be_visible(timeout=RUN_MS)
    expect(page.locator("#dropped [data-state=done]")).to_have_count(6)
    expect(page.locator("#run-title")).to_have_text("<b>hostile.csv")

    page.goto(page.url.replace("#/drop", "#/customers/13085"))
    expect(page.locator("#bought .what", has_text=HOSTILE).first).to_be_visible()
    assert page.locator("main img").count() == 0
    assert page.title().startswith("Customers")


def test_a_file_of_new_rows_adds_to_the_dataset(open_page: Open, stack: Stack, tmp_path: Path) -> None:
    whole, day = tmp_path / "whole shop.csv", tmp_path / "a day.csv"
    write(whole, Shape.of_rows(ROWS), seed=17)
    assert follow(stack, drop(stack, whole)).status is RunStatus.LIVE
    day.write_text(
        "".join(whole.read_text(encoding="utf-8").splitlines(keepends=True)[:200]), encoding="utf-8"
    )
    page = open_page("drop")
    expect(page.get_by_role("radio", name="it replaces the dataset")).to_be_checked()
    page.get_by_label("they are added to the dataset").check()
    page.set_input_files("#file", day)
    expect(page.locator("#dropped .badge")).to_have_text("collected", timeout=PATIENCE_MS)
    assert any("to be added to the dataset" in said for said in page.evaluate("window.announced"))
    expect(page.locator("#run-title")).to_have_text("append/a day.csv")
    expect(page.locator("#dropped .notice")).to_contain_text("199 rows were there already")
    expect(page.locator("#brought")).to_contain_text("This file has 199 rows")
    first, *_ = stack.ledger().runs()
    assert first.dataset.added_to
    assert first.counts["rows_repeated"] == 199
