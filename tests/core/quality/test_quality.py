"""The checklist: what is planted is found, what is fine is not blamed, and every action mends its finding."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from core import datasets, quality
from core.cli import arguments
from core.cli import main as command_line
from core.config import DataConfig
from core.data import versions
from core.data.copy_evidence import MAX_BITS
from core.data.sources import garden
from core.quality import checklist, costs
from core.quality.findings import Finding, Report


def blobs(seed: int) -> Image.Image:
    """A colourful image of shapes with a little grain, unlike that of any other seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(30, 225, (8, 8, 3)).astype(np.uint8))
    smooth = np.asarray(coarse.resize((96, 96), Image.Resampling.BICUBIC), float)
    return Image.fromarray(np.clip(smooth + rng.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8))


def put(root: Path, label: str, name: str, image: Image.Image, **options: object) -> str:
    path = root / label / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return f"{label}/{name}"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Two classes of 55 different images."""
    for number in range(55):
        put(tmp_path / "good", "cats", f"{number}.png", blobs(number))
        put(tmp_path / "good", "dogs", f"{number}.png", blobs(1000 + number))
    return tmp_path / "good"


def check(root: Path, distance: int = MAX_BITS, **settings: object) -> Report:
    config = DataConfig.model_validate({"source": str(root), **settings})
    return quality.check(datasets.prepare(str(root)), config, distance=distance)


def files(root: Path, ids: tuple[str, ...]) -> set[str]:
    index = datasets.open(str(root)).index.set_index("id")["file"]
    return {str(index[id]) for id in ids}


def test_a_good_data_set_gets_four_boxes_and_no_blame(good: Path) -> None:
    report = check(good, test_share=0.35)
    assert report.fit
    assert report.verdict == "Ready for training: 4 of 4 checks passed."
    assert [finding.name for finding in report.boxes] == ["enough", "balance", "unique", "variety"]
    assert {finding.name: finding.verdict for finding in report.findings if finding.severity != "good"} == {}


def test_three_boxes_are_enough_and_two_are_not(good: Path) -> None:
    for number in range(15):
        (good / "cats" / f"{number}.png").unlink()
    report = check(good)
    assert (report.fit, report.finding("enough").ticked) == (True, False)
    assert "3 of 4 checks passed. Failed: at least 50 images per class" in report.verdict
    for number in range(15, 30):
        (good / "cats" / f"{number}.png").unlink()
    report = check(good)
    assert not report.fit
    assert "2 of 4 checks passed, 3 are needed" in report.verdict
    assert report.finding("enough").numbers["counts"] == {"cats": 25, "dogs": 55}
    balance = report.finding("balance")
    assert (balance.numbers["ratio"], balance.severity, balance.action) == (2.2, "warning", "")


def test_an_imbalance_is_mended_by_the_largest_cap_that_ticks_the_box() -> None:
    rows = pd.DataFrame({"label": ["cats"] * 300 + ["dogs"] * 60, "id": [f"{n:04}" for n in range(360)]})
    balance = checklist.balance(rows, ("cats", "dogs"))
    assert (balance.action, balance.numbers["cap"], len(balance.removed)) == ("cap", 90, 210)
    assert checklist.balance(rows[~rows["id"].isin(balance.removed)], ("cats", "dogs")).ticked


def test_an_empty_class_is_not_mended_by_a_cap(good: Path) -> None:
    put(good, "cows", "broken.png", blobs(1))
    (good / "cows" / "broken.png").write_bytes(b"not an image")
    report = check(good)
    assert report.finding("balance").action == ""
    assert report.finding("enough").numbers["counts"]["cows"] == 0
    assert "Class 'cows' has no readable image" in report.finding("splits").verdict


def test_a_cap_leaves_as_many_of_each_class(good: Path) -> None:
    rows = datasets.prepare(str(good)).usable
    left = rows[~rows["id"].isin(checklist.over_cap(rows, 40))]
    assert left["label"].value_counts().to_dict() == {"cats": 40, "dogs": 40}


def test_exact_and_near_copies_are_grouped_with_the_largest_first(good: Path) -> None:
    put(good, "cats", "copy.bmp", blobs(3))
    small = put(good, "cats", "small.jpg", blobs(4).resize((50, 50)))
    mirrored = put(good, "dogs", "mirrored.jpg", blobs(1004).transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    unique = check(good).finding("unique")
    assert (unique.numbers["exact"], unique.numbers["near"]) == (1, 2)
    assert (unique.action, len(unique.groups), len(unique.removed)) == ("keep_one", 3, 3)
    assert small in files(good, unique.removed)
    assert {"dogs/4.png", mirrored} in [files(good, group) for group in unique.groups]
    exact_only = check(good, distance=0).finding("unique")
    assert exact_only.numbers["exact"] == 1


def test_exact_copies_with_different_labels_are_told(good: Path) -> None:
    put(good, "dogs", "a cat.png", blobs(7))
    put(good, "cats", "copy.png", blobs(9))
    report = check(good)
    conflicts, unique = report.finding("conflicts"), report.finding("unique")
    assert conflicts.severity == "warning"
    assert files(good, conflicts.removed) == {"cats/7.png", "dogs/a cat.png"}
    assert len(unique.groups) == 2
    assert len(unique.removed) == 1  # keeping one of a cat and a dog would choose a label unasked
    assert files(good, unique.removed) <= {"cats/9.png", "cats/copy.png"}
    assert "all stay until you decide which label is right" in unique.verdict


def test_near_copies_with_different_labels_are_a_question_and_nobody_offers_to_exclude_them(
    good: Path,
) -> None:
    put(good, "dogs", "small.jpg", blobs(7).resize((60, 60)))
    report = check(good)
    conflicts, unique = report.finding("conflicts"), report.finding("unique")
    assert (conflicts.severity, conflicts.action, conflicts.removed) == ("note", "", ())
    assert [files(good, group) for group in conflicts.groups] == [{"cats/7.png", "dogs/small.jpg"}]
    assert "Do they show the same thing?" in conflicts.verdict
    assert "At most one label can be right" not in conflicts.verdict
    assert (unique.numbers["near"], unique.removed) == (1, ())


def test_of_exact_and_near_conflicts_only_the_exact_ones_can_be_excluded(good: Path) -> None:
    put(good, "dogs", "small.jpg", blobs(7).resize((60, 60)))
    put(good, "dogs", "a cat.png", blobs(8))
    conflicts = check(good).finding("conflicts")
    assert (conflicts.severity, conflicts.numbers["exact"], conflicts.numbers["near"]) == ("warning", 1, 1)
    assert files(good, conflicts.removed) == {"cats/8.png", "dogs/a cat.png"}


def test_mirror_images_with_different_labels_are_no_conflict_and_turn_flipping_off(tmp_path: Path) -> None:
    root = tmp_path / "hands"
    for number in range(12):
        put(root, "left", f"{number}.png", blobs(number))
        put(root, "right", f"{number}.png", blobs(number).transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    report = check(root)
    mirrors = report.finding("mirrors")
    assert (mirrors.severity, len(mirrors.groups), mirrors.removed) == ("note", 12, ())
    assert "left and right hands" in mirrors.verdict and "starts switched off" in mirrors.verdict
    assert report.finding("conflicts").severity == report.finding("unique").severity == "good"
    assert datasets.starting_settings(str(root)) == {"augment.flip": False}
    rows = datasets.select(datasets.open(str(root)), DataConfig()).rows
    assert (rows.groupby(rows["file"].str.extract(r"(\d+)")[0])["split"].nunique() == 1).all()
    assert set(rows.groupby("split")["label"].nunique()) == {2}


def test_relabelled_mirror_images_turn_flipping_on_again(tmp_path: Path) -> None:
    root = tmp_path / "hands"
    for number in range(12):
        put(root, "left", f"{number}.png", blobs(number))
        put(root, "right", f"{number}.png", blobs(number).transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    dataset = datasets.prepare(str(root))
    assert datasets.starting_settings(str(root)) == {"augment.flip": False}
    right = dataset.usable.loc[dataset.usable["label"] == "right", "id"]
    versions.relabel(dataset, right, "left", "all hands are one class")
    assert datasets.starting_settings(str(root)) == {}


def test_one_mirrored_copy_with_another_label_leaves_flipping_on(good: Path) -> None:
    put(good, "dogs", "mirrored.png", blobs(3).transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    mirrors = check(good).finding("mirrors")
    assert len(mirrors.groups) == 1 and "starts switched off" not in mirrors.verdict
    assert datasets.starting_settings(str(good)) == {}


def test_a_few_images_that_a_shortcut_gets_right_prove_little(tmp_path: Path) -> None:
    for number in range(12):
        put(tmp_path, "cats", f"{number}.png", blobs(number))
        put(tmp_path, "dogs", f"{number}.jpg", blobs(100 + number))
    found = check(tmp_path).finding("shortcut_file")
    assert found.numbers["accuracy"] == 1.0
    assert "names the class of 100% of the images (95% CI: 86 to 100%)" in found.verdict


def test_sentences_about_one_class_and_about_a_failed_split_are_whole(good: Path) -> None:
    (good / "birds").mkdir()
    (good / "birds" / "0.png").write_bytes(b"")
    report = check(good)
    assert report.finding("enough").verdict.startswith("1 of 3 classes has fewer than 50 images: 'birds'.")
    assert report.finding("splits").verdict.endswith("train on the other classes only.")
    assert ".." not in report.finding("splits").verdict


def test_excluding_says_what_it_costs(tmp_path: Path) -> None:
    root = tmp_path / "own"
    for number in range(51):
        put(root / "train", "cats", f"{number}.png", blobs(number))
        put(root / "train", "dogs", f"{number}.png", blobs(1000 + number))
    for number in range(4):
        put(root / "test", "cats", f"{number}.png", blobs(2000 + number))
        put(root / "test", "dogs", f"{number}.png", blobs(3000 + number).resize((60, 60)))
        put(root / "train", "dogs", f"large {number}.png", blobs(3000 + number))
    report = check(root)
    unique = report.finding("unique")
    assert len(unique.removed) == 4
    assert unique.cost == "The test set that the source gives shrinks from 8 to 4 images."
    assert all(finding.cost == "" for finding in report.findings if not finding.removed)
    rows = datasets.open(str(root)).usable
    cats, dogs = (rows.loc[rows["label"] == name, "id"] for name in ("cats", "dogs"))
    train = rows.loc[rows["source_split"] == "train", "id"]
    assert costs.in_words(rows, train[train.isin(cats)][:6]) == (
        "Class 'cats' falls from 55 to 49 images, below 50."
    )
    assert "no longer balanced: 1.6 to 1." in costs.in_words(rows, train[train.isin(dogs)][:25])
    assert costs.in_words(rows, train[train.isin(cats)][:1]) == ""


def test_what_is_usual_does_not_change_while_a_data_set_is_mended(good: Path) -> None:
    """Half of the images are grey; leaving out some of the others must not turn them into faults."""
    for path in sorted((good / "cats").glob("*.png")):
        with Image.open(path) as image:
            dark = ImageEnhance.Brightness(image.convert("RGB")).enhance(0.05)
        dark.save(path)
    before = check(good).finding("too_dark")
    assert (before.severity, before.action, before.numbers["count"]) == ("note", "", 55)
    dataset = datasets.open(str(good))
    versions.exclude(dataset, before.ids[:5], "some")
    after = quality.check(datasets.open(str(good))).finding("too_dark")
    assert (after.action, after.numbers["count"]) == ("", 50)


def test_mending_in_any_order_never_brings_a_finding_back(tmp_path: Path) -> None:
    root = tmp_path / "own"
    for number in range(30):
        put(root, "cats", f"{number}.png", blobs(number))
        put(root, "dogs", f"{number}.png", blobs(1000 + number))
    for number in range(6):  # copies of copies, some exact, some with another label
        put(root, "cats", f"copy {number}.png", blobs(number))
        put(root, "cats", f"bright {number}.png", ImageEnhance.Brightness(blobs(number)).enhance(1.1))
        put(root, "cats", f"small {number}.jpg", blobs(number).resize((70, 70)))
    for number in range(3):
        put(root, "dogs", f"a cat {number}.png", blobs(number))
    check(root)
    for order in (("unique", "conflicts", "unique"), ("conflicts", "unique", "conflicts")):
        mended: set[str] = set()
        for name in order:
            finding = quality.check(datasets.open(str(root))).finding(name)
            assert not (name in mended and finding.removed), (order, name)
            if finding.removed:
                versions.exclude(datasets.open(str(root)), finding.removed, name)
            mended.add(name)
        while versions.in_force(versions.steps(datasets.open(str(root)).path)):
            versions.undo(datasets.open(str(root)))


def test_a_class_of_one_scene_has_no_variety(good: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(55):
        scene = blobs(number % 3)
        noisy = np.asarray(scene, float) + rng.normal(0, 15, (96, 96, 1))
        image = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
        put(good, "cats", f"{number}.png", image.crop((*rng.integers(0, 6, 2).tolist(), 96, 96)))
    variety = check(good).finding("variety")
    assert not variety.ticked
    assert variety.numbers["effective_number"]["cats"] < 10 < variety.numbers["effective_number"]["dogs"]


@pytest.mark.parametrize("scenes", [1, 2, 5, 12])
def test_the_effective_number_counts_what_has_nothing_in_common(scenes: int) -> None:
    """Walsh functions: hashes of which any two agree in exactly half their bits."""
    rows = np.array([[bin(i & j).count("1") % 2 for j in range(64)] for i in range(scenes)], np.uint8)
    texts = pd.Series([np.packbits(row).tobytes().hex() for row in rows] * 9)
    assert checklist.effective_number(texts) == pytest.approx(scenes)


def test_unreadable_files_are_listed(good: Path) -> None:
    (good / "cats" / "empty.jpg").touch()
    unreadable = check(good).finding("unreadable")
    assert unreadable.numbers["files"] == [{"file": "cats/empty.jpg", "reason": "empty file"}]
    assert unreadable.verdict.startswith(
        "1 file cannot be read as an image and will be left out, for example cats/empty.jpg"
    )


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("too_dark", lambda image: ImageEnhance.Brightness(image).enhance(0.1)),
        ("too_bright", lambda image: image.point(lambda value: 235 + value // 14)),
        (
            "blurred",
            lambda image: image.resize((256, 256)).filter(ImageFilter.GaussianBlur(9)),
        ),
        ("tiny", lambda image: image.resize((20, 20))),
        ("odd_shape", lambda image: image.resize((400, 60))),
        ("grey", lambda image: image.convert("L")),
    ],
)
def test_images_that_look_wrong_are_found(good: Path, name: str, change: object) -> None:
    odd = {put(good, "cats", "odd.png", change(blobs(300))), put(good, "dogs", "odd.png", change(blobs(301)))}  # type: ignore[operator]
    finding = check(good).finding(name)
    assert files(good, finding.removed) == odd
    assert (finding.severity, finding.action, finding.numbers["count"]) == ("note", "exclude", 2)
    assert finding.verdict.startswith("2 images (1.8%) are ")


def test_what_holds_for_all_images_is_no_fault_of_single_ones(good: Path) -> None:
    for path in good.rglob("*.png"):
        with Image.open(path) as image:
            image.resize((28, 28)).save(path)
    tiny = check(good).finding("tiny")
    assert (tiny.severity, tiny.action, tiny.removed) == ("note", "", ())


def test_a_shortcut_by_brightness_size_or_file_is_found(good: Path) -> None:
    for number in range(55):
        dark = ImageEnhance.Brightness(blobs(number)).enhance(0.5).resize((128, 128))
        (good / "cats" / f"{number}.png").unlink()
        put(good, "cats", f"{number}.jpg", dark)
    report = check(good)
    for name in ("brightness", "size", "file"):
        finding = report.finding(f"shortcut_{name}")
        assert finding.severity == "warning", finding
        assert finding.numbers["accuracy"] > 0.9
        assert finding.numbers["majority"] == 0.5


@pytest.mark.parametrize(
    ("size", "is_named"), [((120, 60), True), ((60, 100), True), ((120, 120), False), ((62, 60), False)]
)
def test_fit_to_square_is_named_where_proportions_tell_the_class(good, size, is_named) -> None:
    for number in range(55):
        (good / "cats" / f"{number}.png").unlink()
        put(good, "cats", f"{number}.png", blobs(number).resize(size))
        put(
            good, "dogs", f"{number}.png", blobs(900 + number).resize((62, 60) if size[0] == 62 else (60, 60))
        )
    finding = check(good).finding("shortcut_size")
    assert ("Fit to square" in finding.verdict and "data.resize=pad" in finding.verdict) == is_named
    assert finding.settings == ({"data.resize": "pad"} if is_named else {})


def test_a_source_that_tests_on_training_images_leaks(good: Path, tmp_path: Path) -> None:
    root = tmp_path / "split"
    shutil.copytree(good, root / "train")
    for number in range(12):
        put(root / "test", "cats", f"{number}.png", blobs(2000 + number))
        put(root / "test", "dogs", f"{number}.png", blobs(3000 + number))
    put(root / "test", "cats", "leak.jpg", blobs(5))
    leaks = check(root).finding("leaks")
    assert leaks.severity == "warning"
    assert leaks.numbers["left_out"] == 1
    assert "1 image that the source trains on has a copy among the images that it tests on" in leaks.verdict
    assert [files(root, group) for group in leaks.groups] == [{"train/cats/5.png", "test/cats/leak.jpg"}]
    assert files(root, leaks.removed) == {"train/cats/5.png"}
    versions.exclude(datasets.open(str(root)), leaks.removed, "leaks")
    assert quality.check(datasets.open(str(root))).finding("leaks").severity == "good"


@pytest.mark.fault("F14")
def test_what_cannot_be_split_is_serious(tmp_path: Path) -> None:
    put(tmp_path / "one", "cats", "a.png", blobs(1))
    put(tmp_path / "one", "dogs", "b.png", blobs(2))
    report = check(tmp_path / "one")
    assert not report.fit
    assert "at least 3 are needed to split" in report.finding("splits").verdict


@pytest.mark.fault("F1")
def test_a_data_set_without_a_readable_image_is_serious(tmp_path: Path) -> None:
    (tmp_path / "none" / "cats").mkdir(parents=True)
    (tmp_path / "none" / "cats" / "a.jpg").touch()
    report = check(tmp_path / "none")
    assert not report.fit
    assert report.of_severity("serious")
    assert report.verdict == "Not ready for training yet: there is no readable image in use."


def test_a_report_is_plain_json(good: Path) -> None:
    report = check(good)
    plain = json.loads(json.dumps(report.as_dict()))
    assert plain["fit"] is True
    assert {finding["name"] for finding in plain["findings"]} == {finding.name for finding in report.findings}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small garden with all kinds of faults."""
    folder = tmp_path_factory.mktemp("garden")
    garden.draw(folder, 40, seed=1)
    return folder


