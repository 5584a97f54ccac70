"""Would more images help? Start the runs that can tell, follow them, and draw what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core import more_images, runs
from core.config import RunConfig
from core.errors import LabError
from core.more_images import DataCurve, Study
from core.runs import Run
from core.training import memory_estimate
from core.words import about, count, listed, percent
from pages.common import data_curve_chart, frame, glossary, queued, visitors
from pages.common.text import literal

POLL_SECONDS = 2.0

Found = Mapping[str, dict[RunConfig, Run]]
"""The runs of each study so far, by its name and their settings."""


@dataclass(frozen=True)
class Asked:
    """A study by the name that its curve has; training: the number of all training images."""

    name: str
    study: Study
    training: int


def show(asked: Sequence[Asked], *, key: str) -> None:
    """Show the offer, the progress or the result of studies that are carried out together."""
    at_first = _found(asked)
    is_followed = _is_under_way(asked, at_first)
    poll = POLL_SECONDS if is_followed else None
    st.fragment(_follow, run_every=poll, key=f"more-images-{key}")(tuple(asked), key, is_followed, [at_first])


def _follow(asked: tuple[Asked, ...], key: str, is_followed: bool, at_first: list[Found]) -> None:
    """Draw; ``at_first`` holds what was found for the first time, so that it is not looked for twice."""
    with frame.explained():
        found = at_first.pop() if at_first else _found(asked)
        if is_followed:
            frame.tend()
        curves = {one.name: _curve(tuple(map(_stamp, found[one.name].values()))) for one in asked}
        is_under_way = _is_under_way(asked, found)
        is_more_than_the_first_runs = any(len(curve.sizes) > 1 for curve in curves.values())
        if is_more_than_the_first_runs or is_under_way:
            _show_curves(curves)
        if is_under_way:
            _show_progress(asked, found, key)
        else:
            _offer(asked, found, key)
        if is_under_way != is_followed or queued.is_to_be_shown():
            st.rerun()


def _found(asked: Sequence[Asked]) -> Found:
    every = more_images.readable()
    return {one.name: one.study.runs(every) for one in asked}


def _is_under_way(asked: Sequence[Asked], found: Found) -> bool:
    return any(more_images.is_under_way(one.study, found[one.name].values()) for one in asked)


def _stamp(run: Run) -> tuple[str, float]:
    """Return a value that changes when the run counts, which it does once it is done, not with its report."""
    counts = run.has_report and run.status.state == "done"
    return run.id, run.report_path.stat().st_mtime_ns if counts else 0.0


@st.cache_resource(max_entries=32, show_spinner=False)
def _curve(stamps: tuple[tuple[str, float], ...]) -> DataCurve:
    return more_images.curve(runs.open(run_id) for run_id, _ in stamps)


def _show_curves(curves: Mapping[str, DataCurve]) -> None:
    drawn = {name: curve for name, curve in curves.items() if curve.sizes}
    if not drawn:
        return
    if len(curves) == 1:
        (curve,) = curves.values()
        found = more_images.answer(curve)
        st.markdown(f":material/trending_up: **{literal(found.sentence)}**")
    elif words := more_images.needed(drawn):
        st.markdown(f":material/trending_up: **{literal(words)}**")
    st.altair_chart(data_curve_chart.chart(drawn), alt=data_curve_chart.in_words(drawn))
    held_out = max(curve.held_out for curve in drawn.values())
    st.caption(
        f"Accuracy on the {count(held_out, 'validation and test image')}. A dot is a run; each seed takes "
        "another part of the training images. Line and band: the fitted power law with its 95% CI, dashed "
        "where it is a forecast.",
        help=glossary.help_of("more images"),
    )


def _show_progress(asked: Sequence[Asked], found: Found, key: str) -> None:
    wanted = sum(len(one.study.configs()) for one in asked)
    members = [run for of_study in found.values() for run in of_study.values()]
    waiting = [run for run in members if run.status.waiting]
    ended = len(members) - len(waiting)
    left = more_images.time_left((one.study, one.training, _ended(found[one.name])) for one in asked).seconds
    st.progress(ended / wanted, text=f"{ended} of {count(wanted, 'run')} done · {about(left)} left")
    if not waiting:  # the last one has just ended
        return
    first = min(waiting, key=lambda run: run.status.created)
    visitors.stop_button(
        "Stop", first.submission, first.status.created, _stop, asked,
        icon=":material/stop_circle:", key=f"stop-more-images-{key}",
        help="Keeps the finished runs. You can go on later.",
    )  # fmt: skip
    st.caption("This continues if you close the page.")


def _ended(found: dict[RunConfig, Run]) -> dict[RunConfig, Run]:
    return {config: run for config, run in found.items() if not run.status.waiting}


def _offer(asked: Sequence[Asked], found: Found, key: str) -> None:
    """Offer the runs that are missing, or to go on with those that were cut off; nothing if all is done."""
    missing = sum(len(one.study.configs()) - len(_done(found[one.name])) for one in asked)
    members = [(one, run) for one in asked for run in found[one.name].values()]
    diverged = sum(run.status.state == "diverged" for _, run in members)
    if diverged:
        st.caption(f"{count(diverged, 'run')} diverged and cannot count.")
    if missing <= diverged:
        return
    is_begun = any(run.labels.group == one.study.group for one, run in members)
    time = more_images.time_left((one.study, one.training, _done(found[one.name])) for one in asked).seconds
    if not is_begun:
        _explain(asked)
    st.button(
        f"{'Go on' if is_begun else 'Measure it'}: {count(missing - diverged, 'run')} · {about(time)}",
        icon=":material/stacked_line_chart:", key=f"start-more-images-{key}",
        on_click=frame.attempt, args=(_start, asked),
    )  # fmt: skip


def _explain(asked: Sequence[Asked]) -> None:
    study = asked[0].study
    shares = listed([percent(share, 0) for share in study.shares])
    st.markdown(
        f"Trains on {shares} of the training images, {study.seeds} times each, with different seeds. "
        "Validation and test images stay the same, and every run makes the same number of weight updates."
    )


def _done(found: dict[RunConfig, Run]) -> dict[RunConfig, Run]:
    return {config: run for config, run in found.items() if run.status.state == "done"}


def _start(asked: Sequence[Asked]) -> None:
    for one in asked:
        memory_estimate.check_memory(one.study.base)
    queued.note([run for one in asked for run in more_images.start(one.study, visitors.submission())])


def _stop(asked: Sequence[Asked]) -> None:
    for one in asked:
        more_images.stop(one.study)


def asked_of(config: RunConfig, training: int, name: str = "") -> Asked | None:
    """Return the study of some settings; None if they take only a part of the training images."""
    try:
        return Asked(name, Study(config), training)
    except LabError:
        return None
