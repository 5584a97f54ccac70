"""What it gets wrong: the most confident mistakes, one at a time and large."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.evaluation import confusion, metrics
from core.evaluation.confusion import Mistake
from core.words import count, percent
from pages.common.text import literal
from pages.show.present import story as stories
from pages.show.present.story import Story

SHOWN = 5


def screens(story: Story) -> int:
    """A screen per mistake."""
    return max(1, len(worst(story)))


def worst(story: Story, limit: int = SHOWN) -> list[Mistake]:
    """Return the most confident mistakes, the most confident first."""
    return confusion.worst(story.predictions, limit=limit)


def show(story: Story, screen: int) -> None:
    """Show one mistake: the image, what it is labelled, and what the model says."""
    mistakes = worst(story)
    if not mistakes:
        st.title("No mistakes", anchor=False)
        st.markdown(f"{_all_right(story)} {story.split_in_words}")
        return
    mistake = mistakes[screen]
    true, predicted = (story.names[index] for index in (mistake.true, mistake.predicted))
    st.title(f"It says {literal(predicted)}", anchor=False)
    left, right = st.columns(2, gap="large", vertical_alignment="center")
    with left, st.container(key="present_large"):
        alt = f"An image of {true} that the model takes for {predicted}"
        stories.image(story, str(story.predictions.ids[mistake.row]), alt)
    with right:
        st.markdown(f"Actual: **{literal(true)}**")
        st.markdown(f"Predicted: **{literal(predicted)}**")
        st.markdown(f"Confidence: **{percent(mistake.confidence, 0)}**")
        if story.summary.config and story.summary.config.data.source == "garden":
            st.caption("Or is the label wrong? Some labels of the built-in garden are, on purpose.")
        else:
            st.caption("Or is the label wrong?")
    st.caption(_which(story, screen, len(mistakes)))


def _which(story: Story, screen: int, shown: int) -> str:
    predictions = story.predictions
    wrong = np.count_nonzero(metrics.predicted(predictions) != predictions.labels)
    total = f"{count(len(predictions.labels), f'{story.split} image')}"
    return (
        f"Mistake {screen + 1} of the {shown} most confident. It is wrong on {wrong:,} of {total}."
        if wrong > 1
        else f"Its only mistake on {total}."
    )


def _all_right(story: Story) -> str:
    accuracy = story.accuracy
    if not accuracy.total:
        return "This run has neither test nor validation images."
    return f"It is right on all {accuracy.total:,} {story.split} images. {accuracy}."
