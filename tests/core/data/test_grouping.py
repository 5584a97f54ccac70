"""A data set's groups come from its list, its file names or its folders, and join the groups of copies."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import datasets
from core.config import DataConfig
from core.data import grouping
from core.data.dataset import Dataset
from core.data.sources import garden
from core.errors import LabError


def write(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 16, 3)).astype(np.uint8)).save(path)


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    """Twenty patients with four images each, in two classes."""
    for patient in range(20):
        for number in range(4):
            folder = tmp_path / "scans" / ("sick" if patient % 2 else "healthy")
            write(folder / f"patient{patient:02}_{number}.png", 10 * patient + number)
    return tmp_path / "scans"


def select(dataset: Dataset, **settings: object) -> datasets.Selection:
    return datasets.select(dataset, DataConfig.model_validate({"source": dataset.source, **settings}))


def torn(selection: datasets.Selection) -> int:
    """Patients in more than one split."""
    patient = selection.rows["name"].str.extract(r"(patient\d+)")[0]
    return int((selection.rows.groupby(patient)["split"].nunique() > 1).sum())


def test_names_keep_a_patients_images_in_one_split_only_if_asked(patients: Path) -> None:
    dataset = datasets.prepare(str(patients))
    plain, whole = select(dataset), select(dataset, group_by="name")
    assert torn(plain) > 5
    assert torn(whole) == 0
    assert plain.group_counts() == {}
    assert whole.group_counts() == {"train": 16, "validation": 2, "test": 2}
    assert plain.fingerprint == select(dataset, group_by="none").fingerprint != whole.fingerprint


@pytest.mark.parametrize("column", ["patient_id", "Group", "subject"])
def test_a_group_named_by_the_list_is_kept_whole_without_asking(column: str, patients: Path) -> None:
    files = [path.relative_to(patients) for path in sorted(patients.rglob("*.png"))]
    lines = [f"{path.as_posix()},{path.parent.name},{path.stem.partition('_')[0]}" for path in files]
    (patients / "list.csv").write_text("\n".join([f"file,label,{column}", *lines]))
    dataset = datasets.prepare(str(patients / "list.csv"))
    assert torn(select(dataset)) == 0
    assert select(dataset).group_counts() == {"train": 16, "validation": 2, "test": 2}
    assert torn(select(dataset, group_by="none")) > 5


def test_one_burst_among_single_images_is_kept_whole(patients: Path) -> None:
    lines = []
    for number, path in enumerate(sorted(patients.rglob("*.png"))):
        burst = f"burst {path.parent.name}" if number % 40 < 8 else ""
        lines.append(f"{path.relative_to(patients).as_posix()},{path.parent.name},{burst}")
    (patients / "list.csv").write_text("\n".join(["file,label,burst_id", *lines]))
    selection = select(datasets.prepare(str(patients / "list.csv")))
    rows = selection.rows[selection.rows["source_group"] != ""]
    assert len(rows) == 16 and (rows.groupby("source_group")["split"].nunique() == 1).all()


def test_a_list_that_names_another_group_for_each_image_has_no_groups(patients: Path) -> None:
    dataset = datasets.prepare(str(patients))
    index = dataset.index.assign(source_group=dataset.index["name"])
    chosen = select(replace(dataset, index=index, usable=index))
    assert chosen.groups is None
    assert chosen.fingerprint == select(dataset).fingerprint


def test_a_folder_below_the_class_is_a_group(patients: Path) -> None:
    for path in sorted(patients.rglob("*.png")):
        patient, _, number = path.stem.partition("_")
        (path.parent / patient).mkdir(exist_ok=True)
        path.rename(path.parent / patient / f"{number}.png")
    dataset = datasets.prepare(str(patients), layout="class-folders")
    suggested = grouping.suggested(dataset)
    assert suggested is not None
    assert suggested.by == "folder"
    assert torn(select(dataset, group_by="folder")) == 0


def test_a_folder_above_the_class_is_a_group_too(tmp_path: Path) -> None:
    for patient in range(6):
        for label in ("left", "right"):
            for number in range(3):
                write(
                    tmp_path / "hands" / f"p{patient}" / label / f"{number}.png",
                    100 * patient + 10 * len(label) + number,
                )
    dataset = datasets.prepare(str(tmp_path / "hands"), layout="inner-folders")
    chosen = select(dataset, group_by="folder", validation_share=0.2, test_share=0.2)
    patient = chosen.rows["file"].str.partition("/")[0]
    assert (chosen.rows.groupby(patient)["split"].nunique() == 1).all()
    assert chosen.group_counts() == {"train": 4, "validation": 1, "test": 1}


def test_copies_join_the_groups_that_they_are_in(patients: Path) -> None:
    shutil.copy(patients / "sick" / "patient01_0.png", patients / "sick" / "patient03_9.png")
    rows = select(datasets.prepare(str(patients)), group_by="name").rows
    assert rows.loc[rows["name"].str.contains("patient01|patient03"), "split"].nunique() == 1


def test_excluding_images_does_not_change_the_groups_of_others(patients: Path) -> None:
    dataset = datasets.prepare(str(patients))
    few = replace(dataset, usable=dataset.usable[dataset.usable["name"].str.contains("_0|_1")])
    assert select(few, group_by="name").group_counts() == {"train": 16, "validation": 2, "test": 2}


def test_a_class_of_one_group_is_reported(patients: Path) -> None:
    for path in sorted((patients / "sick").iterdir()):
        if "patient01" not in path.name:
            path.unlink()
    with pytest.raises(LabError, match=r"Class 'sick' has 4 images .* all from 1 group"):
        select(datasets.prepare(str(patients)), group_by="name")


def test_built_in_images_suggest_no_groups_and_split_as_ever(tmp_path: Path) -> None:
    garden.draw(tmp_path / "garden", each=12)
    dataset = datasets.prepare(str(tmp_path / "garden"))
    assert grouping.suggested(dataset) is None
    by_any = {select(dataset, group_by=by).fingerprint for by in ("list", "name", "folder", "none")}
    assert len(by_any) == 1


def test_joined_groups_are_those_that_are_linked_by_a_key_or_a_copy() -> None:
    rows = pd.DataFrame({"id": list("abcdef"), "group": [0, 0, 1, 2, 3, 4]})
    keys = pd.Series(["x", "y", "y", "", "z", "z"], rows["id"])
    numbers = grouping.joined(rows, grouping.Groups("list", keys))
    assert [list(numbers).index(number) for number in numbers] == [0, 0, 0, 3, 4, 4]
