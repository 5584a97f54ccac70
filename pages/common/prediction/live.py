"""What a model says about what the camera sees, several times per second."""

from __future__ import annotations

import time
from collections import deque

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.errors import LabError
from core.explain import assistant
from core.explain.assistant import Ticket
from core.explain.heatmaps import Heatmap
from core.prediction.answers import Answer, Judge
from core.prediction.incoming import Reader
from core.prediction.sureness import AIM
from core.runs import Run
from pages.common import frame, overlays
from pages.common.camera.live import camera
from pages.common.prediction import answer_card, correcting, judging
from pages.common.run_picker import Summary
from pages.common.text import literal

_CAMERA, _PENDING, _LAST, _TIMES = "live_camera", "live_pending", "live_last", "live_times"
PATIENCE_SECONDS = 1.0
"""A photo is awaited no longer than this; while the assistant starts, the last answer stays."""
COUNTED = 12
"""Answers over which their number per second is measured."""


@st.fragment
@frame.explained()
def show(summary: Summary, *, corrects: bool = False) -> None:
    """Show the camera beside the answer to its latest photo, which may be added to the run's data set."""
    unless = " unless you add it to the data set" if corrects else ""
    st.caption(f"Photos from the camera stay on the machine that runs the lab, and none is kept{unless}.")
    with st.container():  # the camera keeps its place on the page, without which it would stop
        if corrects:
            correcting.show_added(polls=False)
    left, right = st.columns([1, 1], gap="large")
    with left:
        photo = camera(_CAMERA)
        with_heatmap = st.toggle("Show where it looks", key="live_heatmap")
    with right:
        if photo is None:
            st.caption("Press Start camera, and hold something in front of it.")
            return
        try:
            _answer(summary, photo.jpeg, with_heatmap=with_heatmap, corrects=corrects)
        except LabError as error:
            st.error(literal(error), icon=":material/error:")


def _answer(summary: Summary, jpeg: bytes, *, with_heatmap: bool, corrects: bool) -> None:
    assert summary.config is not None
    judge = judging.judge(summary.run, st.session_state.get(judging.AIM_KEY, AIM))
    read = Reader.for_run(summary.config.data, summary.report).read_bytes(jpeg, "photo")
    if read.pixels is None:
        st.caption(f"This photo could not be read: {literal(read.problem)}.")
        return
    answer = _ask(summary.run, judge, read.pixels)
    if answer is None:
        st.caption(":material/hourglass_top: The assistant is starting, which takes about 15 seconds.")
        return
    answer_card.verdict(answer, summary.report.class_names)
    answer_card.bars(answer, summary.report.class_names, steady=True)
    if corrects:
        correcting.show(summary, "photo.jpg", jpeg, "live")
    if with_heatmap:
        heat = _heatmap(summary.run, read.pixels, answer.predicted)
        seen = answer_card.enlarged(read.pixels)
        st.image(overlays.over(np.asarray(seen), heat), width=240, alt="Where the model looks")
    st.caption(f"{_per_second():.1f} predictions per second")


def _ask(run: Run, judge: Judge, pixels: NDArray[np.uint8]) -> Answer | None:
    """The answer to a photo; if that takes too long, the last one, and None if there is none."""
    pending: tuple[str, Ticket] | None = st.session_state.pop(_PENDING, None)
    if pending and pending[0] == run.id:
        ticket = pending[1]
    else:
        ticket = assistant.predict(run, pixels[None], judging.kind_of(run))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ticket.ready:
        if time.monotonic() > deadline:
            st.session_state[_PENDING] = run.id, ticket
            of_run, last = st.session_state.get(_LAST, ("", None))
            return last if of_run == run.id else None
        time.sleep(assistant.POLL_SECONDS)
    found = ticket.answer()
    answer = judge.answers(found["probabilities"], found["features"])[0]
    st.session_state[_LAST] = run.id, answer
    st.session_state.setdefault(_TIMES, deque(maxlen=COUNTED)).append(time.monotonic())
    return answer


def _heatmap(run: Run, pixels: NDArray[np.uint8], class_index: int) -> Heatmap:
    answer = assistant.explain_images(run, pixels[None], [class_index]).answer(timeout=20)
    heat: Heatmap = answer["heatmaps"][0]
    return heat


def _per_second() -> float:
    times: deque[float] = st.session_state[_TIMES]
    return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0
