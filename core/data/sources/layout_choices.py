"""Ways to read a data set beyond what folders and names say: with or without masks, and one folder alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from core.data.sources import mask_pixels
from core.data.sources.layout import MASK, Layout, Reading, layouts_of

MAX_DATA_SETS = 8


def with_pairs(reading: Reading, files: Mapping[str, Path]) -> Reading:
    """Each layout twice where files may be masks: with these left aside, and with all files as images.

    A look at the pixels of a few may confirm that they are masks. If it does not, a person has to choose.

    Args:
        reading: what the names say.
        files: where the files lie, by their names; empty if they cannot be looked at.
    """
    pairs = [("/".join(image), "/".join(mask)) for mask, image in sorted(reading.pairs.items())]
    if not pairs:
        return reading
    aside = dict.fromkeys((mask for _, mask in pairs), MASK)
    without = tuple(
        replace(one, what=f"{one.what}, with the file beside each JPEG as its mask", aside=aside)
        for one in reading.layouts
    )
    every = tuple(
        replace(one, name=f"{one.name}:all-images", what=f"{one.what}, with every file as an image")
        for one in reading.layouts
    )
    if files and mask_pixels.are_masks([(files[image], files[mask]) for image, mask in pairs]):
        return replace(reading, layouts=without + every)
    return replace(reading, layouts=every + without, is_clear=False)


def with_data_sets_inside(reading: Reading) -> Reading:
    """A further layout for each folder that looks like a data set of its own, instead of its name."""
    inside = (_only(reading, name) for name in reading.data_sets[:MAX_DATA_SETS])
    return replace(reading, layouts=(*reading.layouts, *filter(None, inside)), data_sets=())


def _only(reading: Reading, data_set: str) -> Layout | None:
    """The layout that reads one folder as it would be read alone, and nothing else."""
    inside = tuple(data_set.split("/"))
    aside = reading.layouts[0].aside if reading.layouts else {}
    images = [parts for parts in reading.images if "/".join(parts) not in aside]
    layouts, _, _ = layouts_of([parts for parts in images if parts[: len(inside)] == inside])
    if not layouts:
        return None
    place = layouts[0].place
    return Layout(
        f"only:{data_set}",
        f"only the folder {data_set}: {layouts[0].what}",
        lambda parts: place(parts) if parts[: len(inside)] == inside else None,
        aside,
    )
