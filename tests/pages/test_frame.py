"""A part of a page that is drawn by itself explains its errors, and background work gives way to pages."""

from __future__ import annotations

import ast
import threading
from pathlib import Path

from pages.common import frame

PAGES = Path(__file__).parents[2] / "pages"
_ALONE = ("st.fragment", "st.dialog")


def drawn_alone(tree: ast.Module) -> list[str]:
    """Return the functions that Streamlit draws by themselves: as decorators or as arguments name them."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            found += [node.name for one in node.decorator_list if ast.unparse(one).startswith(_ALONE)]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "st.fragment" and node.args:
            found.append(ast.unparse(node.args[0]))
    return found


def explains(tree: ast.Module, drawn: str) -> bool:
    """Whether what is drawn, the name of a function or an expression, turns errors into sentences."""
    if "frame.explained()" in drawn:
        return True
    (function,) = (one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == drawn)
    first = next(one for one in function.body if not isinstance(one, ast.Expr))
    outermost = [*function.decorator_list, *(first.items if isinstance(first, ast.With) else [])]
    return any("frame.explained()" in ast.unparse(one) for one in outermost)


def test_a_part_that_is_drawn_by_itself_turns_errors_into_sentences() -> None:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in PAGES.rglob("*.py")}
    drawn = [(path, name) for path, tree in trees.items() for name in drawn_alone(tree)]
    assert len(drawn) > 20
    assert [(str(path), name) for path, name in drawn if not explains(trees[path], name)] == []


def test_work_in_the_background_waits_until_no_page_is_drawn(monkeypatch) -> None:
    monkeypatch.setattr(frame, "_QUIET_SECONDS", 0.3)
    begun = threading.Event()
    with frame.drawing():
        frame.between_pages(begun.set)
        assert not begun.wait(0.6)
    with frame.drawing():
        pass
    assert not begun.wait(0.15), "the visitor may click at once"
    assert begun.wait(10)
