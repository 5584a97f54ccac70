"""The differences between two versions of a data set."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core.data import versions
from core.data.dataset import Dataset
from core.data.versions import Comparison, Step
from core.words import count
from pages.build.data import gallery_tiles
from pages.common import frame, settings, version_steps
from pages.common.dataset_cache import HASH_FUNCS
from pages.common.expander import lazy_expander
from pages.common.text import literal

MAX_CHARACTERS = 60


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=HASH_FUNCS)
def after(dataset: Dataset, steps: int) -> Dataset:
    """Return the data set as it was after ``steps`` steps; cached, since steps are only ever added."""
    return versions.after(dataset, steps)


def show(dataset: Dataset, recorded: tuple[Step, ...]) -> None:
    """Choose two versions and see which images were left out, added, put back or moved to another class."""
    st.markdown("**Compare two versions**")
    names = {step.number: _name(step, recorded) for step in recorded}
    names = {0: "original", **names}
    last = len(recorded)
    with st.grid(2, min_column_width=240, gap="small"):
        older = st.selectbox("From", names, key=f"from {last}", format_func=names.__getitem__)
        newer = st.selectbox("To", names, index=last, key=f"to {last}", format_func=names.__getitem__)
    first, second = after(dataset, older), after(dataset, newer)
    _differences(dataset, versions.compare(first, second))
    if second.version != dataset.version:
        st.button(
            "Use the second version",
            key="use_version",
            icon=":material/history:",
            on_click=settings.put,
            args=(settings.VERSION, second.version),
        )


def _name(step: Step, recorded: tuple[Step, ...]) -> str:
    words = version_steps.sentence(step, recorded)
    return f"after step {step.number}: {words[:MAX_CHARACTERS]}{'…' if len(words) > MAX_CHARACTERS else ''}"


def _image_count(number: int) -> str:
    return count(number, "image") if number else "none"


def _differences(dataset: Dataset, found: Comparison) -> None:
    changed = {image_id: f"{old} → {new}" for image_id, old, new in found.relabelled}
    parts = {
        "left": (_image_count(len(found.left)) + " left out", found.left),
        "came": (_image_count(len(found.came)) + " added or put back", found.came),
        "changed": (_image_count(len(changed)) + " moved to another class", tuple(changed)),
    }
    words = ", ".join(words for words, _ in parts.values())
    st.markdown(f"{words[:1].upper()}{words[1:]}.")

    def lines(row: pd.Series) -> tuple[str, ...]:
        return (changed.get(row["id"], str(row["label"])), *([row["excluded"]] if row["excluded"] else []))

    for name, (words, ids) in parts.items():
        if ids:
            key = f"differ {name}"
            tiles = st.fragment(frame.explained()(gallery_tiles.show), key=f"differences {name}")
            draw = partial(tiles, key=key, lines=lines)
            lazy_expander(literal(words), draw, dataset, ids, key=key, icon=":material/photo_library:")
