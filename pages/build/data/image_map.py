"""The map of a data set's images by similarity, with suspected labels marked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from core.data.dataset import Dataset
from pages.build.data import gallery_tiles, image_dialog
from pages.common.image_map import shown_map, view
from pages.common.image_map.view import Uses

PER_PAGE = 12


def show(dataset: Dataset) -> None:
    """Show the map; a click opens an image in the dialog of this page."""
    uses = Uses(partial(_tiles, dataset), partial(image_dialog.open_dialog, dataset))
    view.show(shown_map.of_dataset(dataset), uses, shown_map.suspected(dataset))


def _tiles(dataset: Dataset, ids: Sequence[str]) -> None:
    def lines(row: pd.Series) -> tuple[str, ...]:
        return (str(row["label"]),)

    gallery_tiles.show(dataset, ids, key="map", lines=lines, per_page=PER_PAGE)
