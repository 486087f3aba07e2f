"""The rules of the gate: a verb for each test, drawn order, limited processor time, no tool missing in CI."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import needs
from tests.plugins import markers

pytestmark = pytest.mark.slow

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc and adopts orphans")
BUSY = """
import time
def test_busy():
    end = time.process_time() + 0.3
    while time.process_time() < end: pass
test_busy()
"""
IN_A_TEST = BUSY.removesuffix("test_busy()\n")
BUSY_BELOW = f"""
import subprocess, sys
def test_below(): subprocess.run([sys.executable, "-c", {BUSY!r}])
"""


@pytest.fixture(autouse=True)
def no_other_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load only what a test names: the others take a second in each run."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def files_of(result: pytest.RunResult) -> list[str]:
    """Return the files in the order in which they ran."""
    return list(dict.fromkeys(re.findall(r"test_file_\d+", "\n".join(result.outlines))))


@pytest.fixture
def twenty(pytester: pytest.Pytester) -> pytest.Pytester:
    for number in range(20):
        pytester.makepyfile(**{f"test_file_{number:02}": "def test_one(): pass\ndef test_two(): pass"})
    return pytester


def test_a_seed_repeats_the_order_of_files_and_another_changes_it(twenty: pytest.Pytester) -> None:
    first, again, other = (
        files_of(twenty.runpytest_inprocess("-v", "-p", "tests.plugins.order", "--seed", seed))
        for seed in ("1", "1", "2")
    )
    assert first == again
    assert first != other
    assert sorted(first) == sorted(other) == [f"test_file_{number:02}" for number in range(20)]


def test_without_a_seed_one_is_drawn_and_printed(
    twenty: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    runs = [twenty.runpytest_inprocess("-v", "-p", "tests.plugins.order") for _ in range(2)]
    seeds = [re.search(r"--seed (\d+)", "\n".join(run.outlines)) for run in runs]
    assert seeds[0]
    assert seeds[1]
    assert seeds[0][1] != seeds[1][1]
    assert files_of(runs[0]) != files_of(runs[1])


def test_workers_share_the_seed_that_is_drawn(
    twenty: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """xdist refuses workers that have different orders."""
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    result = twenty.runpytest_inprocess("-p", "xdist", "-n", "2", "-p", "tests.plugins.order")
    result.assert_outcomes(passed=40)


def test_the_tests_of_a_file_stay_together_and_are_shuffled_if_asked(twenty: pytest.Pytester) -> None:
    result = twenty.runpytest_inprocess("-v", "-p", "tests.plugins.order", "--seed", "1", "--shuffle-tests")
    ran = re.findall(r"(test_file_\d+)\.py::(test_\w+)", "\n".join(result.outlines))
    assert [file for file, _ in ran[::2]] == [file for file, _ in ran[1::2]]
    assert {("test_one", "test_two"), ("test_two", "test_one")} == {
        (first[1], second[1]) for first, second in zip(ran[::2], ran[1::2], strict=True)
    }


@pytest.mark.parametrize(
    ("code", "workers"),
    [(IN_A_TEST, ()), (BUSY_BELOW, ()), (IN_A_TEST, ("-p", "xdist", "-n", "1"))],
    ids=["in the test", "in a process below it", "in a worker"],
)
def test_a_test_above_the_limit_fails_the_run(
    pytester: pytest.Pytester, code: str, workers: tuple[str, ...]
) -> None:
    pytester.makepyfile(test_it=code, test_other="def test_idle(): pass")
    options = ("-p", "tests.plugins.processor_time", *workers)
    above = pytester.runpytest_inprocess(*options, "--processor-limit", "0.2")
    assert above.ret == pytest.ExitCode.TESTS_FAILED
    above.stdout.re_match_lines([r"FAILED test_it.py.*the limit is .*make it cheaper"])
    above.stdout.no_re_match_line("FAILED test_other.py")


def test_the_largest_are_printed_and_those_within_the_limit_pass(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=IN_A_TEST, test_other="def test_idle(): pass")
    within = pytester.runpytest_inprocess("-p", "tests.plugins.processor_time", "--processor-limit", "60")
    assert within.ret == pytest.ExitCode.OK
    lines = [r"=+ processor time: .* in 2 tests; the largest =+", r" +\d+\.\d s .*test_it.py"]
    within.stdout.re_match_lines(lines)


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)], ids=["in CI", "on a laptop"])
@pytest.mark.parametrize("what", [needs.DOCKER, needs.CHROMIUM])
def test_a_skip_for_want_of_a_tool_fails_ci_and_is_listed_elsewhere(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, what: str, ci: str, code: int
) -> None:
    monkeypatch.setenv("CI", ci)
    pytester.makepyfile(f"from tests import needs\ndef test_it(): needs.skip({what!r})")
    result = pytester.runpytest_inprocess("-p", "tests.plugins.skipped")
    assert result.ret == code
    result.stdout.fnmatch_lines([f"1 tests need {what}: *"])
    assert any(f"CI has to have {what}" in line for line in result.outlines) == (ci == "true")


@pytest.mark.parametrize("there", [True, False])
def test_ci_has_to_have_the_data_set_where_its_folder_is(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, there: bool
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(needs, "SHARED", tmp_path if there else tmp_path / "absent")
    monkeypatch.setattr(needs, "REAL_DATA", tmp_path / "absent.xlsx")
    pytester.makepyfile("from tests import needs\ndef test_it(): needs.real_data()")
    assert pytester.runpytest_inprocess("-p", "tests.plugins.skipped").ret == int(there)


def test_another_skip_is_no_failure(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    pytester.makepyfile("import pytest\ndef test_it(): pytest.skip('for Windows alone')")
    assert pytester.runpytest_inprocess("-p", "tests.plugins.skipped").ret == 0


@pytest.mark.parametrize(
    ("folder", "marks", "verb", "printed"),
    [
        ("tests/unit", ("slow", "soak"), "slow", "two verbs would run it"),
        ("tests/unit", (), "not slow and not soak", "1 passed"),
        ("tests/e2e", (), "slow", "1 passed"),
        ("tests/e2e", (), "not slow and not soak", "1 deselected"),
        ("tests/e2e", ("soak",), "soak", "1 passed"),
    ],
)
def test_each_test_has_one_verb(
    pytester: pytest.Pytester, folder: str, marks: tuple[str, ...], verb: str, printed: str
) -> None:
    pytester.makeini("[pytest]\nmarkers =\n  slow\n  soak")
    path = pytester.path / folder / "test_it.py"
    path.parent.mkdir(parents=True)
    path.write_text("import pytest\n" + "".join(f"@pytest.mark.{m}\n" for m in marks) + "def test_it(): pass")
    result = pytester.runpytest_inprocess("-p", "tests.plugins.markers", "-m", verb)
    assert (result.ret == pytest.ExitCode.TESTS_FAILED) == (len(marks) > 1)
    assert printed in "\n".join(result.outlines)


def test_the_folders_that_make_test_leaves_out_are_those_whose_tests_need_a_marker() -> None:
    found = re.search("^NEED_MORE := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert found
    assert tuple(f"tests/{folder}/" for folder in found[1].split()) == markers.NEED_MORE


def run_script(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(SCRIPTS / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@on_linux
def test_a_verb_prints_the_time_of_what_its_commands_leave_behind() -> None:
    """The busy process is an orphan by then: only who adopts it can count it."""
    code = """
