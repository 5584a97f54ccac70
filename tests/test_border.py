"""The borders of the house, read from the imports: who may import whom, and who may not."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent

FLOORS = (
    "errors",
    "backbones",
    "config",
    "words",
    "files",
    "arrays",
    "report",
    "workspace",
    "processes",
    "data",
    "datasets",
    "runs",
    "example",
    "run_names",
    "engine",
    "training",
    "explain",
    "evaluation",
    "quality",
    "label_errors",
    "comparison",
    "prediction",
    "ml",
    "image_map",
    "sweeps",
    "more_images",
    "export",
    "worker",
    "notebook",
    "workers",
    "cli",
    "__main__",
)
"""The rooms of core from the ground up: a room imports itself and those before it."""

UPWARD = {("core.data.sources", f"core.ml.{module}") for module in ("tfds_source", "tfds_names")}
"""The one exception, imported lazily: TensorFlow Datasets is a source of images that needs TensorFlow."""

TENSORFLOW = {"tensorflow", "keras", "tensorflow_datasets", "tf_explain"}
GOES_ALONG = "core.ml.goes_along.predict"
"""A script that is copied beside an exported model, to open it elsewhere; the lab never imports it."""
AT_HOME = {"ray": {"core.workers.ray_cluster"}, "mlflow": {"core.export.mlflow_mirror"}}
"""Packages that are optional, and the only modules that may import them."""


def _modules(*tops: str) -> dict[str, Path]:
    """Dotted names of all modules under the top-level names, with their files."""
    files = [file for top in tops for file in [*PROJECT.glob(f"{top}/**/*.py"), *PROJECT.glob(f"{top}.py")]]
    dotted = {".".join(file.relative_to(PROJECT).with_suffix("").parts): file for file in files}
    return {name.removesuffix(".__init__"): file for name, file in dotted.items()}


MODULES = _modules("core", "pages", "streamlit_app", "tests", "benchmarks", "samples")


def _imports(source: str) -> Iterator[str]:
    """What a module imports anywhere, inside functions too: ``from a import b`` gives a.b."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "the house imports by full names"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module(name: str) -> str:
    """The module that an imported name is, or lies in; names from other packages stay as they are."""
    return name if name in MODULES or name.rpartition(".")[0] not in MODULES else name.rpartition(".")[0]


IMPORTS = {
    name: {_module(imported) for imported in _imports(file.read_text(encoding="utf-8"))} - {name}
    for name, file in MODULES.items()
}


def _under(*tops: str) -> list[str]:
    return [name for name in MODULES if name.partition(".")[0] in tops]


def _top_level(name: str) -> set[str]:
    return {imported.partition(".")[0] for imported in IMPORTS[name]}


def _importers(names: Iterable[str], packages: set[str]) -> list[str]:
    return [name for name in names if _top_level(name) & packages]


def _room(name: str) -> str:
    """The room of core that a module is in: a package or a single file; core itself is the top floor."""
    return name.split(".")[1] if "." in name else "__main__"


def _page(name: str) -> str:
    """The page whose folder a module of pages lies in, ``build.data`` for one; empty elsewhere."""
    _, section, *rest = [*name.split("."), ""]
    return f"{section}.{rest[0]}" if section != "common" and rest[0] else ""


def _circle(imports: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _upward(name: str, imported: Iterable[str]) -> list[str]:
    floor = FLOORS.index(_room(name))
    return [
        other
        for other in imported
        if other.partition(".")[0] == "core"
        and FLOORS.index(_room(other)) > floor
        and (name, other) not in UPWARD
    ]


@pytest.mark.parametrize("top", ["core", "pages"])
def test_nothing_imports_in_a_circle(top):
    """Imports inside functions count too: they hide a circle, they do not undo it."""
    imports = {name: IMPORTS[name] - {other for one, other in UPWARD if one == name} for name in _under(top)}
    assert _circle(imports) == []


def test_a_circle_would_be_found():
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})


def test_every_room_of_core_has_its_floor():
    assert {_room(name) for name in _under("core")} == set(FLOORS)


