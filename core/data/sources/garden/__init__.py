"""The garden: reproducible drawings of five kinds of flowers, with faults planted on purpose.

``truth.json`` beside the class folders lists every planted fault, so that the quality checks and the search
for wrong labels can be scored against it.

The images are drawn, not shipped: the code is much smaller than the images, every planted fault is known, and
tests and benchmarks can draw gardens of other sizes and seeds. The rest of the lab only needs :func:`make`,
``TITLE``, ``CREDIT`` and ``RECIPE``; the drawing modules are internal.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core import files
from core.data.sources.garden import faults, scene
from core.data.sources.garden.flowers import HEADS
from core.processes.threads import Progress, ShouldStop, never, ordered_map, silent

TITLE = "Garden"
CREDIT = "Drawn by the Image Classification Lab; free to use (CC0)"
RECIPE = "6"
KINDS = tuple(HEADS)
WRONG_LABEL_SHARE = 0.04


@dataclass(frozen=True)
class Plan:
    """One file to draw: flowers of ``kind`` in the folder of ``label``, and its planted fault.

    ``number`` seeds the drawing. A copy has the number of its original, whose index in the plan is
    ``original``.
    """

    label: str
    kind: str
    number: int
    fault: str = ""
    how: str = ""
    original: int = -1


def make(folder: Path, progress: Progress, should_stop: ShouldStop) -> None:
    """Draw the garden, 150 images per class and its planted faults, in ``folder``."""
    draw(folder, progress=progress, should_stop=should_stop)


def draw(
    folder: Path,
    each: int = 150,
    seed: int = 0,
    *,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> None:
    """Draw a garden with ``each`` images per class, and faults in the same proportion."""
    planned = plan(each, seed)
    names = _names(planned, seed)
    with files.explained(folder):
        for kind in KINDS:
            (folder / kind).mkdir(parents=True, exist_ok=True)

        def write(index: int) -> None:
            (folder / names[index]).write_bytes(image_file(planned[index], seed))

        for _ in ordered_map(
            write, range(len(planned)), step="drawing flowers", progress=progress, should_stop=should_stop
        ):
            pass
    files.write_json(folder / "truth.json", truth(planned, names))


def plan(each: int, seed: int) -> list[Plan]:
    """Everything to draw: good images and wrong labels first, then copies, off-topic and broken images."""
    rng = np.random.default_rng([seed, each])
    plans: list[Plan] = []
    for kind in KINDS:
        wrong = set(rng.choice(each, _at_least_one(each * WRONG_LABEL_SHARE), replace=False).tolist())
        for number in range(each):
            others = [other for other in KINDS if other != kind]
            drawn = str(rng.choice(others)) if number in wrong else kind
            plans.append(Plan(kind, drawn, len(plans), "wrong_label" if number in wrong else ""))
    originals = rng.permutation([index for index, one in enumerate(plans) if not one.fault]).tolist()
    share = each / 150
    plans += _copies(plans, originals, rng, share)
    plans += _off_topic_poor_and_broken(len(plans), rng, share)
    return plans


def _copies(plans: list[Plan], originals: list[int], rng: np.random.Generator, share: float) -> list[Plan]:
    wanted = [("exact_duplicate", how) for how in ("file", "png") * _at_least_one(4 * share)]
    wanted += [("near_duplicate", how) for how in list(faults.NEAR_COPIES) * _at_least_one(3 * share)]
    wanted += [("conflicting_duplicate", "file")] * _at_least_one(3 * share)
    copies = []
    for index, (fault, how) in zip(originals, wanted, strict=False):
        one = plans[index]
        others = [kind for kind in KINDS if kind != one.label]
        label = str(rng.choice(others)) if fault == "conflicting_duplicate" else one.label
        copies.append(Plan(label, one.kind, one.number, fault, how, index))
    return copies


def _off_topic_poor_and_broken(first: int, rng: np.random.Generator, share: float) -> list[Plan]:
    """Off-topic, poor and broken images: new drawings, spread over the classes."""
    wanted = [("off_topic", how) for how in ("empty", "page", "wall") * _at_least_one(3 * share)]
    wanted += [("poor", how) for how in list(faults.POOR) * _at_least_one(2 * share)]
    wanted += [("broken", how) for how in faults.BROKEN]
    kinds = [str(kind) for kind in rng.choice(KINDS, len(wanted))]
    return [
        Plan(kind, kind, first + turn, fault, how)
        for turn, (kind, (fault, how)) in enumerate(zip(kinds, wanted, strict=True))
    ]


def image_file(one: Plan, seed: int) -> bytes:
    """The content of a planned file."""
    rng = np.random.default_rng([seed, one.number])
    if one.fault == "off_topic":
        draw_off_topic = {
            "empty": scene.draw_empty,
            "page": faults.page_of_print,
            "wall": faults.brick_wall,
        }[one.how]
        return faults.jpeg(Image.fromarray(draw_off_topic(rng)), 85)
    image = Image.fromarray(scene.draw(one.kind, rng))
    quality = int(rng.integers(78, 94))
    file = faults.jpeg(image, quality)
    if one.fault == "near_duplicate":
        return faults.jpeg(faults.NEAR_COPIES[one.how](image, rng), quality - 15)
    if one.fault == "poor":
        return faults.jpeg(faults.POOR[one.how](image, rng), quality)
    if one.fault == "broken":
        return faults.BROKEN[one.how](file)
    return faults.same_pixels_as_png(file) if one.how == "png" else file


def truth(planned: list[Plan], names: list[str]) -> dict[str, list[dict[str, str]]]:
    """Every planted fault by type: the file, and what it really shows, copies or suffers from."""
    planted: dict[str, list[dict[str, str]]] = defaultdict(list)
    for one, name in zip(planned, names, strict=True):
        if one.fault == "wrong_label":
            planted[one.fault].append({"file": name, "label": one.label, "shows": one.kind})
        elif one.original >= 0:
            planted[one.fault].append({"file": name, "original": names[one.original], "how": one.how})
        elif one.fault:
            planted[one.fault].append({"file": name, "how": one.how})
    return dict(planted)


def _names(planned: list[Plan], seed: int) -> list[str]:
    """File names that do not reveal the faults."""
    names = [""] * len(planned)
    counts: dict[str, int] = defaultdict(int)
    for index in np.random.default_rng([seed, 1]).permutation(len(planned)).tolist():
        label = planned[index].label
        counts[label] += 1
        names[index] = f"{label}/{label}_{counts[label]:03}.{'png' if planned[index].how == 'png' else 'jpg'}"
    return names


def _at_least_one(share: float) -> int:
    return max(1, round(share))
