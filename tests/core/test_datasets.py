"""Any source becomes one data set; preparing it again changes nothing; errors are sentences."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import datasets
from core.config import DataConfig
from core.data import indexing
from core.data.sources.layout import LeftAside
from core.errors import LabError, Stopped
from core.workspace import PROJECT


def image(path: Path, seed: int, size: tuple[int, int] = (20, 16)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 255, (*size[::-1], 3), np.uint8)
    Image.fromarray(noise).save(path, "PNG")


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    """Twelve roses and twelve tulips."""
    for number in range(12):
        image(tmp_path / "flowers" / "roses" / f"{number:02}.png", number)
        image(tmp_path / "flowers" / "tulips" / f"{number:02}.png", 100 + number)
    return tmp_path / "flowers"


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_users_folder_is_indexed_in_place_and_never_written_to(flowers: Path, workspace: Path) -> None:
    before = snapshot(flowers)
    dataset = datasets.prepare(str(flowers))
    dataset.thumbnail(dataset.usable.iloc[0], 32)
    assert snapshot(flowers) == before
    assert dataset.root == flowers
    assert dataset.path.is_relative_to(workspace)
    assert dataset.class_names == ("roses", "tulips")
    assert dataset.title == "flowers"
    assert list(dataset.index.columns) == [*indexing.COLUMNS, "group", "folder_label", "excluded"]
    assert dataset.usable["id"].is_unique
    row = dataset.usable.iloc[0]
    assert (row["width"], row["height"], row["mode"], row["label"]) == (20, 16, "RGB", "roses")


def test_a_prepared_data_set_can_be_opened(flowers: Path) -> None:
    prepared = datasets.prepare(str(flowers))
    opened = datasets.open(str(flowers))
    pd.testing.assert_frame_equal(opened.index, prepared.index)
    assert opened.version == prepared.version


def test_opening_before_preparing_raises_not_prepared(flowers: Path) -> None:
    with pytest.raises(datasets.NotPrepared, match="'flowers' has not been prepared yet"):
        datasets.open(str(flowers))


def test_preparing_again_reads_only_changed_files(flowers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = datasets.prepare(str(flowers))
    read: list[str] = []
    decode = indexing.decode
    monkeypatch.setattr(
        indexing, "decode", lambda path, **options: (read.append(path.name), decode(path, **options))[1]
    )
    assert datasets.prepare(str(flowers)).version == first.version
    assert not read
    image(flowers / "roses" / "new.png", 50)
    second = datasets.prepare(str(flowers))
    assert read == ["new.png"]
    assert len(second.usable) == 25
    assert second.version != first.version


@pytest.mark.fault("F1")
def test_bad_files_are_listed_and_the_rest_is_used(flowers: Path) -> None:
    (flowers / "roses" / "empty.jpg").touch()
    (flowers / "tulips" / "page.jpg").write_text("<html>not found</html>")
    dataset = datasets.prepare(str(flowers))
    assert list(dataset.skipped) == [
        {"file": "roses/empty.jpg", "reason": "empty file"},
        {"file": "tulips/page.jpg", "reason": "a web page, not an image"},
    ]
    assert len(dataset.usable) == 24
    with pytest.raises(LabError, match=r"roses/empty\.jpg of data set 'flowers': empty file"):
        dataset.image(dataset.index.set_index("file", drop=False).loc["roses/empty.jpg"])


def test_a_repaired_file_is_reread(flowers: Path) -> None:
    (flowers / "roses" / "late.png").touch()
    assert datasets.prepare(str(flowers)).skipped
    image(flowers / "roses" / "late.png", 60)
    assert not datasets.prepare(str(flowers)).skipped


def test_the_same_pixels_in_another_format_are_a_copy(flowers: Path) -> None:
    with Image.open(flowers / "roses" / "00.png") as image:
        image.save(flowers / "tulips" / "copy.bmp")
    index = datasets.prepare(str(flowers)).index.set_index("file")
    assert index.at["roses/00.png", "group"] == index.at["tulips/copy.bmp", "group"]
    assert index.at["roses/00.png", "id"] != index.at["tulips/copy.bmp", "id"]
    assert index["group"].nunique() == 24


def test_broken_files_are_not_copies_of_each_other(flowers: Path) -> None:
    (flowers / "roses" / "a.jpg").touch()
    (flowers / "roses" / "b.jpg").touch()
    assert datasets.prepare(str(flowers)).index["group"].is_unique


def test_images_and_thumbnails_come_without_tensorflow(flowers: Path) -> None:
    script = (
        "import sys; from core import datasets; from core.data import pixel_cache\n"
        "from core.config import DataConfig\n"
        f"d = datasets.prepare({str(flowers)!r}); row = d.usable.iloc[0]\n"
        "assert d.image(row).size == (20, 16); assert d.thumbnail(row, 8)[:2] == b'\\xff\\xd8'\n"
        "pixel_cache.load(d, datasets.select(d, DataConfig()).rows, 32, 'stretch')\n"
        "assert 'tensorflow' not in sys.modules and 'streamlit' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], cwd=PROJECT, check=True)


def test_a_thumbnail_is_created_once(flowers: Path) -> None:
    dataset = datasets.prepare(str(flowers))
    row = dataset.usable.iloc[0]
    first = dataset.thumbnail(row, 8)
    (flowers / row["file"]).unlink()
    assert dataset.thumbnail(row, 8) == first


def test_an_index_of_another_version_of_the_lab_is_prepared_again(flowers: Path) -> None:
    prepared = datasets.prepare(str(flowers))
    path = prepared.path / "index.parquet"
    pd.read_parquet(path).drop(columns="name").to_parquet(path)
    with pytest.raises(datasets.NotPrepared, match="a different version"):
        datasets.open(str(flowers))
    assert datasets.prepare(str(flowers)).version == prepared.version


@pytest.mark.fault("F16")
def test_a_damaged_index_is_reported_and_preparing_again_repairs_it(flowers: Path) -> None:
    dataset = datasets.prepare(str(flowers))
    (dataset.path / "index.parquet").write_bytes(b"PAR1 rubbish")
    with pytest.raises(LabError, match=r"is damaged .* prepare it again"):
        datasets.open(str(flowers))
    assert len(datasets.prepare(str(flowers)).usable) == 24


@pytest.mark.fault("F20")
def test_a_stop_leaves_the_data_set_as_it_was(flowers: Path) -> None:
    before = datasets.prepare(str(flowers))
    image(flowers / "roses" / "new.png", 50)
    with pytest.raises(Stopped):
        datasets.prepare(str(flowers), should_stop=lambda: True)
    assert datasets.open(str(flowers)).version == before.version


@pytest.mark.fault("F21")
def test_an_unwritable_workspace_is_reported(flowers: Path, workspace: Path) -> None:
    workspace.write_text("a file where the folder should be")
    with pytest.raises(LabError, match="could not write"):
        datasets.prepare(str(flowers))


def test_a_missing_folder_is_reported(flowers: Path) -> None:
    datasets.prepare(str(flowers))
    shutil.rmtree(flowers)
    with pytest.raises(LabError, match="There is no folder"):
        datasets.open(str(flowers))


def test_progress_is_reported_step_by_step(flowers: Path) -> None:
    reported: list[tuple[str, int, int]] = []
    datasets.prepare(str(flowers), progress=lambda *step: reported.append(step))
    assert ("reading images", 0, 24) in reported
    assert ("reading images", 24, 24) in reported
    assert reported[-1][0] == "looking for duplicates"


def select(folder: Path, **settings: object) -> datasets.Selection:
    return datasets.select(datasets.prepare(str(folder)), DataConfig.model_validate(settings))


def test_a_selection_is_the_same_every_time_and_counts_by_split_and_class(flowers: Path) -> None:
    one, again = select(flowers), select(flowers)
    assert one.fingerprint == again.fingerprint
    assert one.fingerprint != select(flowers, split_seed=1).fingerprint
    assert one.counts() == {
        "train": {"roses": 10, "tulips": 10},
        "validation": {"roses": 1, "tulips": 1},
        "test": {"roses": 1, "tulips": 1},
    }


def test_the_selection_respects_the_classes_and_the_cap(flowers: Path) -> None:
    image(flowers / "daisies" / "a.png", 200)
    chosen = select(flowers, classes=("tulips", "roses"), max_per_class=5)
    assert chosen.class_names == ("roses", "tulips")
    assert chosen.rows["label"].value_counts().to_dict() == {"roses": 5, "tulips": 5}
    larger = select(flowers, classes=("tulips", "roses"), max_per_class=8)
    assert set(chosen.rows["id"]) < set(larger.rows["id"])


@pytest.mark.fault("F14")
def test_copies_are_never_in_two_splits(flowers: Path) -> None:
    for number in range(12):
        shutil.copy(flowers / "roses" / f"{number:02}.png", flowers / "roses" / f"{number:02} copy.png")
    rows = select(flowers, validation_share=0.3, test_share=0.3).rows
    assert (rows.groupby("content")["split"].nunique() == 1).all()


def test_training_copies_of_a_sources_test_images_are_left_out_and_counted(
    flowers: Path, tmp_path: Path
) -> None:
    root = tmp_path / "split"
    shutil.copytree(flowers, root / "train")
    shutil.copytree(flowers / "roses", root / "test" / "roses")
    image(root / "test" / "tulips" / "new.png", 300)
    for number in range(12):
        image(root / "train" / "roses" / f"more {number}.png", 400 + number)
    chosen = select(root)
    assert chosen.left_out == 12
    assert chosen.counts()["test"] == {"roses": 12, "tulips": 1}


@pytest.mark.fault("F14")
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"classes": ("roses",)}, "needs at least 2 classes; data set 'flowers' has only 'roses'"),
        ({"classes": ("roses", "cats")}, "has no class 'cats'; its classes are roses, tulips"),
        ({"max_per_class": 2}, "Class 'roses' has 2 images .* at least 3 are needed"),
    ],
)
def test_too_few_images_or_classes_are_reported(
    flowers: Path, settings: dict[str, object], words: str
) -> None:
    with pytest.raises(LabError, match=words):
        select(flowers, **settings)


@pytest.mark.fault("F14")
def test_an_empty_folder_is_no_class_and_is_named(flowers: Path) -> None:
    (flowers / "daisies").mkdir()
    assert select(flowers).class_names == ("roses", "tulips")
    dataset = datasets.open(str(flowers))
    assert dataset.left_aside == (LeftAside("an empty folder", 1, ("daisies",)),)
    assert dataset.read_as.endswith("1 other left aside (an empty folder: daisies).")


@pytest.mark.fault("F19")
def test_two_processes_prepare_one_after_the_other(flowers: Path) -> None:
    script = f"from core import datasets; print(datasets.prepare({str(flowers)!r}).version)"
    both = [
        subprocess.Popen([sys.executable, "-c", script], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    versions = {process.communicate(timeout=60)[0] for process in both}
    assert len(versions) == 1
    assert [process.returncode for process in both] == [0, 0]


def test_a_missing_index_of_a_generated_source_is_rebuilt_from_its_files(garden: str) -> None:
    first = datasets.open(garden)
    made = (first.path / "files" / "daisy").stat().st_mtime_ns
    (first.path / "index.parquet").unlink()
    second = datasets.prepare(garden)
    assert (second.version, (second.path / "files" / "daisy").stat().st_mtime_ns) == (first.version, made)
    assert len(second.usable) == len(first.usable)


def test_another_split_in_the_list_is_another_key_for_what_is_cached(flowers: Path) -> None:
    lines = [f"{kind}/{n:02}.png,{kind},{{}}" for kind in ("roses", "tulips") for n in range(12)]
    listing = flowers / "list.csv"
    listing.write_text("\n".join(["file,label,split", *lines]).format(*["train"] * 20, *["test"] * 4))
    first = datasets.prepare(str(listing))
    listing.write_text("\n".join(["file,label,split", *lines]).format(*["test"] * 4, *["train"] * 20))
    second = datasets.prepare(str(listing))
    assert first.version == second.version and first.cache_key != second.cache_key
    assert second.cache_key == datasets.open(str(listing)).cache_key


@pytest.mark.parametrize("name", ["recipe.txt", "note.txt"])
def test_a_damaged_note_of_how_the_images_were_made_is_written_anew(flowers: Path, name: str) -> None:
    archive = shutil.make_archive(str(flowers), "zip", flowers)
    prepared = datasets.prepare(archive)
    (prepared.path / name).write_bytes(b"\xff\xfe")
    assert datasets.prepare(archive).version == prepared.version
