"""How far a model's probabilities can be trusted, and what answering only when sure would bring."""

from __future__ import annotations

import streamlit as st

from core.evaluation import calibration, metrics
from core.export import figures
from core.report import Proportion
from core.runs import Predictions
from core.words import confidence_interval, count, percent, points
from pages.common import run_images
from pages.common.metric_card import metric_card
from pages.common.run_picker import Summary
from pages.understand.results import calibration_charts, downloads

MANY_CLASSES = 6


def show(summary: Summary) -> None:
    """Reliability, answering only when sure, and the likeliest few answers where classes are many."""
    validation, test = (run_images.predictions(summary.run, split) for split in ("validation", "test"))
    left, right = st.columns(2, gap="large")
    with left:
        _reliability(summary, test)
    with right:
        _only_when_sure(validation, test)
    if test.probabilities.shape[1] >= MANY_CLASSES:
        _top_k(test)


def _reliability(summary: Summary, test: Predictions) -> None:
    st.subheader("Is it as sure as it is right?", anchor=False)
    bins, error = calibration.reliability(test), calibration.calibration_error(test)
    st.markdown(_calibration_sentence(test, error, calibration.calibration_error_by_luck(test)))
    st.altair_chart(
        calibration_charts.reliability(bins), alt="How sure the model was against how often it was right"
    )
    st.caption(
        "Test images in groups by how sure the model was. Bars: 95% CIs; large dots: many images. "
        "Below the dashed line the model is too sure, above it too modest."
    )
    downloads.figure_buttons(summary, lambda: figures.reliability(bins, error), "reliability")


def _calibration_sentence(test: Predictions, error: float | None, by_luck: float | None) -> str:
    right = metrics.accuracy(test)
    if error is None or by_luck is None or right.low is None or right.high is None:
        return "There are no test images."
    sure = float(metrics.confidence(test).mean())
    seen = (
        f"On the {count(right.total, 'test image')} it was {percent(sure, 0)} sure on average, "
        f"and right on {percent(right.value, 0)} ({confidence_interval(right.low, right.high)})."
    )
    if sure > right.high:
        verdict = "It is **over-confident**: read its probabilities as an order, not as chances."
    elif sure < right.low:
        verdict = "It is **under-confident**."
    else:
        verdict = "On average that fits, within what so many images can show."
    gap = "more than luck explains" if error > by_luck else "which may be luck"
    return (
        f"{seen} {verdict} In the groups below it is off by {points(error)} on average (calibration "
        f"error), {gap}: on so many images a model that is right exactly as often as it is sure stays "
        f"below {points(by_luck)} 95 times in 100."
    )


def _only_when_sure(validation: Predictions, test: Predictions) -> None:
    st.subheader("Answer only when sure", anchor=False)
    threshold = st.slider(
        "Answer when at least this sure",
        0,
        100,
        80,
        5,
        format="%d%%",
        key="sure_threshold",
        persist_state="session",
        help="Below it the model would say: I do not know, ask a person.",
    )
    share, right = calibration.when_sure(validation, threshold / 100)
    st.markdown(_sure_sentence("validation", share, right))
    st.altair_chart(
        calibration_charts.coverage(calibration.coverage(validation), share.value, right.value),
        alt="Accuracy of the answers against the share of validation images answered",
    )
    st.caption(
        "Choose the threshold by the validation images. "
        + _sure_sentence("test", *calibration.when_sure(test, threshold / 100)).replace("**", "")
    )


def _sure_sentence(split: str, share: Proportion, right: Proportion) -> str:
    predictions = f"On the {split} images it would answer {_with_interval(share)}"
    if not right.total:
        return f"{predictions}: none at all."
    return f"{predictions} and be right on {_with_interval(right)} of these."


def _with_interval(proportion: Proportion) -> str:
    bounds = confidence_interval(proportion.low, proportion.high)
    return f"**{percent(proportion.value, 0)}** ({bounds})"


def _top_k(test: Predictions) -> None:
    st.subheader("Is the truth among its likeliest answers?", anchor=False)
    classes = test.probabilities.shape[1]
    with st.container(horizontal=True):
        for k in (1, 3, 5):
            if k >= classes:
                continue
            found = metrics.top_k_accuracy(test, k)
            metric_card(
                "The first answer" if k == 1 else f"The first {k} answers",
                percent(found.value),
                confidence_interval(found.low, found.high),
                width=250,
            )
    st.caption(
        f"Share of the test images whose true class is among them; by chance {percent(1 / classes)} each."
    )
