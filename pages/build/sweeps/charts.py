"""The chart that suits a sweep: a line for one setting, a map for two, parallel axes for more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import altair as alt
import pandas as pd
import streamlit as st

from core.config import SETTINGS
from core.sweeps import Sweep, search
from core.words import typed_value
from pages.build.sweeps import setting_values
from pages.common.charts import ink, is_dark

ACCURACY = "Validation accuracy"
_SCHEME: Final = "viridis"
MAX_CELLS = 14
MAX_NUMBERS = 8
"""Up to this many values, an axis has a tick at each value that was tried."""
MAX_TICKS = 6
"""Up to this many values, each is written beside a parallel axis; beyond it, only the first and the last."""

Channel = TypeVar("Channel", alt.X, alt.Y)

_BESIDE: dict[str, Any] = {"align": "left", "dx": 7, "fontSize": 13}


def fitting(sweep: Sweep, choices: pd.DataFrame) -> tuple[alt.LayerChart | alt.Chart, str]:
    """Return the chart of the combinations that have a score, and a description of it."""
    scored = choices[choices["n"] > 0]
    paths = [path for path in sweep.values if scored[path].map(str).nunique() > 1] or list(sweep.values)[:1]
    if len(paths) == 1:
        return _line(sweep, scored, paths[0]), f"{ACCURACY} by {SETTINGS[paths[0]].label}"
    if len(paths) == 2:
        words = f"{ACCURACY} by {SETTINGS[paths[0]].label} and {SETTINGS[paths[1]].label}"
        if max(scored[path].nunique() for path in paths) > MAX_CELLS or _is_proposed(sweep, paths):
            return _points(sweep, scored, *paths), words
        return _heatmap(sweep, scored, *paths), words
    words = f"{ACCURACY} for every combination of {len(paths)} settings, values evenly spaced in order"
    return _parallel(sweep, scored, paths), words


def importance(shares: Mapping[str, float]) -> alt.LayerChart:
    """Chart the share of the variation that each setting explains, largest on top."""
    ranked = sorted(shares.items(), key=lambda item: -item[1])
    frame = pd.DataFrame(
        [(SETTINGS[path].label, share) for path, share in ranked], columns=["setting", "share"]
    )
    base = alt.Chart(frame).encode(
        x=alt.X("share:Q", title="Share of the variation", axis=alt.Axis(format=".0%", tickCount=5)),
        y=alt.Y("setting:N", sort=frame["setting"].tolist(), title=None, axis=alt.Axis(labelLimit=200)),
        tooltip=[alt.Tooltip("setting:N"), alt.Tooltip("share:Q", format=".1%")],
    )
    words = base.mark_text(align="left", dx=5, color=ink()).encode(text=alt.Text("share:Q", format=".0%"))
    return alt.LayerChart(layer=[base.mark_bar(height=14, cornerRadius=3), words]).properties(
        height=34 * len(frame) + 50
    )


def _is_proposed(sweep: Sweep, paths: Sequence[str]) -> bool:
    return sweep.way != "grid" and any(search.is_range(path, sweep.values[path]) for path in paths)


def _line(sweep: Sweep, scored: pd.DataFrame, path: str) -> alt.LayerChart:
    frame = _frame(scored, [path]).sort_values(path if _is_number(path) else "val_accuracy")
    base = alt.Chart(frame).encode(x=_axis(sweep, path, frame, alt.X), tooltip=_tooltip([path]))
    bars = base.mark_rule(strokeWidth=2.5, opacity=0.55, color=ink()).encode(
        y=alt.Y(
            "val_accuracy_low:Q", title=ACCURACY, axis=alt.Axis(format=".0%"), scale=alt.Scale(zero=False)
        ),
        y2=alt.Y2("val_accuracy_high:Q"),
    )
    dots = base.mark_point(filled=True, size=90, opacity=1).encode(y=alt.Y("val_accuracy:Q"))
    layers = [bars, dots]
    if _is_number(path):
        layers.insert(0, base.mark_line(strokeWidth=2, opacity=0.7).encode(y=alt.Y("val_accuracy:Q")))
    return alt.LayerChart(layer=layers).properties(height=320)


def _heatmap(sweep: Sweep, scored: pd.DataFrame, first: str, second: str) -> alt.LayerChart:
    frame = _frame(scored, [first, second]).groupby([first, second], as_index=False, sort=False).first()
    base = alt.Chart(frame).encode(
        x=alt.X(
            f"{_shown(first)}:O", sort=_order(sweep, frame, first), title=setting_values.label(first),
            axis=alt.Axis(labelAngle=0),
        ),
        y=alt.Y(
            f"{_shown(second)}:O", sort=_order(sweep, frame, second)[::-1], title=setting_values.label(second)
        ),
        tooltip=_tooltip([first, second]),
    )  # fmt: skip
    cells = base.mark_rect(cornerRadius=3).encode(color=_colour())
    middle = (frame["val_accuracy"].min() + frame["val_accuracy"].max()) / 2
    words = base.mark_text(fontSize=13).encode(
        text=alt.Text("val_accuracy:Q", format=".1%"),
        color=alt.ColorValue(
            "#ffffff", condition={"test": f"datum.val_accuracy > {middle}", "value": "#111111"}
        ),
    )
    return alt.LayerChart(layer=[cells, words]).properties(height=52 * frame[second].nunique() + 150)


def _points(sweep: Sweep, scored: pd.DataFrame, first: str, second: str) -> alt.Chart:
    frame = _frame(scored, [first, second])
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_point(filled=True, size=160, opacity=0.95, stroke=ink(), strokeWidth=0.5)
        .encode(
            x=_axis(sweep, first, frame, alt.X),
            y=_axis(sweep, second, frame, alt.Y),
            color=_colour(),
            tooltip=_tooltip([first, second]),
        )
        .properties(height=360)
    )
    return chart


def _parallel(sweep: Sweep, scored: pd.DataFrame, paths: Sequence[str]) -> alt.LayerChart:
    """Chart every combination as a line across axes whose values are evenly spaced in order.

    Each value is written beside its axis on a patch of the page's background, so that lines do not cross it.
    """
    frame = _frame(scored, paths)
    indices, ticks = [], []
    for path in paths:
        order = _order(sweep, frame, path)
        index = {words: number / max(len(order) - 1, 1) for number, words in enumerate(order)}
        label = setting_values.label(path)
        indices.append(
            pd.DataFrame({"axis": label, "position": frame[_shown(path)].map(index), "choice": frame.index})
        )
        ends = list(dict.fromkeys([order[0], order[-1]])) if len(order) > MAX_TICKS else order
        ticks += [(label, index[words], words) for words in ends]
    lines = pd.concat(indices).merge(frame, left_on="choice", right_index=True)
    x = alt.X(
        "axis:N", sort=[setting_values.label(path) for path in paths], title=None,
        axis=alt.Axis(
            labelAngle=0, labelLimit=110, labelFontSize=13, labelColor=ink(), domain=False, grid=True
        ),
    )  # fmt: skip
    y = alt.Y("position:Q", axis=None, scale=alt.Scale(domain=[-0.06, 1.06]))
    drawn = (
        alt.Chart(lines)
        .mark_line(strokeWidth=2.5, opacity=0.85)
        .encode(
            x=x, y=y, detail=alt.Detail("choice:N"), color=_colour(of_lines=True), tooltip=_tooltip(paths)
        )
    )
    named = alt.Chart(pd.DataFrame(ticks, columns=["axis", "position", "words"])).encode(
        x=x, y=y, text=alt.Text("words:N")
    )
    patch = named.mark_text(**_BESIDE, stroke=_paper(), strokeWidth=7, strokeJoin="round")
    return alt.LayerChart(layer=[drawn, patch, named.mark_text(**_BESIDE, color=ink())]).properties(
        height=440
    )


def _frame(scored: pd.DataFrame, paths: Sequence[str]) -> pd.DataFrame:
    """Return the combinations with column names that suit Vega, worst first so that the best is on top."""
    frame = scored.sort_values("val_accuracy").reset_index(drop=True)
    for path in paths:
        frame[_shown(path)] = frame[path].map(typed_value)
    scores = ["val_accuracy", "val_accuracy_low", "val_accuracy_high", "n"]
    kept = frame[[*paths, *map(_shown, paths), *scores]].copy()
    for path in paths:
        if not _is_number(path):
            kept[path] = kept[_shown(path)]
    return kept


def _plain(path: str) -> str:
    return path.replace(".", "\\.")


def _shown(path: str) -> str:
    return f"{path} shown".replace(".", " ")


def _is_number(path: str) -> bool:
    return SETTINGS[path].kind in (int, float)


def _order(sweep: Sweep, frame: pd.DataFrame, path: str) -> list[str]:
    """Return the values as text: numbers by size, others in the order in which they were ticked."""
    if _is_number(path):
        return list(dict.fromkeys(frame.sort_values(path, kind="stable")[_shown(path)]))
    present = set(frame[_shown(path)])
    return [words for words in map(typed_value, sweep.values[path]) if words in present]


def _axis(sweep: Sweep, path: str, frame: pd.DataFrame, channel: type[Channel]) -> Channel:
    title = setting_values.label(path)
    if not _is_number(path):
        return channel(f"{_shown(path)}:N", title=title, sort=_order(sweep, frame, path))
    log = SETTINGS[path].scale == "log" and frame[path].min() > 0
    scale = alt.Scale(type="log", nice=False, padding=12) if log else alt.Scale(zero=False, padding=12)
    form = "~g" if log else "~r"
    is_few = sweep.way == "grid" and frame[path].nunique() <= MAX_NUMBERS
    values = sorted(set(frame[path])) if is_few else alt.Undefined
    return channel(
        f"{_plain(path)}:Q", title=title, scale=scale, axis=alt.Axis(format=form, values=values, grid=False)
    )


def _colour(*, of_lines: bool = False) -> alt.Color:
    """Colour by score; lines omit the end of the scheme that would vanish against the page."""
    visible = ([0.25, 1.0] if is_dark() else [0.0, 0.88]) if of_lines else [0.0, 1.0]
    return alt.Color(
        "val_accuracy:Q",
        title=ACCURACY,
        scale=alt.Scale(scheme=alt.SchemeParams(name=_SCHEME, extent=visible), zero=False),
        legend=alt.Legend(format=".0%", orient="bottom", gradientLength=220, tickCount=3),
    )


def _paper() -> str:
    """Return the page's background colour, to cover what lies beneath."""
    return str(st.get_option(f"theme.{'dark' if is_dark() else 'light'}.backgroundColor"))


def _tooltip(paths: Sequence[str]) -> list[alt.Tooltip]:
    return [
        *(alt.Tooltip(f"{_shown(path)}:N", title=SETTINGS[path].label) for path in paths),
        alt.Tooltip("val_accuracy:Q", title=ACCURACY, format=".1%"),
        alt.Tooltip("val_accuracy_low:Q", title="From", format=".1%"),
        alt.Tooltip("val_accuracy_high:Q", title="To", format=".1%"),
        alt.Tooltip("n:Q", title="Runs"),
    ]
