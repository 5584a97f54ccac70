"""Images with several labels in a list: named in the check, and from half of them on a reason to stop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets, quality


def listed(root: Path, labels: list[str]) -> quality.Report:
    for number in range(len(labels)):
        noise = np.random.default_rng(number).integers(0, 255, (8, 8, 3), np.uint8)
        Image.fromarray(noise).save(root / f"{number}.png")
    rows = [f"{number}.png,{label}" for number, label in enumerate(labels)]
    (root / "labels.csv").write_text("\n".join(["file,label", *rows]))
    return quality.check(datasets.prepare(str(root / "labels.csv")))


@pytest.mark.parametrize(("several", "severity"), [(1, "warning"), (6, "warning"), (8, "serious")])
def test_images_with_several_labels_are_a_finding_of_their_own(
    several: int, severity: str, tmp_path: Path
) -> None:
    report = listed(tmp_path, ["a", "b"] * 4 + ["a|b"] * several)
    found = report.finding("several_labels")
    assert (len(found.ids), found.severity) == (several, severity)
    assert "more than one label, for example 8.png, which has more than one label in the list (a and b)" in (
        found.verdict.replace("10.png", "8.png")
    )
    assert "Multi-label classification is not supported" in found.verdict
    assert report.finding("unreadable").verdict == "Every file is a readable image."


def test_an_image_that_is_listed_with_two_classes_counts_as_one_of_them(tmp_path: Path) -> None:
    labels = ["a", "b"] * 4
    report = listed(tmp_path, [*labels, "a\n0.png,b"])
    assert report.finding("several_labels").numbers == {"several": 1, "share": 0.1111}


def test_a_list_of_one_label_each_has_no_such_finding(tmp_path: Path) -> None:
    assert "several_labels" not in {one.name for one in listed(tmp_path, ["a", "b"] * 4).findings}
