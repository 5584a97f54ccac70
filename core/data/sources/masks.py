"""Masks that lie beside the images they belong to. They are no examples of a class."""

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
    """The masks among images: by their names, by their folder, or by a PNG for nearly every JPEG."""
    by_name = _named(images)
    rest = [parts for parts in images if parts not in by_name]
    in_folders = _in_folders(rest)
    rest = [parts for parts in rest if parts not in in_folders]
    return by_name | in_folders | _same_stem(rest)


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


def _same_stem(images: Sequence[Parts]) -> set[Parts]:
    """``x.png`` beside ``x.jpg``, where nearly every JPEG there has one and nearly every PNG is one."""
    jpegs = {(*parts[:-1], _stem(parts)) for parts in images if parts[-1].lower().endswith((".jpg", ".jpeg"))}
    lossless = [parts for parts in images if parts[-1].lower().endswith((".png", ".bmp", ".gif"))]
    masks = {parts for parts in lossless if (*parts[:-1], _stem(parts)) in jpegs}
    holders = {parts[:-1] for parts in masks}
    there = [parts for parts in jpegs if parts[:-1] in holders]
    if len(masks) < max(_MIN_PAIRS, _MOST * len(there), _MOST * len(lossless)):
        return set()
    return masks
