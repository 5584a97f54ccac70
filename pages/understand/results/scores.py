"""The scores of a run: its headline figures and its learning curves."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.comparison import test_set_usage
from core.errors import LabError
from core.evaluation.headline import balanced, but_never, far_below_validation, grouped, one_answer
from core.report import Epoch, Proportion, Report
from core.words import confidence_interval, count, duration, percent
from pages.common import learning_curves, train_on
from pages.common.addresses import RESULTS, RUN_KEY
from pages.common.metric_card import metric_card
from pages.common.run_picker import Summary
from pages.common.text import literal
from pages.understand.results import coaching


def headline(summary: Summary) -> None:
    """Show test accuracy with its interval, beside the score of guessing and the validation accuracy."""
    report = summary.report
    test, validation, guess = report.test_accuracy, report.val_accuracy, report.baseline_accuracy
    with st.grid(3, min_column_width=230):
        _score(
            "Test accuracy",
            test,
            f"Right on {test.correct:,} of {count(test.total, 'image')} that were used neither for training "
            "nor for choosing the best epoch. 95% of such confidence intervals (CIs) contain the model's "
            "true accuracy.",
        )
        _score(
            "Guessing the most common class",
            guess,
            "The score of always answering the class with the most training images, on the same test images. "
            "A model that scores close to it has learned little.",
        )
        _score(
            "Validation accuracy",
            validation,
            "At the best epoch. It was used to choose that epoch, so it is slightly optimistic: "
            "rely on the test accuracy.",
        )
    st.markdown(_sentence(report))
    if in_groups := grouped(report):
        st.caption(literal(in_groups))
    test_set_usage.record_view([summary.run])
    seen = test_set_usage.seen(summary.run)
    if seen > test_set_usage.FEW and test.value is not None:
        st.caption(f":material/visibility: {test_set_usage.meaning(seen, test.value, test.total)}")


def _score(label: str, score: Proportion, help: str) -> None:
    metric_card(label, percent(score.value), confidence_interval(score.low, score.high), help)


def _sentence(report: Report) -> str:
    test, guess = report.test_accuracy, report.baseline_accuracy
    sentence = (
        f"Right on **{test.correct:,} of {test.total:,}** test images"
        f"{literal(but_never(report))}; always guessing the most common class "
        f"({literal(guess.class_name)}) would be right on {guess.correct:,}."
    )
    if not report.is_better_than_guessing:
        sentence += " **This is not clearly better than guessing.**"
    if answer := one_answer(report):
        sentence += f" **{literal(answer)}**"
    if balanced_accuracy := balanced(report):
        sentence += f"\n\n{literal(balanced_accuracy)}"
    gap = far_below_validation(report)
    return f"{sentence}\n\n:material/warning: {literal(gap)}" if gap else sentence


def curves(summary: Summary, others: Sequence[Summary] = ()) -> None:
    """Show accuracy and loss per epoch, with the best epoch and the evidence marked, and their reading."""
    history = summary.run.metrics()
    if not history:
        st.caption("No epoch finished, so there are no learning curves.")
        return
    read, kept = coaching.reading(summary), summary.kept_epoch
    learning_curves.show(
        learning_curves.frame({"": [history]}, {"": kept}, evidence=read.evidence if read else ()),
        last_epoch=len(history),
    )
    st.caption(_curve_caption(summary, history))
    _continuation(summary)
    if read:
        coaching.show(summary, read, others)


def _continuation(summary: Summary) -> None:
    """Say which run this one continues, with a link, and offer to continue it in turn."""
    with st.container(horizontal=True, vertical_alignment="center"):
        try:
            parent = summary.run.parent
        except LabError:
            parent = None
        if parent:
            epochs = "Epoch 1 is" if parent.epochs == 1 else f"Epochs 1 to {parent.epochs} are"
            st.caption(f"{epochs} those of an earlier run, which this run continues.", width="content")
            st.page_link(
                RESULTS, label="View that run", icon=":material/history:", query_params={RUN_KEY: parent.run}
            )
        train_on.button(summary)


def _curve_caption(summary: Summary, history: list[Epoch]) -> str:
    seconds = sum(line.get("seconds") or 0 for line in history)
    words = [f"{count(len(history), 'epoch')} in {duration(seconds)}."]
    if kept := summary.kept_epoch:
        words.append(f"All scores on this page are for epoch {kept}, the best one, whose weights were kept.")
    unknown = sum(line.get("val_loss") is None and line.get("val_accuracy") is not None for line in history)
    if unknown and summary.config and summary.config.model.l2:
        words.append(
            f"The losses of {count(unknown, 'epoch')} are left out: an earlier version of the lab recorded "
            "them with the L2 penalty, so they cannot be compared with the others."
        )
    words.append("The model never trains on validation images; where the curves diverge, it is overfitting.")
    return " ".join(words)
