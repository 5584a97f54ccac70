"""Collecting images: nothing is lost or mixed up, takes stay whole, and every earlier version stays."""

from __future__ import annotations

import errno
import io
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets
from core.comparison import data_changes
from core.config import DataConfig
from core.data import sources, versions
from core.data.collected import classes, correcting, images, listing, log, undoing, writing
from core.data.splits import TRAIN_ONLY
from core.errors import LabError

ME, OTHER = "a" * 32, "b" * 32


def photo(seed: int) -> bytes:
    """A JPEG of random blocks: photos of different seeds are no copies of each other."""
    blocks = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)
    content = io.BytesIO()
    Image.fromarray(blocks).resize((64, 64), Image.Resampling.NEAREST).save(content, "JPEG", quality=90)
    return content.getvalue()


def photos(*seeds: int) -> list[images.Content]:
    return [(f"{seed}.jpg", photo(seed)) for seed in seeds]


@pytest.fixture
def source() -> str:
    return classes.create("My cups", ["cup", "pen"], ME)


@pytest.fixture
def folder(source: str) -> Path:
    found = sources.resolve(source).folder
    assert found is not None
    return found


@pytest.fixture
def keys(folder: Path) -> dict[str, str]:
    return {label: key for key, label in log.read(folder).classes.items()}


def collect(folder: Path, keys: dict[str, str], takes: int = 4, each: int = 5) -> None:
    """For each class some takes of as many images."""
    for number, key in enumerate(keys.values()):
        for take in range(takes):
            seeds = [1000 * number + 100 * take + image for image in range(each)]
            images.add(folder, key, photos(*seeds), take=f"{number}{take}", by=ME)


def used(source: str, folder: Path) -> datasets.Dataset:
    images.use(folder, by=ME)
    return datasets.prepare(source)


def test_images_are_stored_at_once_under_names_of_our_own(folder, keys):
    added = images.add(folder, keys["cup"], [("../../evil name.jpg", photo(1)), ("b.png", photo(2))], by=ME)
    assert (added.new, added.known, added.refused) == (2, 0, ())
    stored = log.read(folder).of_class(keys["cup"])
    assert [image.name for image in stored] == ["../../evil name.jpg", "b.png"]
    assert all((folder / image.file).is_file() and len(image.file) == 20 for image in stored)
    assert not list(folder.parent.rglob("*evil*"))


def test_an_image_is_kept_once_and_a_damaged_one_is_refused_with_its_reason(folder, keys):
    cup, pen = keys["cup"], keys["pen"]
    images.add(folder, cup, photos(1))
    assert images.add(folder, cup, photos(1, 1)).known == 2
    assert images.add(folder, pen, photos(1)).refused == ("1.jpg is already in class cup",)
    (refused,) = images.add(folder, cup, [("broken.jpg", photo(3)[:300])]).refused
    assert refused.startswith("broken.jpg cannot be read: ")
    assert {path.name for path in folder.iterdir()} == {
        "collected.jsonl", "collected.lock", *log.read(folder).images,
    }  # fmt: skip


def test_what_two_browsers_add_at_once_is_all_there_and_says_whose_it_is(folder, keys):
    images.add(folder, keys["cup"], photos(1, 2), by=ME)
    images.add(folder, keys["cup"], photos(3), by=OTHER)
    assert [image.by for image in log.read(folder).images.values()] == [ME, ME, OTHER]


def test_an_image_is_the_same_whatever_its_file_is_called(folder, keys):
    names = ("a.jpg", "b.JPEG", "c", "d.png")
    assert images.add(folder, keys["cup"], [(name, photo(1)) for name in names]) == images.Added(1, 3)
    assert images.add(folder, keys["cup"], [("e.jpeg", photo(1))]) == images.Added(0, 1)
    refused = images.add(folder, keys["pen"], [("f.jpeg", photo(1))]).refused
    assert refused == ("f.jpeg is already in class cup",)


def test_a_window_that_takes_too_long_is_named_and_no_full_disk(folder, keys, monkeypatch):
    monkeypatch.setattr(writing, "PATIENCE_SECONDS", 0.1)
    with writing.changing(folder), pytest.raises(LabError, match="Another window is still storing images"):
        images.add(folder, keys["cup"], photos(1))


def test_a_line_that_a_crash_cut_off_costs_nothing_else(folder, keys):
    images.add(folder, keys["cup"], photos(1))
    with (folder / log.LOG).open("a") as file:
        file.write('{"id": "half')
    images.add(folder, keys["cup"], photos(2))
    assert len(log.read(folder).images) == 2


@pytest.mark.parametrize("file", ["../../x.jpg", "/etc/passwd", "x.jpg", ""])
def test_a_log_that_names_a_file_elsewhere_names_nothing(folder, keys, file):
    line = f'{{"id":"1","time":1,"kind":"add","of":"{keys["cup"]}","files":["{file}"],"names":["x"]}}\n'
    with (folder / log.LOG).open("a") as written:
        written.write(line)
    assert log.read(folder).images == {}


