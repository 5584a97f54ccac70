"""Whether a model's confidence is justified, and what answering only when confident would gain."""

from __future__ import annotations

import streamlit as st

from core.evaluation import calibration, metrics
from core.export import figures
from core.report import Proportion
from core.runs import Predictions
from core.words import confidence_interval, count, percent, points
from pages.common import glossary
from pages.common.metric_card import metric_card
from pages.common.run_picker import Summary
from pages.understand.results import calibration_charts, downloads

MIN_CLASSES_FOR_TOP_K = 6


def show(summary: Summary) -> None:
    """Show calibration, the confidence threshold and, for many classes, top-k accuracy."""
    validation, test = (summary.run.predictions(split) for split in ("validation", "test"))
    left, right = st.columns(2, gap="large")
    with left:
        _reliability(summary, test)
    with right:
        _confidence_threshold(validation, test)
    if test.probabilities.shape[1] >= MIN_CLASSES_FOR_TOP_K:
        _top_k(test)


def _reliability(summary: Summary, test: Predictions) -> None:
    st.header("Is its confidence justified?", anchor=False, help=glossary.help_of("calibration"))
    bins, error = calibration.reliability(test), calibration.calibration_error(test)
    st.markdown(_calibration_sentence(test, error, calibration.calibration_error_by_luck(test)))
    st.altair_chart(
        calibration_charts.reliability(bins),
        alt="Accuracy against confidence; on the diagonal they are equal",
    )
    st.caption(
        "Test images grouped by the model's confidence. Bars: 95% CIs; larger dots: more images. "
        "Below the dashed line the model is overconfident, above it underconfident."
    )
    downloads.figure_buttons(summary, lambda: figures.reliability(bins, error), "reliability")


def _calibration_sentence(test: Predictions, error: float | None, by_luck: float | None) -> str:
    accuracy = metrics.accuracy(test)
    if error is None or by_luck is None or accuracy.low is None or accuracy.high is None:
        return "This run has no test images."
    confidence = float(metrics.confidence(test).mean())
    measured = (
        f"On {count(accuracy.total, 'test image')}, the model's average confidence was "
        f"{percent(confidence, 0)} and its accuracy {percent(accuracy.value, 0)} "
        f"({confidence_interval(accuracy.low, accuracy.high)})."
    )
    if confidence > accuracy.high:
        verdict = (
            "It is **overconfident**: use its probabilities to rank answers, not as chances of being right."
        )
    elif confidence < accuracy.low:
        verdict = "It is **underconfident**."
    else:
        verdict = "On average the two agree, as far as this many images can show."
    gap = "more than chance explains" if error > by_luck else "which may be chance"
    return (
        f"{measured} {verdict} In the groups below, confidence and accuracy differ by {points(error)} on "
        f"average (the calibration error), {gap}: with this many images, a perfectly calibrated model stays "
        f"below {points(by_luck)} 95 times in 100."
    )


def _confidence_threshold(validation: Predictions, test: Predictions) -> None:
    st.header("Answer only when confident", anchor=False, help=glossary.help_of("confidence threshold"))
    threshold = st.slider(
        "Minimum confidence",
        0,
        100,
        80,
        5,
        format="%d%%",
        key="sure_threshold",
        persist_state="session",
        help="Below this, the model would give no answer and leave the image to a person.",
    )
    share, accuracy = calibration.when_sure(validation, threshold / 100)
    st.markdown(_coverage_sentence("validation", share, accuracy))
    st.altair_chart(
        calibration_charts.coverage(calibration.coverage(validation), share.value, accuracy.value),
        alt="Accuracy on the answered images against the share of validation images answered",
    )
    st.caption(
        "Choose the threshold on the validation images. "
        + _coverage_sentence("test", *calibration.when_sure(test, threshold / 100)).replace("**", "")
    )


def _coverage_sentence(split: str, share: Proportion, accuracy: Proportion) -> str:
    answered = f"On the {split} images, it would answer {_with_interval(share)}"
    if not accuracy.total:
        return f"{answered}."
    return f"{answered} and be right on {_with_interval(accuracy)} of those."


def _with_interval(proportion: Proportion) -> str:
    bounds = confidence_interval(proportion.low, proportion.high)
    return f"**{percent(proportion.value, 0)}** ({bounds})"


def _top_k(test: Predictions) -> None:
    st.header(
        "Is the true class among its top predictions?",
        anchor=False,
        help=glossary.help_of("top-k accuracy"),
    )
    classes = test.probabilities.shape[1]
    with st.container(horizontal=True):
        for k in (1, 3, 5):
            if k >= classes:
                continue
            found = metrics.top_k_accuracy(test, k)
            metric_card(
                f"Top {k}",
                percent(found.value),
                confidence_interval(found.low, found.high),
                glossary.help_of("top-k accuracy"),
                width=250,
            )
    st.caption(
        "Share of test images whose true class is among the most likely predictions. "
        f"Random guessing would score {percent(1 / classes)} per guess."
    )
