"""How many images each kind of network needs: the own one and a pretrained one on shares of the images."""

from __future__ import annotations

import streamlit as st

from core.comparison import counterpart
from core.config import RunConfig
from pages.common import more_images as section
from pages.common.expander import lazy_expander


def show(base: RunConfig, training: int) -> None:
    """Show the bands of both networks, or the button that has them measured, in a closed expander."""
    lazy_expander(
        "How many images does each network need?", _draw, base, training,
        key="by_images", icon=":material/stacked_line_chart:",
    )  # fmt: skip


def _draw(base: RunConfig, training: int) -> None:
    other = counterpart.settings(base)
    own, pretrained = (base, other) if base.backbone is None else (other, base)
    assert pretrained.backbone is not None
    named = {"Own network": own, pretrained.backbone.title: pretrained}
    asked = [one for name, config in named.items() if (one := section.asked_of(config, training, name))]
    if asked:
        section.show(asked, key="sweeps")
    else:
        st.caption("Set “Share of training images” on the Train page to 1 first.")
