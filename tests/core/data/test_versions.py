"""Exclusions and relabels are recorded, undone and reproduced; the user's files stay untouched."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import datasets
from core.config import DataConfig
from core.data import versions
from core.data.dataset import Dataset
from core.errors import LabError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten cats and ten dogs."""
    rng = np.random.default_rng(0)
    for label in ("cats", "dogs"):
        (tmp_path / "own" / label).mkdir(parents=True)
        for number in range(10):
            noise = rng.integers(0, 255, (16, 16, 3), np.uint8)
            Image.fromarray(noise).save(tmp_path / "own" / label / f"{number}.png")
    datasets.prepare(str(tmp_path / "own"))
    return tmp_path / "own"


def reopened(folder: Path) -> Dataset:
    return datasets.open(str(folder))


def ids(folder: Path, *names: str) -> list[str]:
    index = reopened(folder).index.set_index("file")["id"]
    return [str(index[name]) for name in names]


def test_excluded_images_are_out_of_use_but_not_out_of_the_index(folder: Path) -> None:
    before = reopened(folder)
    step = versions.exclude(before, ids(folder, "cats/1.png", "cats/2.png"), "blurred")
    after = reopened(folder)
    assert (step.number, step.kind, step.reason, len(step.ids)) == (1, "exclude", "blurred", 2)
    assert (len(after.index), len(after.usable)) == (20, 18)
    assert after.index.set_index("file").at["cats/1.png", "excluded"] == "blurred"
    assert after.version != before.version
    assert not after.skipped
    chosen = datasets.select(after, DataConfig()).rows
    assert not set(step.ids) & set(chosen["id"])


