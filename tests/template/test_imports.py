"""Dependencies point inward: functions → the shared package → nothing of ours."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
OURS = {*FUNCTIONS, "retailrec", "retailrec_shared", "local", "recommender", "tests"}
# What each deployable brings along, by import name: its lock file says the same by package name.
SHARED_LAYER = {"aws_lambda_powertools", "boto3", "botocore", "pydantic", "mypy_boto3_dynamodb"}
TABLES_LAYER = {"fastexcel", "numpy", "pyarrow"}
IMAGE = {"implicit", "numba", "orjson", "numpy", "scipy", "uvicorn", "threadpoolctl"}
EXTRA = {"prepare_dataset": TABLES_LAYER, "publish_recommendations": {"arro3"}}
# Modules that decide or build, and so must be testable without AWS.
_OF_AWS = {"commit.py", "app.py", "previous.py", "retraining.py", "upload.py", "waiting.py"}
_SHARED = ROOT / "layers/shared/retailrec_shared"
PURE = [
    "functions/approve_model/gate.py",
    "functions/publish_recommendations/joining.py",
    "functions/reconcile_runs/decisions.py",
    "functions/reconcile_runs/uploads.py",
    "layers/shared/retailrec_shared/core/errors.py",
    "layers/shared/retailrec_shared/core/events.py",
    "layers/shared/retailrec_shared/core/names.py",
    "layers/shared/retailrec_shared/ledger/operators.py",
    "layers/shared/retailrec_shared/ledger/run.py",
    "layers/shared/retailrec_shared/ledger/run_parts.py",
    "layers/shared/retailrec_shared/serving/entries.py",
    "layers/shared/retailrec_shared/serving/keys.py",
    "layers/shared/retailrec_shared/sagemaker/requests.py",
    "layers/shared/retailrec_shared/core/settings.py",
    "layers/shared/retailrec_shared/core/status.py",
    "layers/shared/retailrec_shared/core/triggers.py",
    "retailrec/metrics/epochs.py",
    "retailrec/metrics/measured.py",
    "retailrec/metrics/tables.py",
    "retailrec/console/guard.py",
    "retailrec/console/run_data.py",
    *(str(path.relative_to(ROOT)) for path in (_SHARED / "contract").glob("*.py")),
    *(str(path.relative_to(ROOT)) for path in (_SHARED / "charts").glob("*.py")),
    *(str(path.relative_to(ROOT)) for path in (ROOT / "functions/prepare_dataset").rglob("*.py")
      if path.parent.name != "prepare_dataset" or path.name not in _OF_AWS),
]  # fmt: skip


def imported(path: Path) -> Iterator[str]:
    """Yield the top-level names that a module imports when it runs (not for type checking alone)."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and getattr(block.test, "id", "") == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def foreign(folder: Path) -> set[str]:
    names = {name for path in folder.rglob("*.py") for name in imported(path)}
    return names - set(sys.stdlib_module_names)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_itself_the_shared_package_and_what_it_brings(function: str) -> None:
    allowed = {function, "retailrec_shared"} | SHARED_LAYER | EXTRA.get(function, set())
    assert foreign(ROOT / "functions" / function) <= allowed


def test_the_shared_package_imports_nothing_else_of_ours() -> None:
    assert foreign(ROOT / "layers/shared/retailrec_shared") <= SHARED_LAYER | {"retailrec_shared"}


def test_the_image_stands_alone() -> None:
    assert foreign(ROOT / "algorithm/recommender") <= IMAGE | {"recommender"}


def test_the_cloud_on_a_laptop_knows_no_function() -> None:
    assert not foreign(ROOT / "local") & (set(FUNCTIONS) | {"recommender", "retailrec"})


@pytest.mark.parametrize("folder", ["local/sagemaker", "local/sagemaker/guard"])
def test_a_service_of_the_laptop_stands_without_the_cloud_around_it(folder: str) -> None:
    found = {
        node.module
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("local.")
    }
    itself = folder.replace("/", ".")
    assert {module for module in found if module != itself and not module.startswith(f"{itself}.")} == set()


@pytest.mark.parametrize("path", PURE)
def test_what_decides_imports_no_boto3(path: str) -> None:
    assert not set(imported(ROOT / path)) & {"boto3", "botocore"}
