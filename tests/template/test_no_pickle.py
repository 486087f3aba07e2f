"""Nothing of ours ever loads a pickle: a model is numpy arrays and JSON, read with ``allow_pickle=False``."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("functions", "layers/shared", "algorithm", "local", "retailrec", "benchmarks", "scripts")
    for path in (ROOT / folder).rglob("*.py")
)
PICKLING = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "torch"}
BY_NUMPY = {"load", "save"}
# Ways around an import statement.
READERS = {"read_pickle", "to_pickle"}
WORDS = PICKLING | READERS | {f".{name}" for name in BY_NUMPY}


def violations(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in PICKLING)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PICKLING:
            yield str(node.module)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _call(node, node.func)


def _call(node: ast.Call, function: ast.Attribute) -> Iterator[str]:
    owner = function.value.id if isinstance(function.value, ast.Name) else ""
    if function.attr in READERS:
        yield function.attr
    if owner in {"np", "numpy"} and function.attr in BY_NUMPY:
        allowed = {keyword.arg: keyword.value for keyword in node.keywords}.get("allow_pickle")
        if not (isinstance(allowed, ast.Constant) and allowed.value is False):
            yield f"np.{function.attr} without allow_pickle=False"
    if function.attr == "import_module" and node.args and isinstance(node.args[0], ast.Constant):
        yield from (str(node.args[0].value),) if node.args[0].value in PICKLING else ()


def violations_of(source: str) -> list[str]:
    """List a source's violations; one without any of the words is not parsed."""
    return list(violations(ast.parse(source))) if any(word in source for word in WORDS) else []


def test_no_source_loads_a_pickle() -> None:
    found = {path.relative_to(ROOT).as_posix(): violations_of(path.read_text()) for path in SOURCES}
    assert len(found) > 400
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from joblib import load", "import torch.serialization", "np.load('x')",
        "np.load('x', allow_pickle=True)", "pandas.read_pickle('x')", "importlib.import_module('dill')",
    ],
)  # fmt: skip
def test_the_test_can_fail(source: str) -> None:
    assert violations_of(source)
