"""Images that were added, removed, replaced or relabelled on disk are noticed; none is trained unnoticed."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets, runs, worker
from core.config import RunConfig
from core.data import pixel_cache, versions
from core.datasets import Changes
from core.errors import LabError, Undecided
from core.training import fresh_data


def draw(path: Path, seed: int, kind: str = "PNG") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3))
    Image.fromarray(np.kron(blocks, np.ones((4, 4, 1))).astype(np.uint8)).save(path, kind)


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    for number in range(12):
        draw(tmp_path / "flowers" / "roses" / f"{number:02}.png", number)
        draw(tmp_path / "flowers" / "tulips" / f"{number:02}.png", 100 + number)
    draw(tmp_path / "flowers" / "tulips" / "04.bmp", 200, "BMP")
    datasets.prepare(str(tmp_path / "flowers"))
    return tmp_path / "flowers"


def touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def recolour(path: Path) -> None:
    """Another image of the same size in pixels and, as a BMP file, in bytes."""
    draw(path, 999, "BMP")
    os.utime(path, ns=(2, 2))


EDITS: dict[str, tuple[Callable[[Path], object], Changes]] = {
    "nothing": (lambda d: None, Changes()),
    "an image added": (lambda d: draw(d / "roses" / "new.png", 50), Changes(added=1)),
    "a class added": (
        lambda d: [draw(d / "lilies" / f"{n}.png", 60 + n) for n in range(3)],
        Changes(added=3),
    ),
    "a file that is no image": (lambda d: (d / "roses" / "notes.txt").write_text("x"), Changes()),
    "an image deleted": (lambda d: (d / "roses" / "03.png").unlink(), Changes(removed=1)),
    "a class deleted": (
        lambda d: (draw(d / "lilies" / "1.png", 9), shutil.rmtree(d / "roses")),
        Changes(added=1, removed=12),
    ),
    "an image replaced": (lambda d: draw(d / "tulips" / "04.png", 70), Changes(changed=1)),
    "an image saved again": (lambda d: touch(d / "tulips" / "04.png"), Changes()),
    "all images copied": (lambda d: [touch(path) for path in d.rglob("*.png")], Changes()),
    "an image replaced by one of as many bytes": (
        lambda d: recolour(d / "tulips" / "04.bmp"),
        Changes(changed=1),
    ),
    "an image moved": (
        lambda d: (d / "tulips" / "04.png").rename(d / "roses" / "44.png"),
        Changes(added=1, removed=1),
    ),
    "a class renamed": (lambda d: (d / "tulips").rename(d / "tulip"), Changes(added=13, removed=13)),
    "a class that is broken": (
        lambda d: (draw(d / "roses" / "13.png", 3), (d / "roses" / "02.png").write_bytes(b"")),
        Changes(added=1, changed=1),
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_a_folder_is_noticed(name: str, flowers: Path) -> None:
    edit, expected = EDITS[name]
    edit(flowers)
    assert datasets.changed_on_disk(str(flowers)) == expected
    datasets.prepare(str(flowers))
    assert not datasets.changed_on_disk(str(flowers))


def test_several_changes_are_one_sentence() -> None:
    assert Changes(12, 3, 1).in_words == (
        "12 images were added, 3 changed and 1 removed since this data set was prepared."
    )
    assert Changes(changed=1).in_words == "1 image was changed since this data set was prepared."
    assert Changes(removed=2, moved=1_500).in_words == (
        "2 images were removed and 1,500 given another class, split or group since this data set was "
        "prepared."
    )


def test_a_folder_that_can_be_read_in_two_ways_by_now_is_noticed_with_the_question(flowers: Path) -> None:
    for name in ("roses", "tulips"):
        shutil.copytree(flowers / name, flowers / "training_set" / name)
    changes = datasets.changed_on_disk(str(flowers))
    assert changes and "It is not clear how" in changes.in_words
    with pytest.raises(Undecided):
        fresh_data.refresh(str(flowers), quiet=True)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([(n, "ab"[n % 2], "") for n in range(12)], Changes()),
        ([(n, "ba"[n % 2], "") for n in range(12)], Changes(moved=12)),
        ([(n, "abx"[n % 3], "") for n in range(12)], Changes(moved=8)),
        ([(n, "ab"[n % 2], "") for n in range(9)], Changes(removed=3)),
        ([(n, "ab"[n % 2], "test" if n > 9 else "train") for n in range(12)], Changes(moved=12)),
    ],
)
def test_a_list_that_was_edited_is_noticed(lines: list[tuple[int, str, str]], expected: Changes, tmp_path):
    for number in range(12):
        draw(tmp_path / "set" / f"{number}.png", number)
    listing = tmp_path / "set" / "list.csv"

    def write(rows: list[tuple[int, str, str]]) -> None:
        listing.write_text("file,label,split\n" + "".join(f"{n}.png,{c},{s}\n" for n, c, s in rows))

    write([(n, "ab"[n % 2], "") for n in range(12)])
    datasets.prepare(str(listing))
    write(lines)
    assert datasets.changed_on_disk(str(listing)) == expected


def test_a_relabel_in_the_lab_is_no_change_on_disk(flowers: Path) -> None:
    dataset = datasets.open(str(flowers))
    versions.relabel(dataset, [dataset.usable.iloc[0]["id"]], "tulips", "it is one")
    assert not datasets.changed_on_disk(str(flowers))


def test_an_archive_that_was_replaced_is_noticed(flowers: Path, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "flowers"), "zip", flowers))
    datasets.prepare(str(archive))
    assert not datasets.changed_on_disk(str(archive))
    draw(flowers / "roses" / "new.png", 50)
    with zipfile.ZipFile(archive, "a") as opened:
        opened.write(flowers / "roses" / "new.png", "roses/new.png")
    changes = datasets.changed_on_disk(str(archive))
    assert changes == Changes(replaced=True) and "archive was replaced" in changes.in_words
    datasets.prepare(str(archive))
    assert not datasets.changed_on_disk(str(archive))


def test_what_the_lab_itself_has_made_needs_no_scan(garden: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.data.scanning.scan", lambda *_: pytest.fail("scanned"))
    assert not datasets.changed_on_disk(garden)


# --- never other pixels than those of the version ----------------------------------------------------


def replaced(flowers: Path) -> None:
    """Another image under the name of the first rose."""
    draw(flowers / "roses" / "00.png", 777)


@pytest.mark.parametrize("size", [32, 48])
def test_a_replaced_image_is_not_trained_under_the_old_version(flowers: Path, size: int) -> None:
    dataset = datasets.open(str(flowers))
    replaced(flowers)
    with pytest.raises(LabError, match=r"roses/00\.png .* replaced by another image .* Rescan"):
        pixel_cache.load(dataset, dataset.usable, size, "stretch")


def test_pixels_that_were_read_before_stay_those_of_their_version(flowers: Path, monkeypatch) -> None:
    monkeypatch.setattr(pixel_cache, "_FEW", 0)
    dataset = datasets.open(str(flowers))
    before = pixel_cache.load(dataset, dataset.usable, 32, "stretch")[:]
    replaced(flowers)
    assert (pixel_cache.load(dataset, dataset.usable, 32, "stretch")[:] == before).all()
    again = datasets.prepare(str(flowers))
    assert again.version != dataset.version
    assert (pixel_cache.load(again, again.usable, 32, "stretch")[:] != before).any()


@pytest.mark.parametrize(
    "keep",
    [
        touch,
        lambda path: shutil.copy(path, path.with_suffix(".tmp")) and path.with_suffix(".tmp").replace(path),
        lambda path: Image.open(path).convert("RGBA").save(path, "PNG"),
        lambda path: Image.open(path).copy().save(path, "BMP"),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    ],
    ids=["touched", "copied", "as RGBA", "as BMP", "with a byte more"],
)
def test_the_same_pixels_in_another_file_are_trained(keep: Callable[[Path], object], flowers: Path) -> None:
    dataset = datasets.open(str(flowers))
    keep(flowers / "roses" / "00.png")
    assert pixel_cache.load(dataset, dataset.usable, 32, "stretch").shape == (25, 32, 32, 3)
    assert datasets.prepare(str(flowers)).version == dataset.version


def test_no_thumbnail_shows_another_image_than_its_version(flowers: Path) -> None:
    dataset = datasets.open(str(flowers))
    replaced(flowers)
    row = dataset.index.set_index("file", drop=False).loc["roses/00.png"]
    for show in (lambda: dataset.thumbnail(row, 16), lambda: dataset.image(row)):
        with pytest.raises(LabError, match="replaced by another image"):
            show()


def test_a_run_on_a_replaced_image_fails_with_a_sentence(flowers: Path) -> None:
    replaced(flowers)
    run = runs.create(RunConfig().replace({"data.source": str(flowers), "data.image_size": 32}))
    status = worker.carry_out(run)
    assert status.state == "failed" and "roses/00.png" in status.message and "Rescan" in status.message


def test_commands_read_changed_files_again_and_say_so(flowers: Path, capsys) -> None:
    before = datasets.open(str(flowers)).version
    fresh_data.refresh(str(flowers))
    assert capsys.readouterr().err == ""
    replaced(flowers)
    draw(flowers / "roses" / "new.png", 50)
    fresh_data.refresh(str(flowers), quiet=True)
    assert capsys.readouterr().err == (
        "1 image was added and 1 changed since this data set was prepared. They are read again.\n"
    )
    assert datasets.open(str(flowers)).version != before
    assert not datasets.changed_on_disk(str(flowers))


def test_a_version_that_was_asked_for_stays(flowers: Path, capsys) -> None:
    version = datasets.open(str(flowers)).version
    draw(flowers / "roses" / "new.png", 50)
    fresh_data.settle(str(flowers), version=version, quiet=True)
    assert f"Version {version} is used." in capsys.readouterr().err
    assert datasets.open(str(flowers), version).version == version


def test_a_folder_without_classes_by_now_leaves_the_data_set_as_it_was(flowers: Path, capsys) -> None:
    before = datasets.open(str(flowers))
    for name in ("roses", "tulips"):
        shutil.rmtree(flowers / name)
    fresh_data.refresh(str(flowers), quiet=True)
    said = capsys.readouterr().err
    assert "contains no class folders" in said and "read again" not in said
    assert datasets.open(str(flowers)).version == before.version


def test_an_exclusion_outlives_a_rescan(flowers: Path) -> None:
    dataset = datasets.open(str(flowers))
    first = dataset.usable.iloc[0]["id"]
    versions.exclude(dataset, [first], "blurred")
    draw(flowers / "roses" / "new.png", 50)
    again = datasets.prepare(str(flowers))
    assert len(again.usable) == 25 and again.rows([first])["excluded"].tolist() == ["blurred"]
