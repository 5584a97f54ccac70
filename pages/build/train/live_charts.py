"""Learning curves while they grow: of fixed size and scale, so that nothing jumps between two looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.runs import Run, Status

_COLUMNS = {"training": "{}", "validation": "val_{}"}
_EPOCHS_A_STEP = 10
"""The axis of a long training grows by so many epochs at a time."""


def show(run: Run, status: Status) -> None:
    """Accuracy and loss, training and validation, by epoch; the present epoch's training figures too."""
    history = run.metrics()
    left, right = st.columns(2)
    for column, figure in ((left, "accuracy"), (right, "loss")):
        column.vega_lite_chart(
            frame(history, figure, status),
            _spec(figure, _last_epoch_shown(len(history), status.epochs)),
            key=f"{figure}-{run.id}",
            alt=f"{figure.capitalize()} of training and validation by epoch",
        )


def frame(history: Sequence[Mapping[str, Any]], figure: str, status: Status) -> pd.DataFrame:
    """Columns epoch, split and value; the epoch under way has a fraction, as far as it has come."""
    rows = [
        (float(line["epoch"]), split, line.get(name.format(figure)))
        for line in history
        for split, name in _COLUMNS.items()
    ]
    now = getattr(status, figure)
    if status.state == "running" and status.batches and status.epoch > len(history) and now is not None:
        rows.append((status.epoch - 1 + status.batch / status.batches, "training", now))
    return pd.DataFrame(rows, columns=["epoch", "split", "value"]).dropna()


def _last_epoch_shown(done: int, epochs: int) -> int:
    return max(1, min(epochs, _EPOCHS_A_STEP * (done // _EPOCHS_A_STEP + 1)))


def _spec(figure: str, last_epoch: int) -> dict[str, Any]:
    is_accuracy = figure == "accuracy"
    form = ".0%" if is_accuracy else ".2f"
    scale = {"domain": [0, 1]} if is_accuracy else {"zero": True, "nice": True}
    return {
        "height": 230,
        "mark": {"type": "line", "point": {"size": 28}, "strokeWidth": 2.5},
        "encoding": {
            "x": {
                "field": "epoch",
                "type": "quantitative",
                "title": "Epoch",
                "scale": {"domain": [0, last_epoch]},
                "axis": {"tickMinStep": 1, "format": "d", "grid": False},
            },
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": figure.capitalize(),
                "scale": scale,
                "axis": {"format": form, "tickCount": 5},
            },
            "color": {
                "field": "split",
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(_COLUMNS)},
                "legend": {"orient": "top", "symbolType": "stroke", "padding": 0, "offset": 4},
            },
            "tooltip": [
                {"field": "split", "title": "Split"},
                {"field": "epoch", "title": "Epoch", "format": ".1f"},
                {"field": "value", "title": figure.capitalize(), "format": ".1%" if is_accuracy else ".4f"},
            ],
        },
    }
