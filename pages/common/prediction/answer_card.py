"""The parts of an answer: its state and sentence, bars, and the image as the network sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from core.prediction.answers import STATES, Answer, State
from core.words import count, percent
from pages.common.text import literal

SIDE = 320
MAX_BARS = 4

_BADGES: dict[State, tuple[str, Literal["green", "orange", "violet"]]] = {
    "sure": (":material/check:", "green"),
    "not sure": (":material/question_mark:", "orange"),
    "unlike": (":material/visibility_off:", "violet"),
}


def verdict(found: Answer, names: Sequence[str]) -> None:
    """Show the state as a badge, and the answer as a sentence."""
    icon, colour = _BADGES[found.state]
    st.badge(STATES[found.state], icon=icon, color=colour)
    st.markdown(literal(found.sentence(names)))


def bars(found: Answer, names: Sequence[str], *, steady: bool = False) -> None:
    """Show the most probable classes, the most probable first; ``steady`` keeps the order of the classes."""
    likeliest = np.argsort(-found.probabilities, kind="stable")[:MAX_BARS]
    shown = np.sort(likeliest) if steady else likeliest
    with st.container(gap="xsmall", key="answer-bars-live" if steady else None):
        for index in shown.tolist():
            share = float(np.clip(found.probabilities[index], 0, 1))
            st.progress(share, f"{literal(names[index])} · {percent(share, 0)}")
        rest = len(names) - len(shown)
        if rest > 0:
            left = max(1 - float(found.probabilities[shown].sum()), 0)
            st.caption(f"{count(rest, 'other')}: {percent(left, 0)}")


def enlarged(pixels: NDArray[np.uint8]) -> Image.Image:
    """Return what the network sees (S, S, 3), its pixels still visible."""
    return Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.NEAREST)
