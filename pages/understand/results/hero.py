"""The headline of a result: how many test images are right, how certain that is, and what guessing gives."""

from __future__ import annotations

import streamlit as st

from core.comparison import test_set_usage
from core.evaluation.headline import balanced, but_never, disagreement, grouped, one_answer
from core.export import headline_drawing
from core.report import Report
from core.words import confidence_interval, count, percent
from pages.common import charts, glossary
from pages.common.addresses import EXPLAIN, RUN_KEY
from pages.common.run_picker import Summary
from pages.common.text import literal

_DRAWING_WIDTH, _DOTS_WIDTH = 420, 260
"""Pixels; narrower where the page is."""


def show(summary: Summary) -> None:
    """Show the result in a box: its number, its interval beside guessing, a dot per image, and its limits."""
    report = summary.report
    if gap := disagreement(report):
        st.warning(literal(gap), title="Test and validation disagree", icon=":material/compare_arrows:")
    with st.container(border=True, key="hero"):
        left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
        with left:
            _number(report)
            if st.button("See why", key="see_why", type="primary", icon=":material/center_focus_strong:"):
                st.switch_page(EXPLAIN, query_params={RUN_KEY: summary.run.id})
            _accuracies(report)
        with right:
            _dots(report)
        st.markdown(_sentence(report), help=glossary.help_of("guessing"))
        if balanced_accuracy := balanced(report):
            st.markdown(literal(balanced_accuracy), help=glossary.help_of("balanced accuracy"))
        if in_groups := grouped(report):
            st.caption(literal(in_groups))
        _test_set_usage(summary)


def _number(report: Report) -> None:
    test = report.test_accuracy
    st.header(
        f"{test.correct:,} of {test.total:,} right", anchor=False, help=glossary.help_of("test accuracy")
    )
    interval = confidence_interval(test.low, test.high)
    st.markdown(
        f"Test accuracy **{percent(test.value)}** ({interval}){literal(but_never(report))}. These images "
        "were used neither for training nor for choosing the best epoch.",
        help=glossary.help_of("confidence interval"),
    )


def _accuracies(report: Report) -> None:
    test, validation, guess = report.test_accuracy, report.val_accuracy, report.baseline_accuracy
    st.image(
        headline_drawing.accuracies({"Test": test, "Validation": validation}, guess.value, charts.scheme()),
        width=_DRAWING_WIDTH,
        alt=f"Test accuracy {test}. Validation accuracy {validation}. Guessing: {percent(guess.value)}.",
    )
    st.caption("Bars: 95% CIs.", help=glossary.help_of("validation accuracy"))


def _dots(report: Report) -> None:
    test = report.test_accuracy
    if not test.total:
        return
    st.image(
        headline_drawing.dots(test.correct, test.total, charts.scheme()),
        width=_DOTS_WIDTH,
        alt=f"{test.correct:,} filled dots of {test.total:,}, the others hollow",
    )
    each = headline_drawing.images_per_dot(test.total)
    st.caption(f"A dot is {count(each, 'test image')}: filled is right, hollow is wrong.")


def _sentence(report: Report) -> str:
    test, guess = report.test_accuracy, report.baseline_accuracy
    sentence = (
        f"Always guessing the most common class ({literal(guess.class_name)}) would be right on "
        f"{guess.correct:,} of {test.total:,}."
    )
    if not report.is_better_than_guessing:
        sentence += " **This is not clearly better than guessing.**"
    if answer := one_answer(report):
        sentence += f" **{literal(answer)}**"
    return sentence


def _test_set_usage(summary: Summary) -> None:
    """Record that the test score is seen, and say what that means once it was seen often."""
    test_set_usage.record_view([summary.run])
    seen, test = test_set_usage.seen(summary.run), summary.report.test_accuracy
    if seen > test_set_usage.FEW and test.value is not None:
        st.caption(f":material/visibility: {test_set_usage.meaning(seen, test.value, test.total)}")
