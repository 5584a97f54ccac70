"""What a map shows and what it does not, in sentences for pages, figures and the command line."""

from __future__ import annotations

from core.image_map.class_neighbours import ClassNeighbours
from core.image_map.image_map import ImageMap
from core.image_map.neighbours import COUNT
from core.report import Proportion
from core.words import confidence_interval, percent

BASIS = {
    "own": "Compared by the features of the run's own network.",
    "imagenet": "Compared by the features of a network trained on the photos of ImageNet.",
    "appearance": "Compared by outlines and colours only, since no pretrained network is on this machine.",
}
DISTANCES = "Images side by side look alike; the size of a group and its distance from others mean nothing."


def share_kept(image_map: ImageMap) -> str:
    """Say how many of each image's most similar images are beside it on the map."""
    kept = float(image_map.kept.mean()) if len(image_map.kept) else None
    return (
        f"Of the {COUNT} images most similar to each, {percent(kept, 0)} are also among the {COUNT} nearest "
        f"to it on the map (trustworthiness {image_map.trustworthiness:.2f} of 1)."
    )


def coverage(image_map: ImageMap) -> str:
    """Say how many of all images the map shows."""
    if len(image_map.ids) == image_map.total:
        return f"All {image_map.total:,} images."
    return f"{len(image_map.ids):,} of {image_map.total:,} images: a sample with each class in proportion."


def same_class(share: Proportion, what: str) -> str:
    """Say how often neighbours are of one class: ``of all images`` or ``of the 80 test images``."""
    return (
        f"{percent(share.value, 0)} of the {COUNT} images most similar to each {what} are of the same class "
        f"({confidence_interval(share.low, share.high, 0)})."
    )


def company(found: ClassNeighbours) -> str:
    """Say which other class is most common around a class."""
    if not found.other:
        return "–"
    return f"{found.other} ({percent(found.other_share, 0)})"
