"""Every setting and every figure has an entry in the glossary, reached from where the word is used."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

from core import workspace
from core.config import SETTINGS
from core.export.palette import ON_DARK, ON_LIGHT
from pages.common import addresses, glossary, glossary_drawings

PAGES = sorted((workspace.PROJECT / "pages").rglob("*.py"))


def used(path: Path) -> set[str]:
    """Return the entries whose help a script shows."""
    calls = (
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    )
    return {
        ast.literal_eval(call.args[0])
        for call in calls
        if ast.unparse(call.func) == "glossary.help_of" and isinstance(call.args[0], ast.Constant)
    }


def words_page(**address: str) -> AppTest:
    app = AppTest.from_file(str(workspace.PROJECT / "streamlit_app.py"), default_timeout=30)
    app.switch_page(addresses.WORDS)
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def test_every_setting_has_an_entry_that_says_more_than_its_help():
    assert set(SETTINGS) - set(glossary.ENTRIES) == set()
    for path, setting in SETTINGS.items():
        assert glossary.ENTRIES[path].text.startswith(f"{setting.help} ")


def test_every_figure_of_the_glossary_is_reached_from_the_page_that_shows_it():
    shown = set().union(*map(used, PAGES))
    assert shown <= set(glossary.ENTRIES)
    assert {key for key, entry in glossary.ENTRIES.items() if key not in SETTINGS} - shown == set()


def test_every_heading_of_results_opens_an_entry():
    """A heading that is the name of a class or of a clicked cell is no figure."""
    for path in (workspace.PROJECT / "pages/understand/results").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("st.header", "metric_card"):
                if isinstance(node.args[0], ast.Name | ast.Call):
                    continue
                assert any("glossary.help_of" in ast.unparse(one) for one in (*node.args, *node.keywords)), (
                    f"{path.name}: {ast.unparse(node.args[0])}"
                )


def test_every_drawing_is_drawn_in_both_themes_and_used():
    assert {entry.drawing for entry in glossary.ENTRIES.values()} - {""} == set(glossary_drawings.DRAWINGS)
    for scheme in (ON_LIGHT, ON_DARK):
        for name in glossary_drawings.DRAWINGS:
            assert glossary_drawings.draw(name, scheme).startswith("<svg")


def test_the_words_page_shows_every_entry_and_the_one_asked_for(workspace):
    assert {header.value for header in words_page().header} == {
        re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", entry.word) for entry in glossary.ENTRIES.values()
    }
    asked = words_page(word="fit.learning_rate")
    assert "Learning rate" in [header.value for header in asked.header]
    assert len(asked.header) < len(glossary.ENTRIES) / 2
