"""Masks that lie beside the images they belong to, by their names. They are no examples of a class."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

Parts = tuple[str, ...]

_MASK_NAME = re.compile(r"(.+?)[ _.-](masks?|seg|segmentation|gt|groundtruth|matte|annotation)\d*$", re.I)
_MASK_FOLDERS = frozenset(
    [
        "masks",
        "ground_truth",
        "groundtruth",
        "ground truth",
        "gt",
        "segmentation",
        "segmentations",
        "annotations",
        "seg_masks",
        "mask_images",
        "masks_png",
    ]
)
_MIN_PAIRS = 3
_MOST = 0.9


def find(images: Sequence[Parts]) -> set[Parts]:
    """The masks among images: by their names or by their folder."""
    by_name = _named(images)
    return by_name | _in_folders([parts for parts in images if parts not in by_name])


def pairs(images: Sequence[Parts]) -> dict[Parts, Parts]:
    """``x.png`` with the ``x.jpg`` beside it, where nearly every JPEG has one and nearly every PNG is one.

    They may be masks, or images of their own: their names do not tell.
    """
    of_jpegs = [parts for parts in images if parts[-1].lower().endswith((".jpg", ".jpeg"))]
    jpegs = {(*parts[:-1], _stem(parts)): parts for parts in of_jpegs}
    lossless = [parts for parts in images if parts[-1].lower().endswith((".png", ".bmp", ".gif"))]
    paired = {parts: jpegs[key] for parts in lossless if (key := (*parts[:-1], _stem(parts))) in jpegs}
    holders = {parts[:-1] for parts in paired}
    there = [parts for parts in jpegs if parts[:-1] in holders]
    is_total = len(paired) >= max(_MIN_PAIRS, _MOST * len(there), _MOST * len(lossless))
    return paired if is_total else {}


def _stem(parts: Parts) -> str:
    return parts[-1].rpartition(".")[0] or parts[-1]


def _named(images: Sequence[Parts]) -> set[Parts]:
    """``1_mask.png`` beside ``1.png``."""
    present = {(parts[:-1], _stem(parts)) for parts in images}
    return {
        parts
        for parts in images
        if (match := _MASK_NAME.fullmatch(_stem(parts))) and (parts[:-1], match[1]) in present
    }


def _in_folders(images: Sequence[Parts]) -> set[Parts]:
    """``masks/1.png`` where ``images/1.png`` is, too: most of the folder's names occur outside it."""
    inside: defaultdict[Parts, list[Parts]] = defaultdict(list)
    for parts in images:
        level = next((i for i, part in enumerate(parts[:-1]) if part.casefold() in _MASK_FOLDERS), None)
        if level is not None:
            inside[parts[: level + 1]].append(parts)
    outside = {_stem(parts) for parts in images if not any(p.casefold() in _MASK_FOLDERS for p in parts[:-1])}
    masks: set[Parts] = set()
    for members in inside.values():
        paired = sum(_bare_stem(parts) in outside for parts in members)
        if paired >= max(_MIN_PAIRS, _MOST * len(members)):
            masks.update(members)
    return masks


def _bare_stem(parts: Parts) -> str:
    match = _MASK_NAME.fullmatch(_stem(parts))
    return match[1] if match else _stem(parts)
