"""The addresses of pages and their query keys, on which saved links depend."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import engine, workspace
from pages.common import addresses

PROJECT = workspace.PROJECT
APP = PROJECT / "streamlit_app.py"
PAGES = sorted((PROJECT / "pages").rglob("*.py"))
SCRIPTS = [APP, *PAGES]
NAMES = {name for name in vars(addresses) if name.isupper()}
KEYS = {name for name in NAMES if name.endswith("_KEY")}


def _last_name(node: ast.expr) -> str:
    """Return ``KEY`` for ``KEY`` and ``addresses.KEY``, and the source of anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ast.unparse(node)


def _is_query(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "query_params"


def _keys(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield the keys by which a script reads, writes and links queries."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _is_query(node.value):
            yield node.slice
        elif isinstance(node, ast.Compare) and any(map(_is_query, node.comparators)):
            yield node.left
        elif isinstance(node, ast.Call):
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            if isinstance(node.func, ast.Attribute) and _is_query(node.func.value) and node.args:
                yield node.args[0]
            if isinstance(given.get("bind"), ast.Constant):
                yield given["key"]
            if isinstance(link := given.get("query_params"), ast.Dict):
                yield from (key for key in link.keys if key)


def _pages(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield the pages that a script registers or links to."""
    for node in ast.walk(tree):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if is_call and node.func.attr in ("switch_page", "page_link", "Page"):
            yield node.args[0]


def test_saved_links_keep_their_keys():
    assert set(addresses.QUERY_KEYS) == {
        "data", "set", "part", "collect", "from", "run", "view", "picture", "runs", "shown", "sweep",
        "word", "present", "guesses", "hide",
    }  # fmt: skip


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_script_hard_codes_an_address_or_a_key(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [ast.unparse(node) for node in (*_keys(tree), *_pages(tree)) if isinstance(node, ast.Constant)]


def test_the_query_keys_are_those_that_pages_read():
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in PAGES]
    assert {_last_name(key) for tree in trees for key in _keys(tree)} == KEYS
    assert {getattr(addresses, name) for name in KEYS} == set(addresses.QUERY_KEYS)


@pytest.mark.parametrize("link", [{"run": "x"}, {"set": ["fit.epochs=7", "fit.seed=3"]}, {"data": "digits"}])
def test_a_link_without_a_page_leads_to_train_as_it_did_at_first(link, monkeypatch):
    monkeypatch.setattr(engine, "prepare", engine.preparation_of)
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)
    test = AppTest.from_file(str(APP), default_timeout=30)
    for key, value in link.items():
        test.query_params[key] = value
    test.run()
    assert test.title[0].value == "Train" and not test.exception
    assert test.session_state["fit.epochs"] == (7 if "set" in link else 10)


def test_every_address_is_a_page_in_the_menu_that_a_cold_link_finds():
    menu = {_last_name(page) for page in _pages(ast.parse(APP.read_text(encoding="utf-8")))}
    assert {getattr(addresses, name) for name in menu & NAMES} == set(addresses.PAGES)
    for page in addresses.PAGES:
        assert (PROJECT / page).is_file()
        assert (PROJECT / "pages" / Path(page).name).is_file()
