"""The quality checklist: the overall verdict, every finding with its numbers, and what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.data.copy_evidence import MAX_BITS
from core.data.dataset import Dataset
from core.quality import Finding, Report, Severity
from pages.build.data import quality_images, quality_mending
from pages.common import data_verdict
from pages.common.addresses import DATA_TAB_KEY, TRAIN
from pages.common.text import literal

_JUDGED = "quality_judged"

_MARKS = {
    "good": ":green[:material/check_circle:]",
    "note": ":blue[:material/info:]",
    "warning": ":orange[:material/warning:]",
    "serious": ":red[:material/error:]",
}
_TICKED, _NOT_TICKED = ":green[:material/check_box:]", ":orange[:material/check_box_outline_blank:]"


def place(dataset: Dataset) -> DeltaGenerator:
    """Where the headline will stand; as high as it the first time, so that nothing is pushed down later."""
    if st.session_state.get(_JUDGED) == dataset.source:
        return st.container()
    waiting = st.empty()
    with waiting.container(border=True):
        st.markdown(":material/hourglass_top: **Checking the images**")
        st.caption("The first time takes some seconds.")
    return waiting


def headline(dataset: Dataset, found: Report) -> None:
    """The overall verdict in a sentence or two, how much there is to look at, and the next step."""
    st.session_state[_JUDGED] = dataset.source
    mark = _MARKS["good" if found.fit else "serious"]
    counts = {kind: len(found.of_severity(kind)) for kind in _COUNTED}
    more = [f"{number} {_COUNTED[kind]}" for kind, number in counts.items() if number]
    with st.container(border=True, key="verdict"):
        st.markdown(f"{mark} **{literal(found.verdict)}**")
        if more:
            st.caption(f"{' and '.join(more)} in the quality check.")
        with st.container(horizontal=True, vertical_alignment="center"):
            _next_step(found)


def _next_step(found: Report) -> None:
    """Training, or first the findings where training would mislead."""
    if not found.fit:
        st.button(
            "See what to fix",
            type="primary",
            icon=":material/checklist:",
            key="see_findings",
            disabled=st.session_state.get(DATA_TAB_KEY) == data_verdict.CHECK_TAB,
            on_click=_open_check,
        )
    label = "Use for training" if found.fit else "Train on it anyway"
    kind: Literal["primary", "secondary"] = "primary" if found.fit else "secondary"
    if st.button(label, type=kind, icon=":material/arrow_forward:", key="use"):
        st.switch_page(TRAIN)


def _open_check() -> None:
    st.session_state[DATA_TAB_KEY] = data_verdict.CHECK_TAB


_COUNTED: dict[Severity, str] = {"serious": "to fix first", "warning": "to fix", "note": "worth a look"}


def show(dataset: Dataset, found: Report) -> None:
    """The four boxes, then what else was found, then what was checked and is fine."""
    if found.boxes:
        st.markdown("**The checklist**: at least 3 of its 4 checks must pass.")
        _together(dataset, found.boxes)
    others = [finding for finding in found.findings if not finding.box]
    striking = [finding for finding in others if finding.severity != "good"]
    if striking:
        st.markdown("**Beyond the checklist**")
        _together(dataset, striking)
    _fine([finding for finding in others if finding.severity == "good"])


def _together(dataset: Dataset, findings: Sequence[Finding]) -> None:
    with st.container(border=True, gap="medium"):
        for finding in findings:
            with st.container(gap="xsmall", key=f"finding_{finding.name}"):
                _finding(dataset, finding)


def _finding(dataset: Dataset, finding: Finding) -> None:
    st.markdown(f"{_mark(finding)} **{literal(finding.title)}**")
    st.markdown(literal(finding.verdict))
    if finding.name == "unique":
        _distance()
    quality_images.peek(dataset, finding)
    quality_mending.show(dataset, finding)
    quality_images.show(dataset, finding)


def _mark(finding: Finding) -> str:
    if not finding.box:
        return _MARKS[finding.severity]
    return _TICKED if finding.ticked else _NOT_TICKED


def _distance() -> None:
    st.slider(
        f"How different near copies may be (0 to {MAX_BITS} bits)",
        0,
        MAX_BITS,
        MAX_BITS,
        key=data_verdict.DISTANCE,
        width=420,
        help="Each image is boiled down to a perceptual hash: 64 bits that describe its shapes of light "
        "and dark. Images with similar hashes are compared pixel by pixel; only those that agree count as "
        "near copies. 0 keeps only those whose bits are all the same.",
        persist_state="session",
    )


def _fine(findings: list[Finding]) -> None:
    if not findings:
        return
    label = f"Checked and fine: {len(findings)} more"
    with st.expander(label, icon=":material/check_circle:", key="fine"):
        for finding in findings:
            st.markdown(f"**{literal(finding.title)}**  \n{literal(finding.verdict)}")
