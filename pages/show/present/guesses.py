"""What the audience has guessed so far, kept in the address: a reload or a link restores it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.runs import Predictions
from pages.common.addresses import GUESSES_KEY
from pages.show.present.story import Story

IMAGES = 8
MAX_ALL = 9
"""Up to this many classes can be guessed with the keys 1 to 9; of more, a few are offered."""
OFFERED = 6
MAX_ROUND = 99
_UNCOVERED = "x"


@dataclass(frozen=True)
class Guesses:
    """Guesses by image: a class index, -1 where the answer was uncovered without one, None where it was not.

    ``round``: counts how often the game was begun anew, each time with other images.
    """

    round: int
    by_image: tuple[int | None, ...]

    def with_guess(self, number: int, guess: int) -> Guesses:
        """Return them with a guess (-1: none) for an image, which uncovers it."""
        changed = list(self.by_image)
        changed[number] = guess
        return replace(self, by_image=tuple(changed))

    def write(self) -> None:
        """Write them to the address: the round, then a part per image."""
        parts = ["" if one is None else _UNCOVERED if one < 0 else str(one) for one in self.by_image]
        st.query_params[GUESSES_KEY] = ".".join([str(self.round), *parts]).rstrip(".")


@dataclass(frozen=True)
class Score:
    """Of the images that were guessed, whether the audience and the model were right: (N,) each."""

    audience: NDArray[np.bool_]
    model: NDArray[np.bool_]


def read(story: Story) -> Guesses:
    """Read the guesses from the address; what is no guess there counts as none."""
    number = min(IMAGES, len(story.predictions.ids))
    first, *parts = st.query_params.get(GUESSES_KEY, "").split(".")
    guesses = [_guess(part, len(story.names)) for part in parts[:number]]
    begun = min(int(first), MAX_ROUND) if first.isascii() and first.isdecimal() and len(first) < 3 else 0
    return Guesses(begun, tuple(guesses) + (None,) * (number - len(guesses)))


def _guess(part: str, classes: int) -> int | None:
    if part == _UNCOVERED:
        return -1
    is_class = part.isascii() and part.isdecimal() and len(part) < 6 and int(part) < classes
    return int(part) if is_class else None


def chosen(story: Story, round: int) -> list[int]:
    """Return positions among the predictions: the images of a round, drawn at random, the same every time."""
    total = len(story.predictions.ids)
    drawn = np.random.default_rng([round, *story.run.id.encode()]).permutation(total)
    indices: list[int] = drawn[:IMAGES].tolist()
    return indices


def options(predictions: Predictions, position: int) -> list[int]:
    """Return the classes to choose from: all, or of many the true one and those the model finds likeliest."""
    probabilities, true = predictions.probabilities[position], int(predictions.labels[position])
    if len(probabilities) <= MAX_ALL:
        return list(range(len(probabilities)))
    likeliest = [int(index) for index in np.argsort(-probabilities, kind="stable") if index != true]
    return sorted([true, *likeliest[: OFFERED - 1]])


def score(predictions: Predictions, positions: Sequence[int], guesses: Guesses) -> Score:
    """Compare audience and model on the images that were guessed."""
    guessed = [
        (position, guess)
        for position, guess in zip(positions, guesses.by_image, strict=True)
        if guess is not None and guess >= 0
    ]
    labels = np.array([predictions.labels[position] for position, _ in guessed], np.int64)
    answers = np.array([predictions.probabilities[position].argmax() for position, _ in guessed], np.int64)
    return Score(np.array([guess for _, guess in guessed], np.int64) == labels, answers == labels)
