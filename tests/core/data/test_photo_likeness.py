"""Images that are unlike photos are told apart by what the index knows of them."""

from __future__ import annotations

import pandas as pd
import pytest

from core.data import photo_likeness


def rows(count: int, saturation: float, side: int) -> pd.DataFrame:
    return pd.DataFrame({"saturation": [saturation] * count, "width": side, "height": 2 * side})


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (rows(9, 30.0, 200), ""),
        (rows(0, 30.0, 200), ""),
        (rows(9, 0.0, 200), "These images have no colours."),
        (rows(9, 1.5, 200), "These images have no colours."),
        (rows(9, 30.0, 32), "These images are under 64 px."),
        (rows(9, 0.0, 28), "These images have no colours and are under 64 px."),
        (pd.concat([rows(5, 0.0, 28), rows(5, 40.0, 300)]), ""),
    ],
)
def test_what_sets_images_apart_from_photos_is_named(images, words):
    remark = photo_likeness.remark(images)
    assert remark.startswith(words) and bool(remark) is bool(words)
