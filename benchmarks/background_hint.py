"""Is the hint about heat on the background reliable? ``python -m benchmarks.background_hint [--quick]``.

First, the background estimate is tested on images whose object is known: discs on grey noise, each beside
two distractors, and garden flowers. Then the hint is tested with artificial heat on and around the flowers,
as coarse as Grad-CAM's, and with Grad-CAM of two networks, one trained on the colour of the disc, the other
on the tint of the background. Fails if less than 80% of object or background is recognised, or if a hint is
missing or unexpected.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from benchmarks.heatmap_quality import SIZE, trained_on
from core.data.sources.garden import KINDS, faults, scene
from core.explain import background_estimate, heat_location
from core.explain.heatmaps import Heatmap
from core.ml.explainer import Explainer
from samples.made_images import MadeImages, coloured_objects, tinted_backgrounds

MIN_RIGHT = 0.8
COARSE = 7
"""Cells along a side of the artificial heatmap."""
CLASS_SIZE = 20
"""Images per hint."""
Images = Sequence[NDArray[np.uint8]] | NDArray[np.uint8]
Mask = NDArray[np.bool_]


def main() -> int:
    """Print a line per test; return 1 if a result is not good enough."""
    keras.utils.disable_interactive_logging()
    number = 2 * CLASS_SIZE if "--quick" in sys.argv else 10 * CLASS_SIZE
    discs, tinted = coloured_objects(number, SIZE, seed=7), tinted_backgrounds(number, SIZE, seed=7)
    flowers, heads = _garden(number)
    _without_an_object(number)
    good = [
        _estimate("discs", discs.images, [_disc(box) for box in discs.boxes]),
        _estimate("garden", flowers, heads),
        _hint("heat laid on flowers", flowers, [_laid_on(mask) for mask in heads], expected=False),
        _hint("heat laid beside them", flowers, [_laid_on(~mask) for mask in heads], expected=True),
        _hint("network taught discs", discs.images, _grad_cam(coloured_objects, discs), expected=False),
        _hint("network taught tints", tinted.images, _grad_cam(tinted_backgrounds, tinted), expected=True),
    ]
    return int(not all(good))


def _estimate(name: str, images: Images, masks: Sequence[Mask]) -> bool:
    """Measure the recall of object and background on images with a clear estimate."""
    started = time.perf_counter()
    estimates = [background_estimate.estimate(image) for image in images]
    milliseconds = 1000 * (time.perf_counter() - started) / len(images)
    right = []
    for estimate, mask in zip(estimates, masks, strict=True):
        background = cv2.resize(
            estimate.background.astype(np.uint8), mask.shape[::-1], interpolation=cv2.INTER_NEAREST
        ).astype(bool)
        right.append((float((~background)[mask].mean()), float(background[~mask].mean())))
    clear = np.array([estimate.is_clear for estimate in estimates])
    objects, backgrounds = np.array(right)[clear].mean(axis=0)
    worst = float(np.quantile(np.array(right)[clear].min(axis=1), 0.05))
    print(
        f"{name:22} recall of the object {objects:4.2f}, of the background {backgrounds:4.2f} "
        f"(the worse of the two is below {worst:4.2f} in 1 of 20 images), clear in "
        f"{clear.mean():4.2f} of the images, {milliseconds:.0f} ms per image"
    )
    return bool(min(objects, backgrounds) >= MIN_RIGHT)


def _without_an_object(number: int) -> None:
    """Measure how often the estimate is clear for an image without an object."""
    for name, draw in (
        ("places", scene.draw_empty),
        ("pages of print", faults.page_of_print),
        ("brick walls", faults.brick_wall),
    ):
        images = [_squared(draw(np.random.default_rng([1, index]))) for index in range(number)]
        clear = np.mean([background_estimate.estimate(image).is_clear for image in images])
        print(f"{name:22} without an object, yet clear in {clear:4.2f} of the images")


def _hint(name: str, images: Images, maps: Sequence[Heatmap], *, expected: bool) -> bool:
    """Return whether the hint appears exactly when expected, for classes of ``CLASS_SIZE`` images."""
    found = [
        heat_location.heat_on(heatmap, estimate.background) if estimate.is_clear else None
        for heatmap, estimate in zip(maps, map(background_estimate.estimate, images), strict=True)
    ]
    classes = [
        [heat for heat in found[start : start + CLASS_SIZE] if heat]
        for start in range(0, len(found), CLASS_SIZE)
    ]
    hints = [heat_location.is_on_background(heats) for heats in classes]
    judged = [heat for heats in classes for heat in heats]
    print(
        f"{name:22} {np.mean([heat.share for heat in judged]):4.2f} of the heat on background, which covers "
        f"{np.mean([heat.area for heat in judged]):4.2f}; counted {sum(heat.is_most for heat in judged)} of "
        f"{len(judged)} images; a hint for {sum(hints)} of {len(hints)} classes, expected for "
        f"{len(hints) if expected else 0}"
    )
    return all(hint == expected for hint in hints)


def _grad_cam(made: Callable[[int, int], MadeImages], images: MadeImages) -> Sequence[Heatmap]:
    explainer = Explainer(trained_on(made))
    classes = [int(label) for label in images.labels]
    right = float((explainer.predict(images.images).argmax(axis=1) == images.labels).mean())
    print(f"a network was trained on {made.__name__}: accuracy {right:4.2f}")
    return list(explainer.heatmaps(images.images, classes))


def _garden(number: int) -> tuple[Images, list[Mask]]:
    drawn = [
        scene.draw_with_heads(KINDS[index % len(KINDS)], np.random.default_rng([2, index]))
        for index in range(number)
    ]
    heads = [_squared(np.asarray(255 * mask, np.uint8)) > 127 for _, mask in drawn]
    return [_squared(image) for image, _ in drawn], heads


def _squared(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.uint8)


def _disc(box: NDArray[np.int64]) -> Mask:
    top, left, bottom, right = box
    rows, columns = np.ogrid[:SIZE, :SIZE]
    squared = (2 * rows - top - bottom + 1) ** 2 + (2 * columns - left - right + 1) ** 2
    return np.asarray(squared <= (bottom - top) ** 2)


def _laid_on(mask: Mask) -> Heatmap:
    """Return heat on a part of the image, as coarse and blurred as Grad-CAM's."""
    coarse = cv2.resize(mask.astype(np.float32), (COARSE, COARSE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(coarse, (0, 0), 0.7), np.float32)


if __name__ == "__main__":
    sys.exit(main())
