"""Answers as a table: a row per file, for a notebook, a CSV file or a program."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from core.prediction.answers import STATES, Answer


def table(names: Sequence[str], found: Sequence[Answer | str], class_names: Sequence[str]) -> pd.DataFrame:
    """Return a row per file, in their order.

    Args:
        names: of the files.
        found: each file's answer, or the reason why there is none.

    Returns:
        Columns file; state: sure, not sure, unlike or unreadable; predicted: a class; confidence: its
        probability; perhaps: a second class that it may well be, or ""; familiarity: the share of images
        like the training images that lie at least as far from them; problem: why a file is unreadable; and
        the probability of each class, in [0, 1], as ``p(CLASS)``. Numbers that are not known are NaN.
    """
    columns = [
        *("file", "state", "predicted", "confidence", "perhaps", "familiarity", "problem"),
        *(f"p({name})" for name in class_names),
    ]
    rows = [_row(name, one, class_names) for name, one in zip(names, found, strict=True)]
    return pd.DataFrame(rows, columns=columns)


def in_words(name: str, found: Answer | str, class_names: Sequence[str]) -> str:
    """A file and its answer in a line."""
    if isinstance(found, str):
        return f"{name}: cannot be read as an image ({found})"
    return f"{name}: {STATES[found.state]}. {found.sentence(class_names)}"


def _row(name: str, found: Answer | str, class_names: Sequence[str]) -> list[object]:
    if isinstance(found, str):
        unknown = [float("nan")] * len(class_names)
        return [name, "unreadable", "", float("nan"), "", float("nan"), found, *unknown]
    perhaps = class_names[found.likely[1]] if len(found.likely) == 2 else ""
    return [
        name,
        found.state,
        class_names[found.predicted],
        found.confidence,
        perhaps,
        float("nan") if found.familiarity is None else found.familiarity,
        "",
        *map(float, found.probabilities),
    ]
