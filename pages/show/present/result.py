"""The result: how many images the model gets right, how certain that is, and what guessing would give."""

from __future__ import annotations

import streamlit as st

from core.comparison import test_set_usage
from core.evaluation.headline import balanced, but_never, one_answer
from core.export import headline_drawing
from core.words import confidence_interval, count, percent
from pages.common import charts
from pages.common.text import literal
from pages.show.present.story import Story


def screens(story: Story) -> int:
    """One screen."""
    return 1


def show(story: Story, screen: int) -> None:
    """Show the number large, a dot per image, and what guessing would give."""
    accuracy = story.accuracy
    if not accuracy.total:
        st.title("How good is it?", anchor=False)
        st.markdown("This run has neither test nor validation images, so nobody knows.")
        return
    test_set_usage.record_view([story.run])
    st.title(f"{accuracy.correct:,} of {accuracy.total:,} right", anchor=False)
    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    with left:
        interval = confidence_interval(accuracy.low, accuracy.high)
        never = literal(but_never(story.report)) if story.split == "test" else ""
        split = story.split.capitalize()
        st.markdown(f"{split} accuracy **{percent(accuracy.value)}** ({interval}){never}.")
        st.markdown(_guessing(story))
        if story.split == "test" and (sentence := one_answer(story.report) or balanced(story.report)):
            st.markdown(literal(sentence))
        st.caption(story.split_in_words)
    with right:
        st.image(
            headline_drawing.dots(accuracy.correct, accuracy.total, charts.scheme()),
            width="stretch",
            alt=f"{accuracy.correct:,} filled dots of {accuracy.total:,}, the others hollow",
        )
        each = headline_drawing.images_per_dot(accuracy.total)
        st.caption(f"A dot is {count(each, f'{story.split} image')}: filled is right, hollow is wrong.")


def _guessing(story: Story) -> str:
    guess = story.report.baseline_accuracy
    if story.split == "validation" or not guess.total:
        return f"Choosing at random would be right on {percent(1 / len(story.names), 0)} in the long run."
    words = (
        f"Always answering {literal(guess.class_name)} would be right on "
        f"{guess.correct:,} of {guess.total:,}."
    )
    return words if story.report.is_better_than_guessing else f"{words} **The model is not clearly better.**"
