"""Copies: candidates by hash, a second look at the pixels, groups without chains, what can be left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance

from core import datasets, quality
from core.data import copy_evidence, copy_match, duplicates, hash_search, versions
from core.data.copy_evidence import Evidence
from core.errors import Stopped
from tests.core.quality.test_quality import blobs, put


def brute_force(one: hash_search.Hashes, other: hash_search.Hashes, distance: int) -> set[tuple[int, int]]:
    near = np.bitwise_count(one[:, None] ^ other[None]) <= distance
    return {(int(i), int(j)) for i, j in zip(*np.nonzero(near), strict=True) if i != j}


def pairs_within(one: hash_search.Hashes, other: hash_search.Hashes, distance: int) -> set[tuple[int, int]]:
    return {(i, j) for part in hash_search.within(one, other, distance) for i, j in part.tolist()}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), distance=st.integers(0, hash_search.MAX_DISTANCE), bands=st.integers(4, 8))
def test_the_fast_search_finds_what_comparing_all_pairs_finds(seed: int, distance: int, bands: int) -> None:
    rng = np.random.default_rng(seed)
    centres = rng.integers(0, 2**64, 4, dtype=np.uint64)
    flips = rng.integers(0, 64, (2, 60, 8), dtype=np.uint64)
    one, other = (
        centres[rng.integers(0, 4, 60)] ^ np.bitwise_or.reduce(np.uint64(1) << flip, axis=1) for flip in flips
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hash_search, "_BANDS", (bands,))
        few = pairs_within(one, other, distance)
        patch.setattr(hash_search, "_MAX_ALL_PAIRS", 0)
        many = pairs_within(one, other, distance)
    assert few == many == brute_force(one, other, distance)


def test_a_distance_that_cannot_be_searched_is_refused() -> None:
    nothing = np.zeros(0, np.uint64)
    assert not list(hash_search.within(nothing, nothing, 4))
    with pytest.raises(ValueError, match="0 to 12 can be searched"):
        list(hash_search.within(nothing, nothing, 13))


# --- the second look -----------------------------------------------------------------------------


def scene(seed: int) -> Image.Image:
    """Shapes with corners and some grain on a ground that is nowhere flat, 240 x 180."""
    rng = np.random.default_rng(seed)
    ground = blobs(seed).resize((240, 180), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(ground)
    for _ in range(40):
        left, top = int(rng.integers(0, 220)), int(rng.integers(0, 160))
        size = rng.integers(6, 40, 2)
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        draw.rectangle((left, top, left + int(size[0]), top + int(size[1])), fill=colour)
    return ground


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = image.size
    return image.crop(
        (round(width * left), round(height * top), round(width * (1 - right)), round(height * (1 - bottom)))
    )


CHANGES = {
    "half the size": lambda image: image.resize((120, 90)),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "cropped by 3 %": lambda image: cropped(image, 0.015, 0.015, 0.015, 0.015),
    "cropped by 10 %": lambda image: cropped(image, 0.05, 0.05, 0.05, 0.05),
    "cropped on one side": lambda image: cropped(image, 0.1, 0, 0, 0),
    "turned by 5 degrees": lambda image: image.rotate(5, Image.Resampling.BICUBIC),
    "turned by -5 degrees": lambda image: image.rotate(-5),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_the_same(change: str) -> None:
    for seed in range(5):
        one, other = map(copy_match.portrait, (scene(seed), CHANGES[change](scene(seed))))
        assert copy_match.same(one, other) and copy_match.same(other, one)


@pytest.mark.parametrize("change", ["half the size", "grey", "brighter", "cropped by 3 %"])
def test_a_copy_without_corners_is_the_same(change: str) -> None:
    for seed in range(5):
        one, other = map(copy_match.portrait, (blobs(seed), CHANGES[change](blobs(seed))))
        assert copy_match.same(one, other) and copy_match.same(other, one)


def test_a_mirror_image_is_the_same_as_the_mirrored_one_alone() -> None:
    image = scene(1)
    flipped = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert not copy_match.same(copy_match.portrait(image), copy_match.portrait(flipped))
    assert copy_match.same(copy_match.portrait(image), copy_match.portrait(flipped, mirrored=True))


def test_different_images_are_not_the_same() -> None:
    for picture in (scene, blobs):
        portraits = [copy_match.portrait(picture(seed)) for seed in range(12)]
        assert not any(copy_match.same(portraits[0], other) for other in portraits[1:])


def test_one_background_with_different_things_before_it_is_not_the_same() -> None:
    """As a fixed camera sees them: the ground matches everywhere, what matters does not."""
    ground = scene(3).resize((240, 180))
    pictures = []
    for seed in (10, 20):
        thing = scene(seed).resize((170, 140))
        pictures.append(ground.copy())
        pictures[-1].paste(thing, (35, 20))
    one, other = map(copy_match.portrait, pictures)
    _, similarity = copy_match.matched(one, other)
    assert copy_match.share_alike(one.grey, other.grey, similarity) < 1
    assert not copy_match.same(one, other)


def test_a_thing_that_has_moved_on_a_noisy_ground_is_not_the_same() -> None:
    rng = np.random.default_rng(0)
    portraits = []
    for x, y in ((6, 9), (10, 14)):
        image = Image.fromarray(rng.integers(0, 90, (48, 48, 3), dtype=np.uint8))
        ImageDraw.Draw(image).ellipse((x, y, x + 24, y + 24), fill=(250, 240, 250))
        portraits.append(copy_match.portrait(image))
    assert copy_match.aligned(portraits[0].square, portraits[1].square)[0] > copy_match.ALIGNED
    assert not copy_match.same(*portraits)


def circle(x: int, y: int, radius: int) -> Image.Image:
    image = Image.new("RGB", (128, 128), "white")
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill="black")
    return image


def test_flat_drawings_are_compared_as_they_lie() -> None:
    """Any circle can be laid over any other, so that must not be enough."""
    one = copy_match.portrait(circle(64, 64, 30))
    assert one.plain
    assert copy_match.aligned(one.square, copy_match.portrait(circle(60, 67, 27)).square)[0] > 0.98
    assert not copy_match.same(one, copy_match.portrait(circle(60, 67, 27)))
    assert copy_match.same(one, copy_match.portrait(circle(64, 64, 30).resize((90, 90))))
    assert copy_match.same(one, copy_match.portrait(ImageEnhance.Contrast(circle(64, 64, 30)).enhance(0.7)))


def test_an_image_of_one_colour_is_the_same_as_none() -> None:
    plain = copy_match.portrait(Image.new("RGB", (80, 80), "red"))
    assert not copy_match.same(plain, plain)
    assert not copy_match.same(plain, copy_match.portrait(scene(0)))


def test_digits_of_one_kind_are_told_apart_and_a_copy_of_one_is_found(digits: str) -> None:
    """Digits 28 px a side, the pairs of the built-in set whose hashes are closest."""
    dataset = datasets.open(digits)
    evidence = copy_evidence.read(dataset.path)
    assert evidence is not None and len(evidence.pairs) > 1000 and not evidence.pairs["same"].any()
    image = dataset.image(dataset.usable.iloc[7])
    assert copy_match.same(copy_match.portrait(image), copy_match.portrait(image.resize((56, 56))))


# --- candidates and evidence ---------------------------------------------------------------------


def pairs(root: Path) -> set[frozenset[str]]:
    """Names of the files of each confirmed pair."""
    dataset = datasets.open(str(root))
    evidence = copy_evidence.read(dataset.path)
    assert evidence is not None
    name = dataset.index.set_index("content")["file"].to_dict()
    same = evidence.pairs[evidence.pairs["same"]]
    return {
        frozenset((name[one], name[other])) for one, other in zip(same["one"], same["other"], strict=True)
    }


def test_crops_and_turns_are_found_among_other_images(tmp_path: Path) -> None:
    root, expected = tmp_path / "own", set()
    for number in range(40):
        put(root, "cats", f"{number}.png", scene(number))
        put(root, "dogs", f"{number}.png", blobs(number))
    for number, change in enumerate(CHANGES.values()):
        put(root, "cats", f"copy {number}.png", change(scene(number)))
        expected.add(frozenset((f"cats/{number}.png", f"cats/copy {number}.png")))
    datasets.prepare(str(root))
    assert pairs(root) <= expected
    assert len(pairs(root)) >= len(expected) - 1
    index = datasets.open(str(root)).index.set_index("file")["group"]
    assert all(index[one] == index[other] for one, other in map(tuple, pairs(root)))


def test_pairs_once_looked_at_are_not_looked_at_again(tmp_path: Path, monkeypatch) -> None:
    root = tmp_path / "own"
    for number in range(6):
        put(root, "cats", f"{number}.png", scene(number))
        put(root, "dogs", f"{number}.png", CHANGES["brighter"](scene(number)))
    datasets.prepare(str(root))
    before, looked = pairs(root), []
    same = copy_match.same
    monkeypatch.setattr(copy_match, "same", lambda one, other: looked.append(1) or same(one, other))
    (root / "cats" / "0.png").rename(root / "cats" / "other name.png")
    put(root, "cats", "small.png", scene(1).resize((120, 90)))
    datasets.prepare(str(root))
    new = {frozenset(("cats/small.png", f"{label}/1.png")) for label in ("cats", "dogs")}
    assert len(looked) == len(new)
    assert {frozenset(f.replace("other name", "0") for f in pair) for pair in pairs(root)} == before | new


def test_looking_again_can_be_stopped_and_tells_how_far_it_is(tmp_path: Path) -> None:
    root, told = tmp_path / "own", [("", 0, 0)]
    for number in range(20):
        put(root, "cats", f"{number}.png", scene(number))
        put(root, "dogs", f"{number}.png", CHANGES["brighter"](scene(number)))
    datasets.prepare(str(root), progress=lambda *words: told.append(words))
    assert told[-1] == ("looking for duplicates", 20, 20)
    index = datasets.open(str(root)).path / "index.parquet"
    index.with_name("copies.parquet").unlink()
    before, told[:] = index.stat().st_mtime_ns, [("", 0, 0)]
    with pytest.raises(Stopped, match="looking for duplicates"):
        datasets.prepare(
            str(root),
            progress=lambda *words: told.append(words),
            should_stop=lambda: told[-1][0] == "looking for duplicates",
        )
    assert index.stat().st_mtime_ns == before


@pytest.mark.parametrize("damage", ["gone", "damaged"])
def test_a_data_set_without_evidence_opens_and_says_so(tmp_path: Path, damage: str) -> None:
    for number in range(6):
        put(tmp_path / "own", "cats", f"{number}.png", scene(number))
        put(tmp_path / "own", "dogs", f"{number}.png", CHANGES["brighter"](scene(number)))
    dataset = datasets.prepare(str(tmp_path / "own"))
    kept = dataset.path / "copies.parquet"
    kept.unlink() if damage == "gone" else kept.write_bytes(b"rubbish")
    index = pd.read_parquet(dataset.path / "index.parquet").drop(columns="views")
    index.to_parquet(dataset.path / "index.parquet", index=False)
    old = datasets.open(str(tmp_path / "own"))
    unique = quality.check(old).finding("unique")
    assert old.version == dataset.version and (unique.numbers["near"], unique.severity) == (0, "good")
    assert "prepared by an earlier version of the lab. Prepare it again" in unique.verdict
    again = quality.check(datasets.prepare(str(tmp_path / "own"))).finding("unique")
    assert again.numbers["near"] == 6 and "earlier version" not in again.verdict


def test_where_the_hash_suggests_too_many_pairs_only_the_closest_are_candidates() -> None:
    rng = np.random.default_rng(0)
    close = rng.integers(0, 8, 3000).astype(np.uint64)  # any two within 3 bits
    texts = [f"{value:016x}" for value in close]
    far = [f"{value:016x}" for value in rng.integers(0, 2**64, 3000, dtype=np.uint64)]
    rows = pd.DataFrame({"phash": texts, "mirrored": far, "views": [4 * text for text in far]})
    found = copy_evidence.candidates(rows)
    assert (len(found.pairs), found.distance, found.bits.max()) == (3000, 0, 0)
    few = copy_evidence.candidates(rows.head(30))
    assert (len(few.pairs), few.distance) == (30 * 29 // 2, copy_evidence.MAX_BITS)


# --- groups --------------------------------------------------------------------------------------


def links(linked: list[tuple[int, int]], count: int) -> duplicates.Links:
    return duplicates.Links(np.arange(count), np.array(linked).reshape(-1, 2), np.zeros(len(linked), bool))


def test_a_chain_is_two_groups_and_a_triangle_is_one() -> None:
    chain, triangle = [(0, 1), (1, 2)], [(0, 1), (1, 2), (0, 2)]
    assert duplicates.cliques(links(chain, 3), chain) == [(0, 1), (1, 2)]
    assert duplicates.cliques(links(triangle, 3), triangle) == [(0, 1, 2)]
    assert duplicates.components(links(chain, 4)).tolist() == [0, 0, 0, 1]


@settings(max_examples=50, deadline=None)
@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda p: p[0] < p[1])))
def test_every_pair_is_in_a_group_and_every_two_of_a_group_are_a_pair(linked: set[tuple[int, int]]) -> None:
    groups = duplicates.cliques(links(sorted(linked), 10), sorted(linked))
    inside = {(a, b) for group in groups for a in group for b in group if a < b}
    assert inside == linked


def test_rows_with_the_same_pixels_share_their_near_copies() -> None:
    rows = pd.DataFrame({"id": list("abcd"), "content": ["x", "y", "x", "z"]})
    told = pd.DataFrame(
        {"one": ["y", "z"], "other": ["x", "x"], "bits": [4, 9], "mirrored": [False, True], "same": True}
    )
    found = duplicates.find(rows, Evidence(told, 10))
    assert duplicates.components(found).tolist() == [0, 0, 0, 0]
    closer = duplicates.find(rows, Evidence(told, 10), distance=6)
    assert duplicates.components(closer).tolist() == [0, 0, 0, 1]
    assert duplicates.components(duplicates.find(rows, None)).tolist() == [0, 1, 0, 2]
    copies = duplicates.copies_of(rows.loc[0], rows, Evidence(told, 10))
    assert copies["id"].tolist() == ["b", "c", "d"]
    assert duplicates.copies_of(rows.loc[1], rows, Evidence(told, 10))["id"].tolist() == ["a", "c"]
    assert duplicates.copies_of(rows.loc[0], rows, None)["id"].tolist() == ["c"]


def test_a_class_of_one_scene_is_split_all_the_same_and_other_copies_are_kept_together() -> None:
    rows = pd.DataFrame(
        {
            "id": list("abcdefgh"),
            "content": list("uvwxabcd"),
            "label": ["one"] * 4 + ["two"] * 4,
            "problem": "",
        }
    )
    linked = links([(0, 1), (1, 2), (2, 3), (4, 5)], 8)
    assert duplicates.whole_groups(rows, linked).tolist() == [0, 1, 2, 3, 4, 4, 5, 6]


def test_keeping_one_of_each_group_leaves_no_copies_and_does_not_come_back(tmp_path: Path) -> None:
    root = tmp_path / "own"
    for number in range(12):
        put(root, "cats", f"{number}.png", scene(100 + number))
        for turn, brightness in enumerate((0.8, 0.9, 1.1)):
            image = ImageEnhance.Brightness(scene(100 + number)).enhance(brightness)
            put(root, "cats", f"{number}-{turn}.png", image)
        put(root, "dogs", f"{number}.png", blobs(number))
    report = quality.check(datasets.prepare(str(root)))
    unique = report.finding("unique")
    assert (unique.numbers["near"], len(unique.removed)) == (36, 36)
    versions.exclude(datasets.open(str(root)), unique.removed, "copies")
    after = quality.check(datasets.open(str(root))).finding("unique")
    assert (after.severity, after.removed, after.verdict) == ("good", (), "No duplicates.")
