"""TensorFlow stays in core/ml and out of the app's process; core knows no screen."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
CORE = [path for path in (PROJECT / "core").rglob("*.py") if "ml" not in path.parts]
ML = list((PROJECT / "core" / "ml").rglob("*.py"))
HEAVY = ("tensorflow", "keras", "tensorflow_datasets", "tf_explain")


def _imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("path", CORE, ids=lambda p: str(p.relative_to(PROJECT)))
def test_outside_ml_nothing_imports_tensorflow_and_nothing_imports_streamlit(path):
    assert not _imported(path) & {*HEAVY, "streamlit"}


@pytest.mark.parametrize("path", ML, ids=lambda p: str(p.relative_to(PROJECT)))
def test_ml_imports_no_streamlit(path):
    assert "streamlit" not in _imported(path)


def test_only_their_own_modules_import_ray_and_mlflow():
    everything = [*CORE, *ML, *(PROJECT / "pages").rglob("*.py"), PROJECT / "streamlit_app.py"]
    assert {path.name for path in everything if _imported(path) & {"ray", "mlflow"}} == {
        "ray_cluster.py",
        "mlflow_mirror.py",
    }


def test_importing_all_of_core_but_ml_leaves_tensorflow_alone():
    modules = [".".join(path.relative_to(PROJECT).with_suffix("").parts) for path in CORE]
    modules = [m.removesuffix(".__init__") for m in modules if not m.endswith("__main__")]
    script = f"import sys, importlib\nfor m in {modules}: importlib.import_module(m)\n"
    script += f"print([h for h in {HEAVY} if h in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=PROJECT)
    assert answer.stdout.strip() == "[]", answer.stderr


def test_the_pages_never_import_tensorflow(workspace):
    """In a process of its own, as the app's server is one; nothing is prepared, so nothing is started."""
    folders = (PROJECT / "pages").glob("[bu]*/*/")
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
print(len({pages}), [name for name in {HEAVY} if name in sys.modules])
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=PROJECT)
    assert answer.stdout.split("\n")[-2:-1] == [f"{len(pages)} []"], answer.stderr
    assert len(pages) >= 5
