"""The learning curves of a run, with what they show in words."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import LabError
from core.report import Epoch
from core.words import count, duration
from pages.common import glossary, learning_curves, train_on
from pages.common.addresses import RESULTS, RUN_KEY
from pages.common.run_picker import Summary
from pages.understand.results import coaching


def show(summary: Summary, others: Sequence[Summary] = ()) -> None:
    """Show what the curves say, then accuracy and loss per epoch, with best epoch and evidence marked."""
    history = summary.run.metrics()
    if not history:
        st.caption("No epoch finished, so there are no learning curves.")
        return
    read, kept = coaching.reading(summary), summary.kept_epoch
    st.header("What the curves show", anchor=False, help=glossary.help_of("learning curves"))
    if read:
        coaching.show(summary, read, others)
    learning_curves.show(
        learning_curves.frame({"": [history]}, {"": kept}, evidence=read.evidence if read else ()),
        last_epoch=len(history),
    )
    st.caption(_curve_caption(summary, history), help=glossary.help_of("best epoch"))
    _continuation(summary)
    if read:
        coaching.show_rules()


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
