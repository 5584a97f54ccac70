"""The list of all runs, in which names, tags, notes and stars are edited and runs are selected."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import streamlit as st

from core import runs
from core.comparison import test_set_usage
from core.config import SETTINGS
from core.errors import LabError
from core.words import setting_value
from pages.common import columns, data_sources, glossary
from pages.common.run_lines import Line
from pages.common.run_picker import STOPPED
from pages.common.text import literal
from pages.understand.compare import choice

MAX_NAME_LENGTH, MAX_NOTE_LENGTH, MAX_TAG_LENGTH = 120, 2000, 40
_DRAWN = "runs_table_drawn"
_EDITABLE = ("compare", "star", "name", "tags", "notes")


@dataclass
class _Drawn:
    """The table as last drawn: the line of each row, and the edits already saved."""

    key: str
    lines: list[Line]
    done: dict[tuple[int, str], object] = field(default_factory=dict)


def take_edits() -> None:
    """Save what was ticked and typed since the table was drawn; call before listing the runs."""
    drawn: _Drawn | None = st.session_state.get(_DRAWN)
    if drawn is None:
        return
    edited = st.session_state.get(drawn.key, {}).get("edited_rows", {})
    for row, changes in edited.items():
        for column, value in changes.items():
            cell = (int(row), column)
            if cell not in drawn.done or drawn.done[cell] != value:
                drawn.done[cell] = value
                _save_edit(drawn.lines[cell[0]], column, value)


def show(
    shown: Sequence[Line], varying: Sequence[str], letters: Mapping[str, str], *, with_test: bool
) -> None:
    """Draw the table, with the letters of compared lines, by id, and a column per ``varying`` setting."""
    ids = [line.id for line in shown]
    key = f"runs-{choice.generation()}-{_fingerprint([*ids, *varying, str(with_test)])}"
    drawn: _Drawn | None = st.session_state.get(_DRAWN)
    if drawn is None or drawn.key != key:
        st.session_state[_DRAWN] = _Drawn(key, list(shown))
    table = frame(shown, varying, choice.ids(), letters)
    names = [str(name) for name in table]
    order = [name for name in names if with_test or name not in ("test", "test_interval")]
    st.data_editor(
        table,
        key=key,
        hide_index=True,
        height=min(40 + 35 * max(len(ids), 1), 355),
        disabled=[name for name in names if name not in _EDITABLE],
        column_config=_columns(varying, table),
        column_order=order,
        placeholder="–",
        alt="All runs with their settings and scores; select those to compare",
    )


def frame(
    shown: Sequence[Line], varying: Sequence[str], ticked: Sequence[str], letters: Mapping[str, str]
) -> pd.DataFrame:
    """Return a row per line: marks, state, scores with interval or spread, varying settings, duration."""
    firsts = [line.first for line in shown]
    labels = [line.labels for line in shown]
    reports = [first.result for first in firsts]
    cells: dict[str, Any] = {
        "compare": [not line.names.isdisjoint(ticked) for line in shown],
        "letter": [", ".join(letters[name] for name in letters if name in line.names) for line in shown],
        "star": [label.starred for label in labels],
        "name": [line.title for line in shown],
        "state": [line.state for line in shown],
        "validation": columns.percents([line.validation for line in shown]),
        "val_interval": [line.spread("val_accuracy") if line.finished else None for line in shown],
        "test": columns.percents([_mean(line.scores("test_accuracy")) for line in shown]),
        "test_interval": [line.spread("test_accuracy") if line.finished else None for line in shown],
    }
    for path in varying:
        values = [first.config.get(path) if first.config else None for first in firsts]
        cells[path] = _setting(path, values)
    return pd.DataFrame(
        {
            **cells,
            "source": [
                data_sources.short(first.config.data.source) if first.config else None for first in firsts
            ],
            "version": [report.data_version[:8] if report else None for report in reports],
            "seconds": pd.array([line.seconds for line in shown], "Float64"),
            "created": [
                pd.Timestamp(first.status.created, unit="s") if first.status.created else pd.NaT
                for first in firsts
            ],
            "tags": [list(label.tags) for label in labels],
            "notes": pd.array([label.notes for label in labels], "string"),
        }
    )


def _setting(path: str, values: list[Any]) -> Any:
    """Return numbers as numbers, so that the table can be sorted by them, and other values in words."""
    if SETTINGS[path].minimum is not None:
        return pd.array(values, "Float64")
    return [None if value is None else setting_value(path, value) for value in values]


def _mean(scores: Sequence[float]) -> float | None:
    return sum(scores) / len(scores) if scores else None


def _columns(varying: Sequence[str], table: pd.DataFrame) -> dict[str, Any]:
    column = st.column_config
    config: dict[str, Any] = {
        "compare": column.CheckboxColumn(
            "Select", pinned=True, width=84, help="Select two to six to compare, or one to repeat or export."
        ),
        "letter": column.TextColumn("", pinned=True, width=36, help="Its letter in the comparison below."),
        "star": column.CheckboxColumn(
            "★", pinned=True, width=50, help="Mark runs that you want to find again."
        ),
        "name": column.TextColumn("Name", width=360, max_chars=MAX_NAME_LENGTH, help="Click to rename."),
        "state": column.TextColumn("State", width=118, help=STOPPED),
        "validation": columns.validation(),
        "val_interval": column.TextColumn(
            "Interval or spread",
            width=158,
            help="One run: the 95% CI of its validation accuracy (Wilson), for new images. "
            "Repeats: mean ± standard deviation (SD) over seeds, and their number.",
        ),
        "test": columns.test(),
        "test_interval": column.TextColumn(
            "Interval or spread (test)", width=170, help="As for validation, on the test images."
        ),
        "source": column.TextColumn("Data set", width="small", help="Your own folders are shown by name."),
        "version": column.TextColumn(
            "Version",
            width="small",
            help="Version of the data. Runs with the same version used the same images and labels.",
        ),
        "seconds": columns.duration(table["seconds"]),
        "created": column.DatetimeColumn("Created", format="D MMM YYYY, HH:mm"),
        "tags": column.ListColumn(
            "Tags",
            width=150,
            help="Double-click to add tags, and press Enter after each. Click elsewhere to save.",
        ),
        "notes": column.TextColumn("Notes", width="medium", max_chars=MAX_NOTE_LENGTH),
    }
    for path in varying:
        setting = SETTINGS[path]
        if setting.minimum is None:
            config[path] = column.TextColumn(setting.label, help=glossary.help_of(path))
        else:
            unit = f" {setting.unit}" if setting.unit.isalpha() else setting.unit
            config[path] = column.NumberColumn(setting.label, format=f"%g{unit}", help=glossary.help_of(path))
    return config


def _save_edit(line: Line, column: str, value: Any) -> None:
    if column == "compare":
        choice.tick(line, bool(value))
        return
    try:
        for summary in line.summaries:
            runs.open(summary.run.id).relabel(**_change(column, value))
    except LabError as error:
        st.error(literal(error), icon=":material/error:")


def _change(column: str, value: Any) -> dict[str, Any]:
    if column == "star":
        return {"starred": bool(value)}
    if column == "tags":
        tags = (" ".join(str(tag).split())[:MAX_TAG_LENGTH] for tag in value or ())
        return {"tags": tuple(dict.fromkeys(tag for tag in tags if tag))}
    maximum = MAX_NAME_LENGTH if column == "name" else MAX_NOTE_LENGTH
    return {column: str(value or "").strip()[:maximum]}


def _fingerprint(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def unseal(shown: Sequence[Line], chosen: Sequence[Line]) -> None:
    """Record that these test scores are on the screen; see :mod:`core.comparison.test_set_usage`."""
    test_set_usage.record_view([summary.run for line in (*shown, *chosen) for summary in line.finished])
