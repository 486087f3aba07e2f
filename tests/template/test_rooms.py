"""The rooms of the house: no folder is too full, and no import goes round in a circle."""

import ast
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_MODULES = 22  # in one folder, as in the largest of the frameworks that are well kept
# Folders from which modules are imported by the name that follows.
_IMPORT_ROOTS = ("functions/", "layers/shared/", "algorithm/")
Graph = Mapping[str, set[str]]


def python_files() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for path in listed.stdout.splitlines() if (ROOT / path).is_file()]


def module_name(path: str) -> str:
    for root in _IMPORT_ROOTS:
        path = path.removeprefix(root)
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(source: str, modules: Mapping[str, str]) -> Iterator[str]:
    """Yield the paths of our modules that a source imports, for type checking too."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in modules else node.module for name in inner]
        yield from (modules[name] for name in names if name in modules)


def circle(graph: Graph) -> list[str]:
    """Return a circle of a graph, or nothing where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def module_graph(paths: Iterable[str]) -> Graph:
    modules = {module_name(path): path for path in paths}
    return {
        path: set(imports((ROOT / path).read_text(encoding="utf-8"), modules)) - {path}
        for path in modules.values()
    }


def room_graph(modules: Graph) -> Graph:
    """Fold a graph of modules into one of their folders; a ``__main__`` uses its package only."""
    rooms: dict[str, set[str]] = defaultdict(set)
    for path, imported in modules.items():
        if Path(path).name != "__main__.py":
            folder = str(Path(path).parent)
            rooms[folder] |= {str(Path(other).parent) for other in imported} - {folder}
    return rooms


@pytest.fixture(scope="module")
def graph() -> Graph:
    return module_graph(python_files())


def test_no_folder_holds_more_modules_than_one_can_overlook() -> None:
    folders = Counter(str(Path(path).parent) for path in python_files())
    assert {folder: count for folder, count in folders.items() if count > MOST_MODULES} == {}


def test_no_modules_import_each_other(graph: Graph) -> None:
    assert len(graph) > 500, "the modules were found"
    assert circle(graph) == []


def test_no_rooms_import_each_other(graph: Graph) -> None:
    product = {path: others for path, others in graph.items() if not path.startswith("tests/")}
    assert circle(room_graph(product)) == []


def test_a_circle_is_found_wherever_it_is() -> None:
    assert sorted(set(circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}))) == ["b", "c"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_imports_for_type_checking_count() -> None:
    source = (
        "if TYPE_CHECKING:\n    from shop.rooms import kitchen, Table\ndef f():\n    import shop.garden\n"
    )
    modules = {name: name for name in ("shop.rooms", "shop.rooms.kitchen", "shop.garden")}
    assert set(imports(source, modules)) == set(modules)