def test_a_relabel_changes_the_class_everywhere_and_no_file(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    versions.relabel(reopened(folder), ids(folder, "cats/1.png"), "dogs", "it barks")
    after = reopened(folder)
    assert after.usable["label"].value_counts().to_dict() == {"dogs": 11, "cats": 9}
    row = after.index.set_index("file").loc["cats/1.png"]
    assert (row["label"], row["folder_label"]) == ("dogs", "cats")
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == files


def test_steps_add_up_and_putting_back_gives_the_first_version_again(folder: Path) -> None:
    first = reopened(folder)
    versions.exclude(first, ids(folder, "cats/1.png", "cats/2.png"), "dark")
    versions.put_back(reopened(folder), ids(folder, "cats/1.png"), "not so dark")
    assert len(reopened(folder).usable) == 19
    versions.put_back(reopened(folder), ids(folder, "cats/2.png"), "nor this")
    assert reopened(folder).version == first.version


def test_undo_reverts_the_last_step_and_can_be_undone(folder: Path) -> None:
    first = reopened(folder)
    versions.exclude(first, ids(folder, "cats/1.png"), "dark")
    second = reopened(folder)
    versions.relabel(second, ids(folder, "cats/2.png"), "dogs", "a dog")
    third = reopened(folder)
    assert versions.undo(third).undoes == 2
    assert reopened(folder).version == second.version
    assert versions.undo(reopened(folder)).undoes == 1
    assert reopened(folder).version == first.version
    versions.undo(reopened(folder), number=4)
    versions.undo(reopened(folder), number=3)
    assert reopened(folder).version == third.version
    assert [step.kind for step in versions.steps(first.path)] == ["exclude", "relabel", *["undo"] * 4]


def test_a_step_that_two_people_undo_at_once_is_undone_once_and_can_be_redone(folder: Path) -> None:
    seen = reopened(folder)
    versions.exclude(seen, ids(folder, "cats/1.png"), "dark")
    dark = reopened(folder)
    undo = versions.undo(dark, number=1)
    with pytest.raises(LabError, match="Step 1 has been undone already, perhaps in another window"):
        versions.undo(dark, number=1)
    versions.undo(dark, number=undo.number)
    assert reopened(folder).version == dark.version
    with pytest.raises(LabError, match="has no step 9 to undo"):
        versions.undo(dark, number=9)


def test_a_step_in_the_middle_can_be_undone(folder: Path) -> None:
    versions.exclude(reopened(folder), ids(folder, "cats/1.png"), "dark")
    versions.exclude(reopened(folder), ids(folder, "cats/2.png"), "dark")
    versions.undo(reopened(folder), number=1)
    assert reopened(folder).index.set_index("file")["excluded"].to_dict()["cats/1.png"] == ""
    assert len(reopened(folder).usable) == 19


def test_every_earlier_version_can_be_opened_again(folder: Path) -> None:
    seen = [reopened(folder)]
    for name, reason in (("cats/1.png", "a"), ("cats/2.png", "b"), ("dogs/3.png", "c")):
        versions.exclude(seen[-1], ids(folder, name), reason)
        seen.append(reopened(folder))
    versions.undo(seen[-1], number=1)
    for old in seen:
        again = datasets.open(str(folder), old.version)
        assert again.version == old.version
        assert again.usable["id"].tolist() == old.usable["id"].tolist()
        config = DataConfig(source=str(folder), version=old.version)
        assert datasets.select(again, config).fingerprint == datasets.select(old, config).fingerprint


def test_an_unknown_version_is_reported(folder: Path) -> None:
    with pytest.raises(LabError, match="has no version '0123456789ab': its files have changed since"):
        datasets.open(str(folder), "0123456789ab")


def test_preparing_again_keeps_the_steps(folder: Path) -> None:
    versions.exclude(reopened(folder), ids(folder, "cats/1.png"), "dark")
    version = reopened(folder).version
    assert datasets.prepare(str(folder)).version == version


def test_two_versions_are_compared(folder: Path) -> None:
    first = reopened(folder)
    out, changed = ids(folder, "cats/1.png", "cats/2.png")
    versions.exclude(first, [out], "dark")
    versions.relabel(reopened(folder), [changed], "dogs", "a dog")
    second = reopened(folder)
    assert versions.compare(first, second) == versions.Comparison((out,), (), ((changed, "cats", "dogs"),))
    assert versions.compare(second, first) == versions.Comparison((), (out,), ((changed, "dogs", "cats"),))


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda data: versions.exclude(data, ["nothing"], ""), "none of the selected images is in use"),
        (
            lambda data: versions.put_back(data, [data.usable["id"].iloc[0]], ""),
            "none of the selected images is excluded",
        ),
        (
            lambda data: versions.relabel(data, [data.usable["id"].iloc[0]], "cats", ""),
            "a class other than 'cats'",
        ),
        (lambda data: versions.relabel(data, [data.usable["id"].iloc[0]], "cows", ""), "has no class 'cows'"),
        (lambda data: versions.undo(data), "has no step to undo"),
        (lambda data: versions.undo(data, 7), "has no step 7 to undo"),
    ],
)
def test_a_step_that_changes_nothing_is_reported_and_not_recorded(
    folder: Path, act: object, words: str
) -> None:
    with pytest.raises(LabError, match=words):
        act(reopened(folder))  # type: ignore[operator]
    assert versions.steps(reopened(folder).path) == ()


@pytest.mark.parametrize(
    "text", ["[", "3", '[{"number": 1}]', '[{"number": 2, "kind": "exclude", "ids": []}]']
)
def test_damaged_steps_are_reported(folder: Path, text: str) -> None:
    (reopened(folder).path / "steps.json").write_text(text)
    with pytest.raises(LabError, match=r"steps\.json in .* is damaged"):
        reopened(folder)


def test_a_reason_is_kept_verbatim(folder: Path) -> None:
    versions.exclude(reopened(folder), ids(folder, "cats/1.png"), "  <b>zu dunkel</b> 🌷 ")
    assert versions.steps(reopened(folder).path)[0].reason == "<b>zu dunkel</b> 🌷"


def test_putting_many_images_back_takes_no_quadratic_time() -> None:
    ids = tuple(f"{number:016x}" for number in range(20_000))
    index = pd.DataFrame({"id": ids, "label": "cats"})
    steps = [versions.Step(1, 0.0, "exclude", "dark", ids), versions.Step(2, 0.0, "put_back", "bright", ids)]
    start = time.perf_counter()
    assert (versions.apply(index, steps)["excluded"] == "").all()
    assert time.perf_counter() - start < 2
