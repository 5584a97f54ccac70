"""How many training images each side needs: their scores on shares of the images, as a band each."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.common import glossary
from pages.common import more_images as section
from pages.common.more_images import Asked
from pages.understand.compare.sides import Side


def show(sides: Sequence[Side]) -> None:
    """Show the bands, or the button that has them measured; nothing for sides on a part of the images."""
    asked = [one for side in sides if (one := _asked(side)) is not None]
    if len(asked) < 2 or len({one.study.base for one in asked}) < len(asked):
        return
    st.subheader("How many images each needs", anchor=False, help=glossary.help_of("more images"))
    section.show(asked, key="compare")


def _asked(side: Side) -> Asked | None:
    if not side.finished or side.line.first.config is None:
        return None
    training = sum(side.finished[0].report.counts.get("train", {}).values())
    return section.asked_of(side.line.first.config, training, side.name)