def test_each_change_is_undone_a_whole_take_at_once_and_only_ones_own(folder, keys):
    cup, pen = keys["cup"], keys["pen"]
    images.add(folder, cup, photos(1, 2), take="t1", by=ME)
    images.add(folder, cup, photos(3), take="t1", by=ME)
    before = log.read(folder).images
    images.move(folder, list(before)[:1], pen, ME)
    images.remove(folder, list(before)[1:2], ME)
    classes.rename(folder, pen, "pencil", ME)
    classes.remove(folder, pen, ME)
    images.add(folder, cup, photos(9), by=OTHER)
    told = []
    while change := undoing.last_change(folder, log.read(folder), ME):
        undoing.undo(folder, change, ME)
        told.append(change.words)
    assert told == [
        "a class removed", "class renamed to pencil", "1 image removed", "1 image moved to pen",
        "3 images added to cup", "class pen added",
    ]  # fmt: skip
    assert [image.by for image in log.read(folder).images.values()] == [OTHER]


def test_a_change_that_can_no_longer_be_undone_stays(folder, keys):
    images.add(folder, keys["cup"], photos(1), by=ME)
    change = undoing.last_change(folder, log.read(folder), ME)
    classes.rename(folder, keys["cup"], "mug", OTHER)
    undoing.undo(folder, change, ME)
    with pytest.raises(LabError, match="can no longer be undone"):  # pressed in a second tab, too
        undoing.undo(folder, change, ME)
    images.add(folder, keys["cup"], photos(2), by=ME)
    change = undoing.last_change(folder, log.read(folder), ME)
    images.use(folder, by=OTHER)
    with pytest.raises(LabError, match="can no longer be undone"):
        undoing.undo(folder, change, ME)
    assert [image.name for image in log.read(folder).images.values()] == ["2.jpg"]


def test_names_of_classes_are_unique_and_not_empty(folder, keys):
    for name in ("", "  ", "CUP", "x" * 61):
        with pytest.raises(LabError):
            classes.add(folder, name)
    assert classes.add(folder, "mug\nmug") in log.read(folder).classes


def test_a_slash_in_the_name_of_a_class_is_part_of_the_name():
    folder = sources.resolve(classes.create("Lights", ["on/off", "on/dim"], ME)).folder
    assert folder is not None
    for number, key in enumerate(log.read(folder).classes):
        images.add(folder, key, photos(number))
    images.use(folder)
    assert [one.label for one in listing.found(folder)] == ["on/off", "on/dim"]


def test_unfinished_collections_are_found_again_ones_own_first_and_can_be_discarded(source, folder, keys):
    other = classes.create("", ["x"], OTHER)
    assert [f"upload:{one[0]}" for one in classes.unfinished(ME)] == [source, other]
    collect(folder, keys, takes=3)
    used(source, folder)
    assert [f"upload:{one[0]}" for one in classes.unfinished(ME)] == [other]
    with pytest.raises(LabError, match="in use"):
        classes.discard(folder)
    found = sources.resolve(other).folder
    assert found is not None
    classes.discard(found)
    assert classes.unfinished(ME) == []


def test_too_few_takes_are_named(folder, keys):
    assert "at least 3 are needed" in listing.obstacle(log.read(folder))
    collect(folder, keys, takes=3, each=2)
    assert listing.obstacle(log.read(folder)) == ""


def test_a_take_is_in_one_split(source, folder, keys):
    collect(folder, keys)
    dataset = used(source, folder)
    rows = datasets.select(dataset, DataConfig(source=source)).rows
    assert len(rows) == 40 and (rows.groupby("source_group")["split"].nunique() == 1).all()
    assert set(rows["split"]) == {"train", "validation", "test"}


def test_what_is_handed_over_stays_and_what_was_removed_is_deleted(source, folder, keys):
    collect(folder, keys)
    gone = next(iter(log.read(folder).images))
    images.remove(folder, [gone], ME)
    dataset = used(source, folder)
    assert not (folder / gone).exists() and len(dataset.usable) == 39
    assert undoing.last_change(folder, log.read(folder), ME) is None
    with pytest.raises(LabError, match="gallery"):
        images.remove(folder, list(log.read(folder).images)[:1])
    with pytest.raises(LabError, match="stays as it is"):
        classes.rename(folder, keys["cup"], "mug")


