"""Suspected wrong labels: have them judged, watch that, and go through the suspects."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core import runs
from core.data.dataset import Dataset
from core.errors import LabError
from core.label_errors import job, ranking
from core.label_errors.job import Judging
from core.label_errors.ranking import Judged
from core.words import about, duration
from pages.build.data import label_suspects
from pages.common import frame, work_progress
from pages.common.expander import lazy_expander
from pages.common.text import literal

POLL_SECONDS = 1.0


def show(dataset: Dataset) -> None:
    """What there is to see in the present state: how it works, how far it is, or the suspects."""
    work = job.status(dataset.source)
    if work.state == "running":
        st.fragment(_watch, run_every=POLL_SECONDS, key="judging")(dataset.source)
    judged = None
    try:
        judged = ranking.load(dataset)
    except LabError as error:
        st.error(literal(error), icon=":material/error:")
    if work.state == "failed" or judged is None:
        _say_how_it_ended(work)
    if judged is None:
        _explain()
        if work.state != "running":
            _offer(dataset, "Judge the labels", "primary")
        return
    label_suspects.show(dataset, judged)
    if work.state != "running":
        lazy_expander(
            "Judge the labels again", _offer_again, dataset, judged,
            key="judge_again", icon=":material/gavel:", type="compact",
        )  # fmt: skip


def _explain() -> None:
    st.markdown(
        "A model that was trained on an image believes its label. So the images are shared out in five "
        "parts, and each part is judged by a model that learned from the other four. A label is suspected "
        "where that model is as sure of another class as it usually is of that class's own images."
    )


def _offer(dataset: Dataset, label: str, kind: Literal["primary", "secondary"]) -> None:
    fault = _too_few(dataset)
    if fault:
        st.info(literal(fault), title="These labels cannot be judged", icon=":material/info:")
        return
    time = job.duration(dataset)
    st.button(
        label,
        type=kind,
        icon=":material/gavel:",
        key="judge",
        on_click=frame.attempt,
        args=(job.start, dataset.source),
    )
    st.caption(
        f"{about(time.seconds).capitalize()} ({duration(time.low)} to {duration(time.high)}), {time.basis}. "
        "It goes on when this page is closed." + _beside_training()
    )
    if not job.weights_at_hand():
        st.caption(
            "Keras downloads a network that learned on the photos of ImageNet for this, once (2 MB); nothing "
            "leaves this machine. Without a connection the images are judged by their outlines and colours."
        )


def _too_few(dataset: Dataset) -> str:
    """Why these images cannot be judged; empty where they can."""
    try:
        ranking.check(dataset.usable)
    except LabError as error:
        return f"{str(error)[:1].upper()}{str(error)[1:]}."
    return ""


def _beside_training() -> str:
    at_work = any(run.status.state in ("starting", "running") for run in runs.all()[:20])
    return " A training is under way; beside it both take longer." if at_work else ""


def _offer_again(dataset: Dataset, judged: Judged) -> None:
    if judged.version == dataset.version:
        st.markdown("The judgement is of this version; another one would say nearly the same.")
    else:
        new = int((~dataset.usable["id"].isin(set(map(str, judged.ids)))).sum())
        missed = f"{new:,} of the images in use now were not in it." if new else "No image is new."
        st.markdown(f"The judgement is of the earlier version {literal(judged.version)}. {missed}")
    _offer(dataset, "Judge again", "secondary")


def _say_how_it_ended(work: Judging) -> None:
    if work.state == "failed":
        st.error(literal(work.message), title="The labels could not be judged", icon=":material/error:")
    elif work.state in ("stopped", "interrupted"):
        st.info(literal(work.message), icon=":material/pause_circle:")


def _watch(source: str) -> None:
    with frame.explained():
        work = job.status(source)
        if work.state != "running":
            st.rerun()
        work_progress.show(work, "Judging the labels", key="stop_judging", as_share=True)
        st.caption("It goes on when this page is closed, and when the lab is started again.")
