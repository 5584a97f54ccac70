"""Whether images look like the photos of ImageNet, on which pretrained networks were trained."""

from __future__ import annotations

import pandas as pd

MOST = 0.9
"""Share of the images from which a remark about all of them is justified."""
GREY = 3.0
"""Mean saturation, 0 to 255, below which an image has no colours; a scan in colour still has some noise."""
SMALL = 64
"""Shorter side in pixels below which a photo has lost its details."""


def remark(rows: pd.DataFrame) -> str:
    """Say in a sentence how index rows differ from photos, and what follows; "" if they may be photos."""
    if not len(rows):
        return ""
    grey = (rows["saturation"] < GREY).mean() >= MOST
    small = (rows[["width", "height"]].min(axis=1) < SMALL).mean() >= MOST
    differences = [*(["have no colours"] if grey else []), *([f"are under {SMALL} px"] if small else [])]
    if not differences:
        return ""
    return (
        f"These images {' and '.join(differences)}. A pretrained network knows large colour photos, so the "
        "own CNN may do as well: train both and compare them."
    )