def test_what_is_planted_in_the_garden_is_found(planted: Path) -> None:
    report = check(planted)
    truth = json.loads((planted / "truth.json").read_text())
    name = datasets.open(str(planted)).index.set_index("id")["file"].to_dict()
    groups = [{name[id] for id in group} for group in report.finding("unique").groups]
    for fault in ("exact_duplicate", "near_duplicate", "conflicting_duplicate"):
        for one in truth[fault]:
            assert any({one["file"], one["original"]} <= group for group in groups), one
    assert len(groups) == sum(len(truth[f"{kind}_duplicate"]) for kind in ("exact", "near", "conflicting"))
    found = {how: {name[id] for id in report.finding(how).ids} for how in ("too_dark", "blurred", "grey")}
    for one in truth["poor"]:
        assert one["file"] in found[{"dark": "too_dark"}.get(one["how"], one["how"])]
    assert {one["file"] for one in truth["broken"]} == {
        one["file"] for one in report.finding("unreadable").numbers["files"]
    }


def test_plain_surfaces_are_not_near_copies_of_each_other(good: Path) -> None:
    for number, colour in enumerate(("red", "green", "blue")):
        put(good, "cats", f"plain {number}.png", Image.new("RGB", (96, 96), colour))
    assert check(good).finding("unique").severity == "good"


