"""The runs of a sweep as a table that fills up during the sweep."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.config import SETTINGS
from core.sweeps import Sweep
from core.words import interval, typed_value
from pages.common import addresses, columns, run_picker


def show(sweep: Sweep, table: pd.DataFrame, *, with_test: bool) -> None:
    """Show one row per run, the best validation accuracy first and runs without a score last."""
    ordered = table.sort_values("val_accuracy", ascending=False, na_position="last", kind="stable")
    ids = ordered["run"].tolist()
    shown = pd.DataFrame(
        {
            **{path: ordered[path].map(typed_value) for path in sweep.values},
            **({"seed": ordered["seed"]} if ordered["seed"].nunique() > 1 else {}),
            "state": [_state(row) for _, row in ordered.iterrows()],
            "validation": columns.percents(ordered["val_accuracy"]),
            "val_interval": _intervals(ordered, "val_accuracy"),
            **({"test": columns.percents(ordered["test_accuracy"])} if with_test else {}),
            **({"test_interval": _intervals(ordered, "test_accuracy")} if with_test else {}),
            "epochs": ordered["epochs"],
            "seconds": ordered["seconds"].astype(float),
            "open": "Open",
        }
    )
    column = st.column_config
    st.dataframe(
        shown,
        hide_index=True,
        height=min(38 + 35 * max(len(shown), 1), 420),
        placeholder="–",
        column_config={
            **{path: SETTINGS[path].label for path in sweep.values},
            "seed": column.NumberColumn("Seed", format="%d"),
            "state": column.TextColumn(
                "State", help=f"{run_picker.STOPPED} Stopped early: the run fell behind the others."
            ),
            "validation": columns.validation(),
            "val_interval": column.TextColumn(
                "95% CI", help="Range of the validation accuracy to expect on other images (Wilson)."
            ),
            "test": columns.test(),
            "test_interval": column.TextColumn(
                "95% CI (test)", help="Range of the test accuracy to expect on other images (Wilson)."
            ),
            "epochs": column.NumberColumn("Epochs", format="%d", width=70),
            "seconds": columns.duration(shown["seconds"]),
            "open": column.ButtonColumn("", key="open_sweep_run", on_click=_open, args=(ids,)),
        },
        alt="Runs of the sweep with their settings, states and validation accuracies",
        key="sweep_runs",
    )
    if st.session_state.get("sweep_open"):
        st.switch_page(
            addresses.RESULTS, query_params={addresses.RUN_KEY: st.session_state.pop("sweep_open")}
        )


def _state(row: pd.Series) -> str:
    return "stopped early" if row["pruned"] else run_picker.STATES[row["state"]]


def _intervals(table: pd.DataFrame, score: str) -> list[str | None]:
    return [
        interval(low, high) if pd.notna(low) else None
        for low, high in zip(table[f"{score}_low"], table[f"{score}_high"], strict=True)
    ]


def _open(ids: list[str]) -> None:
    st.session_state["sweep_open"] = ids[st.session_state.open_sweep_run.row]
