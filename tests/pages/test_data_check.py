"""The Data page as a user cleans a data set: findings, versions, gallery, wrong labels, uploads."""

from __future__ import annotations

import io
import os
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import datasets, engine, quality, workspace
from core.data import versions
from core.data.dataset import Dataset
from core.data.versions import Step
from core.label_errors import job, ranking
from core.label_errors.job import Judging
from core.label_errors.ranking import Judged
from core.processes import background_job, heartbeat, launch
from core.words import moment
from pages.build.data import gallery_tiles, thumbnails
from samples import made_runs
from tests.core.quality.test_quality import blobs
from tests.pages.reading import no_fault, words
from tests.pages.test_build import DATA, HOSTILE, TRAIN, click, visit

CHECK, GALLERY, LABELS, VERSIONS = "Check", "Gallery", "Wrong labels", "Versions"


@pytest.fixture(autouse=True)
def no_processes(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """Record the arguments of the processes that would have been started."""
    started: list[list[str]] = []

    class Child:
        pid = heartbeat.identity()["pid"]

    def start(_module: str, words: list[str], _log: Path) -> Child:
        started.append(list(words))
        return Child()

    monkeypatch.setattr(launch, "start_detached", start)
    engine.Preparation("garden", "running", heartbeat=time.time(), **heartbeat.identity()).write()
    with engine.worker_lock():
        yield started


@pytest.fixture
def source(tmp_path: Path) -> str:
    """Three classes of different images, with an exact copy, a misplaced copy, a black and a broken image."""
    folder = tmp_path / "images"
    for first, (name, each) in enumerate({"daisy": 30, "roses": 14, "tulips": 14}.items()):
        (folder / name).mkdir(parents=True)
        for number in range(each):
            blobs(100 * first + number).save(folder / name / f"{number:03}.png")
    (folder / "daisy" / "copy.png").write_bytes((folder / "daisy" / "001.png").read_bytes())
    (folder / "roses" / "stray.png").write_bytes((folder / "daisy" / "002.png").read_bytes())
    Image.new("RGB", (48, 48)).save(folder / "tulips" / "black.png")
    (folder / "tulips" / "broken.png").write_bytes(b"")
    datasets.prepare(str(folder))
    return str(folder)


def part(name: str, source: str, page: str = DATA) -> AppTest:
    return visit(page, data=source, part=name)


def steps(source: str) -> tuple[Step, ...]:
    return versions.in_force(versions.steps(datasets.open(source).path))


def named(source: str, name: str) -> str:
    index = datasets.open(source).index
    return str(index.loc[index["name"] == name, "id"].iloc[0])


def judged(dataset: Dataset) -> Judged:
    """A judgement that takes the first daisy for a rose, and agrees with all other labels."""
    rows, names = dataset.usable, dataset.class_names
    labels = np.array([names.index(label) for label in rows["label"]])
    probabilities = np.full((len(rows), len(names)), 0.05, np.float32)
    probabilities[np.arange(len(rows)), labels] = 0.9
    probabilities[0] = [0.01, 0.98, 0.01]
    return Judged(dataset.version, names, rows["id"].to_numpy(dtype=str), labels, probabilities, "imagenet")


# --- the check -----------------------------------------------------------------------------------


def test_the_verdict_is_shown_above_every_tab(source):
    for name in ("Overview", CHECK, GALLERY, LABELS, VERSIONS):
        text = words(part(name, source))
        assert "of 4 checks passed" in text and "Checking the images" not in text


def test_every_finding_is_listed_with_its_numbers(source):
    text = words(part(CHECK, source))
    assert "3 of 3 classes have fewer than 50 images" in text and "31 images, the smallest" in text
    for title in ("Unique images", "Variety within a class", "Copies with different labels", "Too dark"):
        assert title in text
    assert "tulips/broken.png" in text and "1 image with more than one label" in text


@pytest.mark.parametrize(
    ("finding", "left_out"),
    [("unique", 1), ("conflicts", 2), ("too_dark", 1)],
)
def test_a_button_fixes_its_finding_and_can_be_undone(finding, left_out, source):
    before = datasets.open(source)
    test = click(part(CHECK, source), f"mend {finding}")
    after = datasets.open(source)
    assert len(before.usable) - len(after.usable) == left_out
    assert f"{left_out} image" in words(test) and "left out" in words(test)
    with pytest.raises(KeyError):
        test.button(key=f"mend {finding}")
    click(test, "undo_last")
    assert datasets.open(source).version == before.version
    assert "Undone" in words(test)
    click(test, "undo_last")
    assert datasets.open(source).version == after.version


def test_classes_can_be_capped_at_any_number(source):
    test, dataset = part(CHECK, source), datasets.open(source)
    test.number_input(key=f"cap {dataset.id} {dataset.version}").set_value(10).run()
    click(test, "mend balance")
    assert datasets.open(source).usable["label"].value_counts().tolist() == [10, 10, 10]
    click(test, "undo_last")
    assert datasets.open(source).version == dataset.version


def test_what_mending_costs_is_said_before_the_button_is_pressed(tmp_path):
    for number in range(52):
        for first, name in enumerate(("cats", "dogs")):
            (tmp_path / "own" / name).mkdir(parents=True, exist_ok=True)
            blobs(100 * first + number % 49).save(tmp_path / "own" / name / f"{number}.png")
    datasets.prepare(str(tmp_path / "own"))
    text = words(part(CHECK, str(tmp_path / "own")))
    assert "This costs something: 2 classes fall below 50 images: 'cats' and 'dogs'" in text.replace("\\", "")
    assert len(datasets.open(str(tmp_path / "own")).usable) == 104


@pytest.fixture
def patients(tmp_path: Path) -> str:
    """Two classes of 16 patients each, with four images each, named after them."""
    for patient in range(32):
        folder = tmp_path / "scans" / ("sick" if patient % 2 else "healthy")
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(4):
            blobs(10 * patient + number).save(folder / f"patient{patient:02}_{number}.png")
    datasets.prepare(str(tmp_path / "scans"))
    return str(tmp_path / "scans")


def test_groups_that_names_suggest_are_kept_whole_at_one_press(patients):
    test = part(CHECK, patients)
    assert "By the file names, 128 images form 32 groups" in words(test)
    test = click(test, "set groups")
    assert "Keep together is now name" in words(test).replace("*", "")
    assert test.query_params["set"] == "data.group_by=name"
    assert "None of the groups lies in more than one split" in words(test)
    with pytest.raises(KeyError):
        test.button(key="set groups")


def test_the_split_setting_is_shown_where_a_data_set_has_a_split_of_its_own(patients, tmp_path):
    def is_shown(source: str) -> bool:
        return any(one.label == "Split" for one in visit(TRAIN, data=source).sidebar.get("button_group"))

    assert not is_shown(patients)
    for part_of, each in (("train", 9), ("test", 3)):
        for label in ("a", "b"):
            folder = tmp_path / "own" / part_of / label
            folder.mkdir(parents=True)
            for number in range(each):
                blobs(len(part_of) * 1000 + ord(label) * 20 + number).save(folder / f"{number}.png")
    datasets.prepare(str(tmp_path / "own"))
    assert is_shown(str(tmp_path / "own"))


def test_flipping_starts_off_where_mirrored_images_mean_something_else_and_stays_as_it_is_set():
    test = visit(TRAIN, data="digits")
    assert test.toggle(key="augment.flip").value is False and "set" not in test.query_params
    test.toggle(key="augment.flip").set_value(True).run()
    assert no_fault(test).query_params["set"] == "augment.flip=True"
    assert visit(TRAIN, data="digits", set="augment.flip=true").toggle(key="augment.flip").value is True
    assert visit(TRAIN, data="garden").toggle(key="augment.flip").value is True


def test_another_distance_finds_other_copies(source):
    test = part(CHECK, source)
    labels = [one.label for one in test.expander]
    test.slider(key="near_distance").set_value(4).run()
    assert set(labels) <= {one.label for one in test.expander}  # with another one, an open one would close
    assert "up to 4 of 64 bits" in words(no_fault(test))
    test.slider(key="near_distance").set_value(0).run()
    assert "none of the 64 bits of their perceptual hashes differs" in words(no_fault(test))


@pytest.mark.fault("F26", "F10")
def test_hostile_names_are_shown_as_they_are(tmp_path):
    folder = Path(made_runs.draw_folder(tmp_path / "odd", [HOSTILE, "roses"]))
    (folder / HOSTILE / "![y](y.png).png").write_bytes((folder / HOSTILE / "001.png").read_bytes())
    datasets.prepare(str(folder))
    test = part(CHECK, str(folder))
    for name in (CHECK, GALLERY, VERSIONS):
        test = part(name, str(folder))
        for kind in ("markdown", "caption", "info", "success"):
            assert all("![" not in element.value.replace("\\!\\[", "") for element in test.get(kind))


def test_a_finding_shows_its_images_before_they_are_left_out(source):
    behind = part(CHECK, source).image
    assert len(behind) == 5  # two groups of copies, one of them with two labels; a black one, grey as well


def test_unreadable_files_are_listed_in_a_table(source):
    test = part(CHECK, source)
    assert "Look at the files" in [one.label for one in test.expander]


def test_the_fit_to_square_can_be_set_where_proportions_tell_the_class(tmp_path):
    for number in range(24):
        for first, (name, size) in enumerate({"circles": (60, 60), "ellipses": (120, 60)}.items()):
            (tmp_path / "shapes" / name).mkdir(parents=True, exist_ok=True)
            blobs(100 * first + number).resize(size).save(tmp_path / "shapes" / name / f"{number}.png")
    datasets.prepare(str(tmp_path / "shapes"))
    test = part(CHECK, str(tmp_path / "shapes"))
    assert "Fit to square" in words(test)
    test = click(test, "set shortcut_size")
    assert test.query_params["set"] == "data.resize=pad"


# --- files that change on disk -------------------------------------------------------------------


def settled(test: AppTest) -> AppTest:
    """A page once its files are compared, which is done beside it."""
    for _ in range(100):
        if not any(thread.name == "compare files" for thread in threading.enumerate()):
            break
        time.sleep(0.05)
    return test.run()


def test_changed_files_are_offered_for_a_rescan(source, no_processes):
    folder = Path(source)
    assert "since this data set was prepared" not in words(settled(part(CHECK, source)))
    (folder / "daisy" / "000.png").unlink()
    for number in range(3):
        blobs(700 + number).save(folder / "roses" / f"new{number}.png")
    blobs(800).save(folder / "tulips" / "000.png")
    test = settled(part(CHECK, source))
    sentence = "3 images were added, 1 changed and 1 removed since this data set was prepared."
    assert sentence in words(test)
    assert words(test).count("since this data set was prepared") == 1
    assert sentence in words(settled(visit(TRAIN, data=source)))
    click(test, "prepare_again")
    assert no_processes[-1][:2] == ["prepare", source]


def test_files_with_another_time_alone_are_no_change(source):
    for path in Path(source).rglob("*.png"):
        os.utime(path, (1, 1))
    assert "since this data set was prepared" not in words(settled(part(CHECK, source)))


def test_a_slow_folder_does_not_make_the_page_wait(source, monkeypatch):
    compared = threading.Event()

    def slowly(_source: str) -> datasets.Changes:
        compared.wait(20)
        return datasets.Changes(added=7)

    monkeypatch.setattr(datasets, "changed_on_disk", slowly)
    test = part(CHECK, source)
    assert "of 4 checks passed" in words(test) and "were added" not in words(test)
    compared.set()
    assert "7 images were added" in words(settled(test))


def test_files_are_compared_once_a_visit(source, monkeypatch):
    asked = []
    monkeypatch.setattr(datasets, "changed_on_disk", lambda name: asked.append(name) or datasets.Changes())
    test = part(CHECK, source)
    test.run()
    test.run()
    assert asked == [source]


def test_only_a_users_own_files_can_be_rescanned(source, no_processes):
    test = click(part(CHECK, source), "prepare_again")
    assert no_processes[-1][:2] == ["prepare", source] and "Preparing" in words(test)
    assert part(CHECK, source).button(key="stop_preparing")
    with pytest.raises(KeyError):
        visit(DATA, data="digits").button(key="prepare_again")


# --- versions ------------------------------------------------------------------------------------


def test_steps_are_listed_undone_and_compared(source):
    dataset = datasets.open(source)
    versions.exclude(dataset, dataset.usable["id"][10:13], "too much")
    versions.relabel(datasets.open(source), dataset.usable["id"][5:6], "roses", "it is one")
    test = part(VERSIONS, source)
    text = words(test)
    assert "3 images left out: too much" in text and "moved to class 'roses'" in text
    assert "3 images left out, none added or put back, 1 image moved to another class" in text
    assert datasets.open(source).version in text
    click(test, "undo 1")
    assert [step.kind for step in steps(source)] == ["relabel"]
    click(test, "undo 3")
    assert [step.kind for step in steps(source)] == ["exclude", "relabel"]


def test_an_earlier_version_can_be_viewed_but_not_changed(source):
    old = datasets.open(source)
    versions.exclude(old, old.usable["id"][10:13], "too much")
    test = visit(DATA, data=source, part=CHECK, set=f"data.version={old.version}")
    assert "earlier version" in words(test) and test.button(key="mend unique").disabled
    click(test, "newest")
    assert "earlier version" not in words(test) and not test.button(key="mend unique").disabled


def test_the_train_page_names_the_version(source):
    dataset = datasets.open(source)
    versions.exclude(dataset, dataset.usable["id"][10:13], "too much")
    text = words(visit(TRAIN, data=source))
    assert f"Data version {datasets.open(source).version}: 3 images left out" in text


@pytest.mark.parametrize("damage", ["{", "[1]", '[{"number": 7}]', ""])
def test_a_damaged_file_of_steps_gets_a_sentence(damage, source):
    (datasets.open(source).path / "steps.json").write_text(damage)
    test = part(VERSIONS, source)
    assert "steps.json" in words(test) and test.error


# --- gallery and one image ---------------------------------------------------------------------


def test_the_gallery_shows_the_selected_images(source):
    test = part(GALLERY, source)
    assert "1 to 24 of 61 images" in words(test)
    test.selectbox(key="gallery_class").set_value("roses").run()
    assert "15 images" in words(no_fault(test))
    test.selectbox(key="gallery_finding").set_value("Unreadable")
    test.selectbox(key="gallery_class").set_value("All").run()
    text = words(no_fault(test))
    assert "tulips/broken.png" in text and "1 file" in text.splitlines()
    test.selectbox(key="gallery_finding").set_value("Too dark").run()
    assert "1 image" in words(no_fault(test)).splitlines()
    test.selectbox(key="gallery_finding").set_value("In use")
    test.selectbox(key="gallery_split").set_value("test").run()
    assert all(line != "train" for line in words(no_fault(test)).splitlines())


def test_the_first_images_of_the_gallery_do_not_wait_for_the_quality_check(source, monkeypatch):
    done: list[str] = []

    def noting(what: str, work: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *words, **more: done.append(what) or work(*words, **more)

    monkeypatch.setattr(gallery_tiles, "tile", noting("tile", gallery_tiles.tile))
    monkeypatch.setattr(quality, "check", noting("check", quality.check))
    test = part(GALLERY, source)
    assert done == ["tile"] * gallery_tiles.PER_PAGE + ["check"]
    assert "Too dark" in test.selectbox(key="gallery_finding").options
    no_fault(test.run())
    assert done.count("check") == 1


def test_the_next_page_is_prepared_while_the_current_one_is_viewed(source):
    part(GALLERY, source)
    dataset, deadline = datasets.open(source), time.monotonic() + 60
    kept = [dataset.path / "thumbnails" / f"{image}-200.jpg" for image in dataset.usable["id"]]
    while not all(path.exists() for path in kept[: 2 * gallery_tiles.PER_PAGE]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not any(path.exists() for path in kept[2 * gallery_tiles.PER_PAGE :])


def test_the_gallery_returns_to_all_images_once_the_shown_finding_is_fixed(source):
    test = part(GALLERY, source)
    test.selectbox(key="gallery_finding").set_value("Too dark").run()
    dark = named(source, "tulips/black.png")
    versions.exclude(datasets.open(source), [dark], "too dark")
    assert "1 to 24 of 60 images" in words(no_fault(test.run()))
    assert test.selectbox(key="gallery_finding").value == "In use"


def test_images_left_out_are_found_in_the_gallery_and_put_back(source):
    before = datasets.open(source)
    versions.exclude(before, before.usable["id"][10:13], "too much")
    test = part(GALLERY, source)
    test.selectbox(key="gallery_finding").set_value("Left out").run()
    assert "3 images" in words(no_fault(test)).splitlines()
    click(test, "put_back_shown")
    assert datasets.open(source).version == before.version
    click(test, "undo_last")
    assert len(datasets.open(source).usable) == len(before.usable) - 3


def test_the_last_page_shrinks_with_the_images(source):
    test = part(GALLERY, source)
    test.get_by_key("gallery_page").set_value(3).run()
    assert "49 to 61" in words(no_fault(test))
    test.selectbox(key="gallery_class").set_value("roses").run()
    assert "15 images" in words(no_fault(test))


def test_one_image_is_opened_relabelled_left_out_and_put_back(source):
    stray = named(source, "roses/stray.png")
    test = part(CHECK, source)
    test.session_state["gallery_image"] = (source, stray)
    text = words(no_fault(test.run()))
    assert "roses/stray.png" in text and "identical pixels" in text and "96 × 96 px" in text
    assert any(f"Used for: {split}" in text for split in ("train", "validation", "test"))
    test.selectbox(key=f"label {stray}").set_value("daisy").run()
    click(test, "relabel_one")
    assert datasets.open(source).usable.set_index("id")["label"][stray] == "daisy"
    click(test, "exclude_one")
    assert stray not in set(datasets.open(source).usable["id"])
    click(test, "put_back_one")
    assert stray in set(datasets.open(source).usable["id"])
    assert [step.kind for step in steps(source)] == ["relabel", "exclude", "put_back"]


def test_a_very_tall_image_takes_no_more_room_than_others(tmp_path, monkeypatch):
    folder = Path(made_runs.draw_folder(tmp_path / "images", each=6))
    Image.new("RGB", (40, 400), "red").save(folder / "daisy" / "000.png")
    Image.new("RGB", (400, 40), "red").save(folder / "daisy" / "001.png")
    datasets.prepare(str(folder))
    widths: list[Any] = []
    monkeypatch.setattr(st, "image", lambda *_, width, **__: widths.append(width))
    dataset = datasets.open(str(folder))
    for name in ("daisy/000.png", "daisy/001.png"):
        row = dataset.index.set_index("name", drop=False).loc[name]
        thumbnails.draw(dataset, row, gallery_tiles.TILE)
    assert widths == [20, "stretch"]  # the first, 20 wide, is as high as any thumbnail may be
    style = (workspace.PROJECT / "pages" / "common" / "style.css").read_text(encoding="utf-8")
    assert '[class*="st-key-tile-"] img { aspect-ratio: 1;' in style  # tiles are square, whatever is in them


def test_an_image_deleted_from_disk_gets_a_sentence(source):
    (Path(source) / "daisy" / "000.png").unlink()
    assert "daisy/000.png" in words(part(GALLERY, source))


# --- wrong labels --------------------------------------------------------------------------------


def test_judging_is_offered_with_its_time_started_watched_and_stopped(source, no_processes):
    test = part(LABELS, source)
    assert "About" in words(test) and "a rough guess" in words(test)
    click(test, "judge")
    assert no_processes[-1] == ["suspects", source, "--report-progress"]
    work = job.status(source)
    assert work.state == "running" and "Judging the labels" in words(test)
    replace(work, message="judging labels", done=30, total=90).write()
    assert "Judging labels: 33%" in part(LABELS, source).get("progress")[0].proto.text
    click(part(LABELS, source), "stop_judging")
    assert job.status(source).stop_requested


@pytest.mark.parametrize("state", ["failed", "stopped", "interrupted"])
def test_judging_that_ended_early_says_why_and_can_be_restarted(state, source):
    Judging(source, state, "It ended for a reason.").write()
    test = part(LABELS, source)
    assert "It ended for a reason." in words(test) and not test.button(key="judge").disabled


def test_earlier_suspects_stay_visible_while_labels_are_judged_again(source):
    dataset = datasets.open(source)
    ranking.save(dataset, judged(dataset))
    job.start(source)
    text = words(part(LABELS, source))
    assert "Judging the labels" in text and "1 of 61 labels may be wrong" in text


def test_too_few_images_to_judge_get_a_sentence(tmp_path):
    source = made_runs.draw_folder(tmp_path / "few", each=4)
    test = part(LABELS, source)
    assert "at least 5 are needed" in words(test)
    with pytest.raises(KeyError):
        test.button(key="judge")


@pytest.mark.parametrize(("number", "kind"), [(0, "relabel"), (1, "confirm"), (2, "exclude")])
def test_a_reviewed_suspect_is_not_shown_again(number, kind, source):
    dataset = datasets.open(source)
    ranking.save(dataset, judged(dataset))
    suspect = str(dataset.usable["id"].iloc[0])
    test = part(LABELS, source)
    assert "1 of 61 labels may be wrong" in words(test) and "looks like roses (98" in words(test)
    assert "judged with a network trained on the photos of ImageNet" in words(test)
    click(test, f"decide {number} {suspect}")
    assert [step.kind for step in steps(source)] == [kind]
    assert "To undo it" in test.toast[0].value  # the button for that may be a screen above the one clicked
    assert "No labels left to review" in words(test)
    assert suspect not in set(ranking.open_cases(datasets.open(source), judged(dataset))["id"])
    click(test, "undo_last")
    assert steps(source) == () and "1 of 61 labels may be wrong" in words(test)


def test_a_damaged_judgement_gets_a_sentence(source):
    (datasets.open(source).path / "judged.npz").write_bytes(b"rubbish")
    test = part(LABELS, source)
    assert "is damaged" in words(test) and not test.button(key="judge").disabled


def test_every_outcome_of_background_work_has_a_state(source):
    def stopped(_progress: object, should_stop: object) -> None:
        raise ValueError("unexpected")

    assert background_job.carry_out(Judging(source), stopped).state == "failed"
    assert "ValueError" in job.status(source).message
    assert background_job.carry_out(Judging(source), lambda *_: None).state == "done"


# --- uploads -------------------------------------------------------------------------------------


def image(colour: int) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(colour).integers(0, 255, (48, 48, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


def archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return buffer.getvalue()


def upload(kind: str, files: dict[str, bytes]) -> AppTest:
    test = visit(DATA)
    test.get_by_key("source_kind").set_value("Upload").run()
    test.get_by_key("upload_kind").set_value(kind).run()
    for name, content in files.items():
        test.file_uploader[0].upload(name, content)
    test.run()
    return click(test, "keep_upload")


CLASSES = {f"flowers/{name}/{number}.png": image(number) for name in ("a", "b") for number in range(3)}


def test_an_uploaded_folder_is_prepared(no_processes, workspace):
    test = upload("Folder", {**CLASSES, "flowers/a/../../evil.png": image(9)})
    source = test.query_params["data"]
    assert source.startswith("upload:flowers-") and no_processes[-1][:2] == ["prepare", source]
    dataset = datasets.prepare(source)
    assert dataset.class_names == ("a", "b") and len(dataset.usable) >= 6
    title = visit(DATA, data=source).header[0].value.replace("\\", "")
    assert title == f"flowers (uploaded {moment((workspace / 'uploads' / source[7:]).stat().st_mtime)})"


def test_an_archive_is_uploaded(no_processes):
    test = upload("Zip archive", {"my flowers.zip": archive(CLASSES)})
    assert test.query_params["data"].startswith("upload:my-flowers-")


def test_files_are_uploaded_with_the_list_of_their_classes(no_processes):
    rows = "".join(f"{number},{'ab'[number % 2]}\n" for number in range(4)).encode()
    files = {f"{number}.png": image(number) for number in range(4)}
    test = upload("Files", {**files, "my flowers.csv": b"id,breed\n" + rows})
    source = test.query_params["data"]
    assert source.startswith("upload:my-flowers-") and no_processes[-1][:2] == ["prepare", source]
    assert datasets.prepare(source).usable["label"].tolist() == ["a", "b", "a", "b"]


def test_files_whose_list_is_damaged_are_rejected_with_the_line(workspace):
    test = upload("Files", {"1.png": image(1), "labels.csv": b'file,label\n1.png,"a\n'})
    assert "labels.csv, line 2: a quotation mark is opened there" in words(test)
    assert not list((workspace / "uploads").glob("*"))


@pytest.mark.fault("F13")
@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"../evil.png": b"x"}, "has a path outside the archive"),
        ({"inner.zip": b"x"}, "is an archive inside the archive"),
        ({"bomb.png": bytes(10**7)}, "times its size"),
        ({"1.png": image(1)}, "There are no class folders"),
    ],
)
def test_a_rejected_archive_says_why_and_leaves_nothing(members, sentence, workspace):
    test = upload("Zip archive", {"evil.zip": archive(members)})
    assert sentence in words(test) and "This upload cannot be used" in words(test)
    assert not list((workspace / "uploads").glob("*")) and test.query_params["data"] == "garden"


@pytest.mark.fault("F13")
def test_a_file_that_is_no_archive_is_rejected(workspace):
    assert "is not a zip archive" in words(upload("Zip archive", {"fake.zip": b"hello"}))


# --- nothing left --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Overview", CHECK, GALLERY, LABELS, VERSIONS])
def test_a_data_set_with_nothing_left_gets_sentences(name, source):
    dataset = datasets.open(source)
    versions.exclude(dataset, dataset.usable["id"], "all of them")
    assert "Not ready for training yet" in words(part(name, source))
    assert len(datasets.open(source).usable) == 0
