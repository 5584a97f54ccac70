"""Names that say which images belong together are understood, and ordinary names say nothing."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from core.data.name_groups import from_folders, from_names

GROUPS, EACH = 40, 6


def named(form: str, groups: int = GROUPS, each: int = EACH) -> tuple[list[str], list[str]]:
    """Names and classes of ``each`` images of each group: {g} the group, {v} its image, {r} any number."""
    rng = random.Random(0)
    names, labels = [], []
    for group in range(groups):
        label = "ab"[group % 2]
        letter = chr(ord("A") + group % 26)
        for version in range(each):
            name = form.format(g=group, v=version, L=letter, r=rng.randrange(10**6))
            names.append(f"{label}/{name}")
            labels.append(label)
    return names, labels


def members(names: Iterable[str], keys: list[str] | None) -> set[frozenset[str]]:
    assert keys is not None
    by_key: dict[str, set[str]] = {}
    for name, key in zip(names, keys, strict=True):
        by_key.setdefault(key, set()).add(name)
    return set(map(frozenset, by_key.values()))


@pytest.mark.parametrize(
    "form",
    [
        "patient{g:03}_{v:02}.png",
        "patient_{g:03}_{v:02}.png",
        "Patient-{g:03}-{v}.PNG",
        "IMG_{g:04}_burst{v:03}.jpg",
        "subject{g}_session2_{v:03}.png",
        "subject{g}_session{v}_{r}.png",
        "p{g:03}_v{v}.png",
        "{g:08}_{v:03}.png",
        "SOB_B_A-14-{g}AB-40-{v:03}.png",
        "person{g}_bacteria_{r}.jpeg",
        "CNV-{g:07}-{v}.jpeg",
        "v_Ball_g{g:02}_c01_frame{v:04}.jpg",
        "GOPR{g:04}.MP4_frame_{v}.jpg",
        "IMG_20210305_1422{g:02}_BURST{v:03}.jpg",
        "aug_{g}_{r}.jpeg",
        "roses_{g}_{v}.jpg",
        "{g:03}a{v}.png",
        "slice_{v:02}_patient{g}.png",
        "{r}_subject{g:02}.png",
        "session{v}_subject{g:02}_{r}.png",
    ],
)
def test_images_of_one_subject_burst_or_video_are_a_group(form: str) -> None:
    names, labels = named(form)
    keys = from_names(names, labels)
    wanted = {frozenset(names[first : first + EACH]) for first in range(0, len(names), EACH)}
    assert members(names, keys) == wanted


@pytest.mark.parametrize("form", ["clip{L}_{v:04}.png", "clip{L}_frame_{v:04}.png", "video_{L}_{v}.png"])
def test_a_group_may_be_named_by_a_letter(form: str) -> None:
    names, labels = named(form, groups=20)
    assert len(members(names, from_names(names, labels))) == 20


@pytest.mark.parametrize(
    "form",
    [
        "IMG_{g}_aug{v}.jpg",
        "IMG_{g} ({v}).jpg",
        "IMG_{g}_({v}).jpg",
        "name{g}_jpg.rf.{r:032x}.jpg",
        "photo {g}_rot{v}0.png",
        "leaf{g}_{v}0deg.JPG",
        "rose{g}.jpg_0a1b2c3d-0a1b-0a1b-0a1b-{r:012}.jpg",
    ],
)
def test_versions_of_one_original_are_a_group(form: str) -> None:
    names, labels = named(form)
    wanted = {frozenset(names[first : first + EACH]) for first in range(0, len(names), EACH)}
    assert members(names, from_names(names, labels)) == wanted


def test_versions_belong_to_their_original_whatever_was_done_to_it() -> None:
    marks = [
        "_flip",
        "_rot90",
        "_bright",
        "-noise",
        "_hflip",
        "_aug_1",
        " - Copy",
        "_crop2",
        "_new30degFlipLR",
    ]
    originals = [f"cats/leaf{number}" for number in range(20)]
    names = [f"{original}{mark}.jpg" for original in originals for mark in ["", *marks]]
    keys = from_names(names, ["cats"] * len(names))
    assert len(members(names, keys)) == len(originals)


def test_versions_are_of_one_class_where_every_class_counts_from_one() -> None:
    names = [
        f"{label}/{n}{mark}.jpg" for label in ("cats", "dogs") for n in range(9) for mark in ("", "_flip")
    ]
    keys = from_names(names, [name[:4] for name in names])
    assert len(members(names, keys)) == 18


def test_a_subject_is_one_group_across_classes() -> None:
    names = [f"{label}/subject{s}_{n}.jpg" for label in ("sad", "glad") for s in range(5) for n in range(4)]
    assert len(members(names, from_names(names, [name.partition("/")[0] for name in names]))) == 5


@pytest.mark.parametrize(
    "form",
    [
        "{r:06}.jpg",
        "img_{r}.jpg",
        "roses_{r}.jpg",
        "cat ({r}).jpg",
        "cat.{r}.jpg",
        "DSC{r}.JPG",
        "ISIC_{r}.jpg",
        "n01440764_{r}.JPEG",
        "Black_Footed_Albatross_{r:04}_796111.jpg",
        "{r}_f52e8ee0{v}0_n.jpg",
        "IMG_20210{v}05_{r:06}.jpg",
        "IMG-2021030{v}-WA{g:04}.jpg",
        "scan_20{v}0_{g}.png",
        "{r:06}_5.png",
        "{g}_0_2_2017{r:06}{v:04}.jpg",
        "Screenshot 2021-03-05 at 1{v}.22.{g:02}.png",
        "frame_{r:04}.jpg",
        "person_{r}.jpg",
        "video{r}_still.jpg",
        "1 person {r}.jpg",
    ],
)
def test_ordinary_names_suggest_nothing(form: str) -> None:
    assert from_names(*named(form)) is None


def test_a_few_versions_among_many_images_suggest_nothing() -> None:
    names = [f"a/{number}.jpg" for number in range(200)] + ["a/3_flip.jpg", "a/4_flip.jpg"]
    assert from_names(names, ["a"] * len(names)) is None


def test_real_photos_suggest_nothing(photos: Path) -> None:
    for folder in ("sign_digits", "bad_images"):
        root = photos / folder
        names = [path.relative_to(root).as_posix() for path in sorted(root.rglob("*.*"))]
        assert from_names(names, [name.partition("/")[0] for name in names]) is None


def test_names_alike_but_for_a_last_number_are_groups_only_if_asked() -> None:
    names = [f"faces/{name}_{number}.jpg" for name in ("anna", "ben", "carla", "dan") for number in range(9)]
    labels = ["faces"] * len(names)
    assert from_names(names, labels) is None
    assert len(members(names, from_names(names, labels, asked=True))) == 4
    assert from_names([f"roses_{number}.jpg" for number in range(9)], ["roses"] * 9, asked=True) is None


def in_folders(folder: str, file: str = "frame_{v:04}.jpg") -> tuple[list[str], list[str], list[str]]:
    names, labels = named(f"{folder}/{file}")
    return names, labels, [name.split("/")[1] for name in names]


@pytest.mark.parametrize("folder", ["clip{g}", "p{g:03}", "{g}", "Subject {g}"])
def test_a_folder_for_each_video_or_subject_is_a_group(folder: str) -> None:
    names, labels, folders = in_folders(folder)
    assert len(members(names, from_folders(names, labels, folders))) == GROUPS


def test_a_folder_named_as_a_subject_is_a_group_whatever_its_files_are_called() -> None:
    names, labels, folders = in_folders("patient{g}", "{r}.jpg")
    assert len(members(names, from_folders(names, labels, folders))) == GROUPS


@pytest.mark.parametrize("folder", ["persian", "2021", "breed{L}x"])
def test_folders_of_breeds_or_years_suggest_nothing_unless_asked(folder: str) -> None:
    names, labels, folders = in_folders(folder)
    assert from_folders(names, labels, folders) is None
    assert from_folders(names, labels, folders, asked=True) is not None


def test_without_folders_there_are_no_groups_even_if_asked() -> None:
    assert from_folders(["a/1.jpg", "a/2.jpg"], ["a", "a"], ["", ""], asked=True) is None


@pytest.mark.parametrize(
    "name", ["a_rot" + "1" * 200 + "x", "a" + "_" * 240 + "!", "patient" * 35, "-" * 250]
)
def test_odd_names_are_read_in_no_time(name: str) -> None:
    """A pattern that tries every way to part such a name would take longer than anybody waits."""
    assert (
        from_names([f"{label}/{name}{n}.jpg" for label in "ab" for n in "xy"], ["a", "a", "b", "b"]) is None
    )