import os, time
read, write = os.pipe()
between = os.fork()
if between == 0:
    orphan = os.fork()
    if orphan == 0:
        while time.process_time() < 0.8: pass
        os._exit(0)
    os.write(write, str(orphan).encode())
    os._exit(0)
os.waitpid(between, 0)
orphan = int(os.read(read, 99))
while os.path.exists(f"/proc/{orphan}"): time.sleep(0.01)
raise SystemExit(7)
"""
    ended = run_script("processor_time.py", "test", sys.executable, "-c", code)
    assert ended.returncode == 7
    printed = re.fullmatch(
        r"make test: FAILED, 0 min (\d\d) s of processor time, \d+ min \d\d s in all\n", ended.stdout
    )
    assert printed
    assert int(printed[1]) >= 1


@on_linux
def test_a_load_ends_with_its_command() -> None:
    """The command sees its busy brothers, and afterwards they are gone."""
    code = """
import os
from pathlib import Path
brothers = []
for stat in Path("/proc").glob("[0-9]*/stat"):
    try:
        parent = int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        continue
    if parent == os.getppid() and int(stat.parent.name) != os.getpid():
        brothers.append(stat.parent.name)
print(*brothers)
raise SystemExit(5)
"""
    ended = run_script("under_load.py", "3", sys.executable, "-c", code)
    assert ended.returncode == 5
    busy = ended.stdout.split()
    assert len(busy) == 3
    assert not any(Path("/proc", pid).exists() for pid in busy)


def test_a_verb_that_is_ended_ends_its_command() -> None:
    """Make and CI send SIGTERM to the process that they started, and to no other."""
    code = "import time; print('up', flush=True); time.sleep(600)"
    command = [sys.executable, str(SCRIPTS / "processor_time.py"), "test", sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as verb:
        assert verb.stdout
        assert verb.stdout.readline() == "up\n"
        verb.send_signal(signal.SIGTERM)
        assert "make test: FAILED" in verb.stdout.read()  # to the end: the command has closed it, too
    assert verb.returncode == 128 + signal.SIGTERM
