"""Guess before you see: the audience says what an image shows, then the model's answer is uncovered."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.comparison import paired_tests
from core.evaluation import metrics
from core.words import confidence_interval, count, percent
from pages.common.text import literal
from pages.show.present import guesses, place
from pages.show.present import story as stories
from pages.show.present.guesses import Guesses
from pages.show.present.story import Story


def screens(story: Story) -> int:
    """A screen per image, and one for the score."""
    number = len(guesses.read(story).by_image)
    return number + 1 if number else 1


def show(story: Story, screen: int) -> None:
    """Ask about an image, uncover the answer once there is a guess, or show the score."""
    made = guesses.read(story)
    if not made.by_image:
        st.title("Guess before you see", anchor=False)
        st.markdown("This run has neither test nor validation images, so there is nothing to guess.")
    elif screen == len(made.by_image):
        _show_score(story, made)
    else:
        _show_image(story, made, screen)


def action(story: Story, screen: int) -> str:
    """Return what Next does before it goes on: uncover the answer; nothing once that is done."""
    by_image = guesses.read(story).by_image
    return "Show the answer" if screen < len(by_image) and by_image[screen] is None else ""


def act(story: Story, screen: int) -> None:
    """Uncover the answer without a guess."""
    guesses.read(story).with_guess(screen, -1).write()


def _show_image(story: Story, made: Guesses, screen: int) -> None:
    predictions = story.predictions
    position = guesses.chosen(story, made.round)[screen]
    guess = made.by_image[screen]
    st.title("What is this?" if guess is None else _verdict(story, position), anchor=False)
    left, right = st.columns(2, gap="large", vertical_alignment="center")
    with left, st.container(key="present_large"):
        alt = "An image to guess" if guess is None else f"An image of {_true(story, position)}"
        stories.image(story, str(predictions.ids[position]), alt)
    with right:
        if guess is None:
            _ask(story, made, screen, position)
        else:
            _show_answer(story, made, position, guess)
    st.caption(f"Image {screen + 1} of {len(made.by_image)}, drawn at random. {story.split_in_words}")


def _true(story: Story, position: int) -> str:
    return story.names[int(story.predictions.labels[position])]


def _verdict(story: Story, position: int) -> str:
    return f"It is labelled {literal(_true(story, position))}"


def _ask(story: Story, made: Guesses, screen: int, position: int) -> None:
    offered = guesses.options(story.predictions, position)
    with st.container(gap="small", key="present_options"):
        for number, index in enumerate(offered, start=1):
            st.button(
                literal(story.names[index]),
                key=f"guess-{number}",
                shortcut=str(number),
                width="stretch",
                on_click=_make_guess,
                args=(made, screen, index),
            )
    if len(offered) < len(story.names):
        st.caption(f"You choose between {len(offered)} classes. The model had all {len(story.names)}.")


def _make_guess(made: Guesses, screen: int, index: int) -> None:
    made.with_guess(screen, index).write()


def _show_answer(story: Story, made: Guesses, position: int, guess: int) -> None:
    probabilities, true = story.predictions.probabilities[position], story.predictions.labels[position]
    predicted = int(probabilities.argmax())
    confidence = percent(float(probabilities[predicted]), 0)
    if guess >= 0:
        st.markdown(f"{_mark(guess == true)} **You:** {literal(story.names[guess])}")
    st.markdown(
        f"{_mark(predicted == true)} **Model:** {literal(story.names[predicted])}, {confidence} confidence"
    )
    if true != predicted and story.summary.config and story.summary.config.data.source == "garden":
        st.caption("Some labels of the built-in garden are wrong, on purpose.")
    score = guesses.score(story.predictions, guesses.chosen(story, made.round), made)
    if len(score.audience):
        st.markdown(
            f"So far: you **{score.audience.sum()}**, the model **{score.model.sum()}** "
            f"of {len(score.audience)}."
        )


def _mark(is_right: bool) -> str:
    return ":green[:material/check_circle:]" if is_right else ":orange[:material/cancel:]"


def _show_score(story: Story, made: Guesses) -> None:
    score = guesses.score(story.predictions, guesses.chosen(story, made.round), made)
    number = len(score.audience)
    st.title("You against the model" if number else "Nobody has guessed yet", anchor=False)
    if number:
        with st.grid(2, min_column_width=150, gap="small"):
            _side("You", score.audience)
            _side("Model", score.model)
        st.markdown(_meaning(score))
    else:
        st.markdown("Go back and guess: click a class, or press its number.")
    st.markdown(_whole(story))
    st.caption(story.split_in_words)
    st.button(
        "Play again with other images", key="guess_again", icon=":material/casino:", on_click=_again,
        args=(made,),
    )  # fmt: skip


def _side(name: str, is_right: NDArray[np.bool_]) -> None:
    measured = metrics.proportion(np.count_nonzero(is_right), len(is_right))
    with st.container(border=True, gap="xsmall", key=f"present_side_{name}"):
        st.markdown(name)
        st.header(f"{measured.correct} of {measured.total}", anchor=False)
        st.caption(confidence_interval(measured.low, measured.high, 0))


def _meaning(score: guesses.Score) -> str:
    number = len(score.audience)
    sample = f"{count(number, 'image')} {'is' if number == 1 else 'are'} a small sample"
    difference = int(score.audience.sum()) - int(score.model.sum())
    if paired_tests.models(score.model, score.audience).is_real:
        ahead = "you are" if difference > 0 else "the model is"
        return f"{sample}, but {ahead} better by more than luck explains."
    return f"{sample}: " + ("luck may explain the difference." if difference else "this says little yet.")


def _whole(story: Story) -> str:
    whole = story.accuracy
    return (
        f"On all {whole.total:,} {story.split} images, the model is right on **{percent(whole.value)}** "
        f"({confidence_interval(whole.low, whole.high)})."
    )


def _again(made: Guesses) -> None:
    Guesses((made.round + 1) % guesses.MAX_ROUND, ()).write()
    place.go_to("guess")