def test_no_room_of_core_imports_one_above_it():
    upward = {name: _upward(name, IMPORTS[name]) for name in _under("core")}
    assert {name: others for name, others in upward.items() if others} == {}


def test_an_import_upward_would_be_found():
    assert _upward("core.data.splits", ["core.files", "core.worker", "numpy"]) == ["core.worker"]
    assert _upward("core.data.sources", ["core.ml.tfds_source", "core.ml.model"]) == ["core.ml.model"]


@pytest.mark.parametrize(("name", "other"), sorted(UPWARD))
def test_the_exception_is_needed_and_lazy(name, other):
    text = MODULES[name].read_text(encoding="utf-8")
    at_the_top = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert other in IMPORTS[name]
    assert other not in map(_module, _imports("\n".join(map(ast.unparse, at_the_top))))


def test_only_core_ml_imports_tensorflow():
    importers = _importers(_under("core"), TENSORFLOW)
    assert importers
    assert [name for name in importers if _room(name) != "ml"] == []
    assert _importers(_under("pages", "streamlit_app"), TENSORFLOW) == []


def test_what_goes_along_with_a_model_knows_nothing_of_the_lab_nor_the_lab_of_it():
    assert not [name for name in IMPORTS[GOES_ALONG] if name.partition(".")[0] in ("core", "pages")]
    assert [name for name in _under("core", "pages", "streamlit_app") if GOES_ALONG in IMPORTS[name]] == []


def test_core_imports_neither_streamlit_nor_the_pages():
    assert _importers(_under("core"), {"streamlit", "pages", "streamlit_app"}) == []


@pytest.mark.parametrize("package", AT_HOME)
def test_an_optional_package_is_imported_by_its_own_module_alone(package):
    assert set(_importers(_under("core", "pages", "streamlit_app"), {package})) == AT_HOME[package]


def test_a_page_imports_no_other_page_and_what_is_common_imports_none():
    crossings = [
        (name, imported)
        for name in _under("pages")
        for imported in IMPORTS[name]
        if imported.startswith("pages.") and _page(imported) not in ("", _page(name))
    ]
    assert crossings == []


def test_the_product_imports_nothing_that_only_checks_it():
    product = _under("core", "pages", "streamlit_app")
    assert _importers(product, {"tests", "benchmarks", "samples"}) == []
    assert _importers(_under("samples"), {"tests", "benchmarks"}) == []


def test_tests_and_benchmarks_import_nothing_of_each_other():
    assert _importers(_under("tests"), {"benchmarks"}) == []
    assert _importers(_under("benchmarks"), {"tests"}) == []


@pytest.mark.fault("F28")
def test_importing_all_of_core_but_ml_leaves_tensorflow_alone():
    modules = [name for name in _under("core") if not name.startswith("core.ml") and "__main__" not in name]
    script = f"import sys, importlib\nfor m in {modules}: importlib.import_module(m)\n"
    script += f"print([h for h in {sorted(TENSORFLOW)} if h in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=PROJECT)
    assert answer.stdout.strip() == "[]", answer.stderr


@pytest.mark.fault("F28")
def test_the_pages_never_import_tensorflow(workspace):
    """In a process of its own, as the app's server is one; nothing is prepared, so nothing is started."""
    folders = (PROJECT / "pages").glob("[!c_]*/*/")
    pages = sorted(str((path / f"{path.name}.py").relative_to(PROJECT)) for path in folders if path.is_dir())
    script = f"""
import sys
from streamlit.testing.v1 import AppTest
from core import engine
from core.errors import LabError
from core.processes import launch
launch.start_detached = lambda *_: (_ for _ in ()).throw(LabError("not in this test"))
for page in {pages}:
    app = AppTest.from_file("streamlit_app.py", default_timeout=60).switch_page(page).run()
    assert not app.exception, app.exception
print(len({pages}), [name for name in {sorted(TENSORFLOW)} if name in sys.modules])
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=PROJECT)
    assert answer.stdout.split("\n")[-2:-1] == [f"{len(pages)} []"], answer.stderr
    assert len(pages) >= 5