def test_more_images_are_a_new_version_and_the_earlier_one_stays(source, folder, keys):
    collect(folder, keys)
    first = used(source, folder)
    third = classes.add(folder, "key", ME)
    images.add(folder, third, photos(*range(5000, 5003)), by=ME)
    assert len(datasets.open(source).usable) == 40  # not before it is handed over
    images.use(folder, by=ME)
    assert datasets.changed_on_disk(source).added == 3
    second = datasets.prepare(source)
    assert not datasets.changed_on_disk(source)
    assert second.class_names == ("cup", "key", "pen") and len(second.usable) == 43
    earlier = datasets.open(source, first.version)
    assert earlier.version == first.version and earlier.class_names == ("cup", "pen")
    assert set(earlier.usable["id"]) == set(first.usable["id"])
    versions.undo(second)
    assert datasets.open(source).version == first.version


def test_a_correction_is_for_training_only_and_changes_no_other_images_split(source, folder, keys):
    collect(folder, keys)
    config = DataConfig(source=source)
    before = datasets.select(used(source, folder), config).rows.set_index("id")["split"]
    images.add(folder, keys["cup"], photos(7000, 7001), is_correction=True)
    for setting in ("source", "anew"):
        images.use(folder)
        chosen = datasets.select(datasets.prepare(source), DataConfig(source=source, split=setting)).rows
        added = chosen[chosen["source_split"] == TRAIN_ONLY]
        assert len(added) == 2 and set(added["split"]) == {"train"}
        assert chosen.set_index("id")["split"].loc[before.index].equals(before)


def test_a_correction_that_is_a_copy_of_a_test_image_is_left_out(source, folder, keys):
    collect(folder, keys)
    dataset = used(source, folder)
    rows = datasets.select(dataset, DataConfig(source=source)).rows
    tested = rows[(rows["split"] == "test") & (rows["label"] == "cup")].iloc[0]
    copy = io.BytesIO()
    dataset.image(tested).save(copy, "PNG")
    images.add(folder, keys["cup"], [("copy.png", copy.getvalue())], is_correction=True)
    again = datasets.select(used(source, folder), DataConfig(source=source))
    assert again.left_out == 1 and not (again.rows["source_split"] == TRAIN_ONLY).any()


def test_images_are_added_to_an_upload_with_its_own_classes_and_split(tmp_path):
    uploaded = [
        (f"shapes/{split}/{label}/{number}.jpg", io.BytesIO(photo(100 * seed + number)))
        for seed, (split, label) in enumerate(product(("train", "validation", "test"), "ab"))
        for number in range(4)
    ]
    source = sources.keep_files("shapes", uploaded)
    before = datasets.prepare(source)
    folder = before.root
    classes.begin(folder, before.class_names)
    classes.begin(folder, before.class_names)
    keys = {label: key for key, label in log.read(folder).classes.items()}
    assert list(keys) == ["a", "b"] and listing.obstacle(log.read(folder)) == ""
    with pytest.raises(LabError, match="stays as it is"):
        classes.remove(folder, keys["a"], ME)
    images.add(folder, keys["a"], photos(9001), by=ME)
    images.use(folder)
    after = datasets.prepare(source)
    assert len(after.usable) == len(before.usable) + 1 and "1 image added in the lab" in after.read_as
    assert list(datasets.select(after, DataConfig(source=source)).rows["split"].value_counts()) == [9, 8, 8]
    assert datasets.open(source, before.version).version == before.version


def test_a_wrong_answer_becomes_a_training_image_of_an_own_data_set_alone(source, folder, keys):
    collect(folder, keys)
    dataset = used(source, folder)
    images.add(folder, keys["pen"], photos(8000), by=OTHER)  # another window is still collecting
    added = correcting.add(dataset, "cup", ("wrong.jpg", photo(8001)), ME)
    assert added.new == 1 and correcting.obstacle(source) == ""
    newer = datasets.prepare(source)
    assert len(newer.usable) == len(dataset.usable) + 1
    assert correcting.add(newer, "cup", ("again.jpg", photo(8001)), ME).known == 1
    said = data_changes.in_words(source, dataset.version, newer.version)
    assert said == (
        "The data set changed between these runs: 1 image added (after a prediction, so for training only)."
    )
    for fixed in ("garden", "tfds:tf_flowers"):
        assert "fixed" in correcting.obstacle(fixed)
    assert "never changed" in correcting.obstacle("/home/me/flowers")
    with pytest.raises(LabError, match="no class 'key'"):
        correcting.add(newer, "key", ("x.jpg", photo(8002)))


def test_a_full_disk_is_a_sentence_and_what_was_stored_before_stays(folder, keys, monkeypatch):
    write, written = Path.write_bytes, []

    def until_full(path: Path, content: bytes) -> int:
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", until_full)
    with pytest.raises(LabError, match="No space left on device"):
        images.add(folder, keys["cup"], photos(1, 2, 3), take="t")
    monkeypatch.undo()
    assert len(log.read(folder).images) == 2
    assert len(list(folder.glob("*.jpg"))) == 2 and not list(folder.glob(".*.jpg"))