def test_digits_that_all_look_alike_to_the_hash_are_not_called_copies(digits: str) -> None:
    dataset = datasets.open(digits)
    report = quality.check(dataset)
    unique = report.finding("unique")
    assert unique.numbers["too_alike"] and "only the closest" in unique.verdict
    assert unique.ticked
    assert dataset.index["group"].is_unique
    mirrors = report.finding("mirrors")
    assert "train without 'Flip left-right', which starts switched off" in mirrors.verdict
    assert datasets.starting_settings("digits") == {"augment.flip": False}


def test_a_data_set_of_changed_copies_is_seen_through_and_never_torn_apart(tmp_path: Path) -> None:
    for label, first in (("cats", 0), ("dogs", 1000)):
        for number in range(12):
            for turn, brightness in enumerate((0.7, 0.8, 0.9, 1.0, 1.1)):
                image = ImageEnhance.Brightness(blobs(first + number)).enhance(brightness)
                put(tmp_path / "own", label, f"{number}-{turn}.png", image)
    report = check(tmp_path / "own")
    unique = report.finding("unique")
    assert (unique.severity, unique.numbers["near"], unique.numbers["too_alike"]) == ("warning", 96, False)
    rows = datasets.select(datasets.open(str(tmp_path / "own")), DataConfig()).rows
    original = rows["label"] + rows["file"].str.extract(r"(\d+)-")[0]
    assert (rows.groupby(original)["split"].nunique() == 1).all()


def test_a_class_of_one_scene_can_still_be_split(tmp_path: Path) -> None:
    for number in range(30):
        put(
            tmp_path / "own",
            "cats",
            f"{number}.png",
            ImageEnhance.Brightness(blobs(1)).enhance(0.8 + 0.01 * number),
        )
        put(tmp_path / "own", "dogs", f"{number}.png", blobs(100 + number))
    report = check(tmp_path / "own")
    assert not report.finding("variety").ticked
    assert not report.of_severity("serious")


def test_a_finding_is_ticked_only_as_a_box() -> None:
    assert not Finding("x", "X", "", "good").ticked


def test_the_command_line_prints_every_finding_and_its_exit_code_says_whether_to_train(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main(["prepare", str(good), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["fit"], printed["images"]) == (True, 110)
    assert {"enough", "unique", "leaks", "too_dark", "shortcut_size"} <= {
        finding["name"] for finding in printed["findings"]
    }
    put(tmp_path / "few", "cats", "a.png", blobs(1))
    put(tmp_path / "few", "dogs", "b.png", blobs(2))
    assert command_line.main(["prepare", str(tmp_path / "few"), "--quiet"]) == arguments.UNFIT
    assert "Not ready for training yet" in capsys.readouterr().out
