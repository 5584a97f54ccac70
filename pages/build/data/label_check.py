"""Suspected wrong labels: start the judging, follow its progress, and review the suspects."""

from __future__ import annotations

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
    """Show how judging works, its progress or the suspects, depending on the current state."""
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
            _offer(dataset, "Judge the labels")
        return
    label_suspects.show(dataset, judged)
    if work.state != "running":
        lazy_expander(
            "Judge the labels again", _offer_again, dataset, judged,
            key="judge_again", icon=":material/gavel:", type="compact",
        )  # fmt: skip


def _explain() -> None:
    st.markdown(
        "A model tends to believe labels it was trained on, so the images are split into five folds, and "
        "each fold is judged by a model trained on the other four. A label is suspected if that model is as "
        "confident in another class as it usually is for images of that class."
    )


def _offer(dataset: Dataset, label: str) -> None:
    fault = _fault(dataset)
    if fault:
        st.info(literal(fault), title="These labels cannot be judged", icon=":material/info:")
        return
    time = job.duration(dataset)
    st.button(
        label,
        icon=":material/gavel:",
        key="judge",
        on_click=frame.attempt,
        args=(job.start, dataset.source),
    )
    st.caption(
        f"{about(time.seconds).capitalize()} ({duration(time.low)} to {duration(time.high)}), {time.basis}. "
        "This continues if you close the page." + _training_note()
    )
    if not job.weights_at_hand():
        st.caption(
            "This uses a network trained on ImageNet photos, which is downloaded once (2 MB); your images "
            "stay on this machine. Without a connection, images are judged by outlines and colours instead."
        )


def _fault(dataset: Dataset) -> str:
    """Return why these labels cannot be judged, or an empty string if they can."""
    try:
        ranking.check(dataset.usable)
    except LabError as error:
        return str(error)
    return ""


def _training_note() -> str:
    at_work = any(run.status.state in ("starting", "running") for run in runs.all()[:20])
    return " A training run is in progress; while both run, each takes longer." if at_work else ""


def _offer_again(dataset: Dataset, judged: Judged) -> None:
    if judged.version == dataset.version:
        st.markdown(
            "The labels of this version have been judged; judging again would give nearly the same result."
        )
    else:
        new = int((~dataset.usable["id"].isin(set(map(str, judged.ids)))).sum())
        note = f"{new:,} of the images now in use were not included." if new else "No images are new."
        st.markdown(f"These results are for the earlier version {literal(judged.version)}. {note}")
    _offer(dataset, "Judge again")


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
        st.caption("This continues if you close the page or restart the lab.")
