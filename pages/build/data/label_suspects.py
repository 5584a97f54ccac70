"""The suspected labels, most suspicious first, each with the actions available for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import pandas as pd
import streamlit as st

from core import datasets
from core.data import versions
from core.data.dataset import Dataset
from core.data.versions import Step
from core.label_errors import ranking
from core.label_errors.ranking import Judged
from core.words import count, percent
from pages.build.data import gallery_tiles
from pages.common import frame, version_steps
from pages.common.paging import choose_page
from pages.common.text import literal

_NO_BREAK = "\u00a0"
PER_PAGE = 12
SUSPECTED, ALL = "Suspected", "All labels, ranked"
_REASON = "suspected wrong label"


def show(dataset: Dataset, judged: Judged) -> None:
    """Show the labels left to review; a decision reruns only this part of the page."""
    st.fragment(_show, key="suspects")(dataset.source, judged)


def _show(source: str, judged: Judged) -> None:
    with frame.explained():
        frame.show_faults()
        dataset = datasets.open(source)
        version_steps.show_last_step(dataset, version_steps.quick_button)
        ranked = ranking.open_cases(dataset, judged)
        chosen = _headline(ranked, judged)
        if chosen.empty:
            st.success("No labels left to review.", icon=":material/check:")
            return
        page = choose_page(len(chosen), PER_PAGE, key="suspects", thing="image")
        with st.grid("auto", min_column_width=210, gap="small"):
            for case in chosen.iloc[page].to_dict("records"):
                _case(dataset, case)


def _headline(ranked: pd.DataFrame, judged: Judged) -> pd.DataFrame:
    suspected = ranked[ranked["suspected"]]
    st.markdown(
        f"**{len(suspected):,} of {count(len(judged.ids), 'label')} may be wrong.** The models agree with "
        f"{percent(judged.accuracy, 0)} of all labels; none was trained on the images it judged."
    )
    st.caption(literal(judged.basis))
    which = st.segmented_control(
        "Show",
        [SUSPECTED, ALL],
        default=SUSPECTED,
        key="which_suspects",
        required=True,
        label_visibility="collapsed",
    )
    return suspected if which == SUSPECTED else ranked


def _case(dataset: Dataset, case: dict[Hashable, Any]) -> None:
    image_id, suggested = case["id"], case["suggested"]

    def lines(_row: pd.Series) -> tuple[str, ...]:
        return (
            f"labelled {case['label']}{_NO_BREAK}({percent(case['for_label'], 0)})",
            f"looks like {suggested}{_NO_BREAK}({percent(case['for_suggested'], 0)})",
        )

    ids = (image_id,)
    steps: dict[str, tuple[Callable[..., Step], tuple[object, ...]]] = {
        f"Change to “{literal(suggested)}”": (versions.relabel, (ids, suggested, _REASON)),
        f"Keep “{literal(case['label'])}”": (versions.confirm, (ids, _REASON)),
        "Leave out": (versions.exclude, (ids, _REASON)),
    }
    with st.container(border=True, gap="xsmall", height="stretch"):
        gallery_tiles.tile(dataset, image_id, key="suspect", lines=lines)
        for number, (words, (work, arguments)) in enumerate(steps.items()):
            version_steps.quick_button(
                words, f"decide {number} {image_id}", work, dataset, *arguments, width="stretch"
            )
