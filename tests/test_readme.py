"""README.md and docs/: every command, variable, path and module that they name exists."""

from __future__ import annotations

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from core.cli import main

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(PROJECT.glob("docs/*.md"))}
PROSE = "\n".join([README, *PAGES.values()])

PROGRAM = [file for top in ("core", "pages") for file in sorted(PROJECT.glob(f"{top}/**/*.py"))]
CHECKS = [
    file for top in ("tests", "benchmarks", "samples") for file in sorted(PROJECT.glob(f"{top}/**/*.py"))
]
VARIABLE = r"\bLAB_[A-Z_]*[A-Z]\b"


def _commands(start: str) -> list[str]:
    """Return what follows ``start`` on a line of code or between backticks, without comments."""
    found = re.findall(rf"(?:^|`){re.escape(start)} ([^`\n]*)", PROSE, re.MULTILINE)
    return sorted({re.split(r" #| {2,}", words)[0].strip() for words in found})


def _named_paths() -> set[str]:
    """Return paths in backticks or links that start with a top-level folder or file."""
    tops = "core|pages|tests|benchmarks|samples|docs"
    paths = re.findall(rf"[`(]((?:{tops})/[\w./-]*)[`)#]", PROSE)
    return {*paths, *re.findall(r"(?:requirements[\w-]*|streamlit_app|constraints)\.(?:txt|py)", PROSE)}


def _tree() -> list[str]:
    """Return the paths in README's tree, folders with a trailing slash."""
    block = re.search(r"```\n(streamlit_app\.py .*?)```", README, re.DOTALL)
    assert block
    paths: list[str] = []
    above: list[str] = []
    for line in block[1].splitlines():
        name = line.split()[0]
        above[(len(line) - len(line.lstrip())) // 2 :] = [name]
        paths.append("".join(above))
    return paths


def test_every_make_target_exists():
    targets = re.findall(r"^([\w-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = {words.split()[0] for words in _commands("make")}
    assert {"run", "test", "check"} <= named <= set(targets)


@pytest.mark.parametrize("words", _commands("python -m core"))
def test_every_command_line_is_valid(words):
    assert main._parser().parse_args([*shlex.split(words), "--json"]).json


def test_every_command_is_mentioned():
    named = {words.split()[0] for words in _commands("python -m core")}
    assert {command.__name__.rpartition(".")[2].replace("_", "-") for command in main.COMMANDS} <= named


def test_every_module_in_a_command_exists():
    modules = re.findall(r"python -m ((?:core|benchmarks)\.[\w.]+)", PROSE)
    assert modules
    assert [name for name in modules if not find_spec(name)] == []


def test_every_benchmark_has_a_row_and_every_row_a_benchmark():
    named = set(re.findall(r"^\| `(\w+)", PAGES["benchmarks.md"], re.MULTILINE))
    existing = {
        path.stem for path in PROJECT.glob("benchmarks/*.py") if "python -m benchmarks" in path.read_text()
    }
    assert named == existing


@pytest.mark.parametrize("path", sorted(_named_paths()))
def test_every_mentioned_path_exists(path):
    assert (PROJECT / path).exists()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_between_the_pages_works(page):
    for link in re.findall(r"\]\(([^)#:]+)\)", PAGES[page]):
        assert (PROJECT / "docs" / link).exists(), link


def test_every_path_in_the_tree_exists():
    missing = [path for path in _tree() if not (PROJECT / path).exists()]
    assert missing == []


def test_the_tree_contains_every_package_of_core_and_every_folder_of_pages():
    named = {path.rstrip("/") for path in _tree()}
    packages = {str(file.parent.relative_to(PROJECT)) for file in PROGRAM}
    assert packages - named == set()


def test_the_tree_contains_every_top_level_file_of_core():
    files = {str(file.relative_to(PROJECT)) for file in PROJECT.glob("core/*.py") if "__" not in file.name}
    assert files - set(_tree()) == set()


def test_the_variables_in_the_readme_are_those_that_the_code_reads():
    files = [*PROGRAM, *CHECKS, PROJECT / "Makefile"]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files if file != Path(__file__))
    assert set(re.findall(VARIABLE, README)) == set(re.findall(VARIABLE, text))
