"""Maps of data sets and runs: which images, by which features, stored, and what becomes of them later."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import datasets, runs, workspace
from core.config import RunConfig
from core.data import versions
from core.errors import LabError, Stopped
from core.explain import nearest_images
from core.export import map_figure
from core.image_map import image_map, making, sample, subject, thumbnail_sheet
from core.image_map.class_neighbours import Neighbourhoods
from core.image_map.subject import Subject
from core.image_map.table import COLUMNS, categories, name_places, table
from core.runs import Run
from core.training import pretrained_weights
from samples import made_runs


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare by outlines and colours: TensorFlow takes ten seconds to load."""
    monkeypatch.setattr(pretrained_weights, "find", lambda backbone: None)


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    return RunConfig().replace({"data.source": made_runs.draw_folder(tmp_path / "images", each=12)})


def of_folder(config: RunConfig) -> Subject:
    return subject.of_dataset(datasets.open(config.data.source))


def finished(config: RunConfig) -> Run:
    """A run with the features of its network, in which each class is a direction."""
    run = made_runs.finished(config)
    made_runs.give_model(run)
    rows = subject.of_run(run).rows
    rng = np.random.default_rng(0)
    features = np.eye(3)[pd.Categorical(rows["label"]).codes] + 0.1 * rng.random((len(rows), 3))
    ids, splits = rows["id"].to_numpy(dtype=str), rows["split"].to_numpy(dtype=str)
    nearest_images.keep(run, ids, splits, features.astype(np.float32))
    return run


def test_a_map_of_a_data_set_is_stored_with_its_thumbnails_and_made_once(config, monkeypatch):
    shown = of_folder(config)
    made = making.made(shown)
    assert made.kind == "appearance" and made.total == len(made.ids) == 36
    monkeypatch.setattr(making, "make", None)
    again = making.made(of_folder(config))
    assert all(np.array_equal(getattr(made, name), value) for name, value in vars(again).items())
    with Image.open(image_map.sheet_path(shown.folder, making.key(shown))) as sheet:
        assert sheet.size == (6 * 96, 6 * 96)


def test_the_thumbnails_are_in_the_order_of_the_map(config):
    shown = of_folder(config)
    making.make(shown)
    sheet = np.asarray(Image.open(image_map.sheet_path(shown.folder, making.key(shown)))).astype(int)
    for index, (_, row) in enumerate(shown.shown.iterrows()):
        top, left = index // 6 * 96, index % 6 * 96
        square = np.asarray(shown.dataset.image(row).resize((96, 96))).astype(int)
        assert np.abs(sheet[top : top + 96, left : left + 96] - square).mean() < 20


def test_the_map_of_a_run_shows_its_splits_and_mistakes(config):
    run = finished(config)
    shown = subject.of_run(run)
    made = making.make(shown)
    images = table(shown, made)
    assert tuple(images.columns) == COLUMNS and made.kind == "own"
    assert set(images["split"]) == {"train", "validation", "test"}
    test = run.predictions("test")
    wrong = test.ids[test.probabilities.argmax(axis=1) != test.labels]
    is_wrong = (categories(images, "mistake") == "wrong") & (images["split"] == "test")
    assert set(images.loc[is_wrong, "id"]) == set(wrong)
    assert (images.loc[images["split"] == "train", "predicted"] == "").all()
    same = Neighbourhoods.of(shown, made, "test").same_class()
    assert same.value == 1.0 and same.total == 10 * len(test.ids)
    assert set(name_places(images)["name"]) == set(made_runs.FLOWERS)


@pytest.mark.parametrize("colour_by", ["class", "split", "mistake"])
def test_a_run_gives_its_map_as_a_table_and_a_figure(config, colour_by, tmp_path):
    result = map_figure.of_run(finished(config), colour_by)
    assert len(result.table) == 36
    map_figure.write(tmp_path / "map.svg", result.figure)
    map_figure.write(tmp_path / "map.png", result.figure)
    assert (tmp_path / "map.svg").stat().st_size > 5_000 and (tmp_path / "map.png").read_bytes()[
        1:4
    ] == b"PNG"


def test_an_image_left_out_since_is_no_longer_shown_and_the_map_no_longer_current(config):
    shown = of_folder(config)
    made, key = making.make(shown), making.key(shown)
    versions.exclude(shown.dataset, tuple(made.ids[:2]), "test")
    later = of_folder(config)
    assert making.key(later) != key and image_map.newest(later.folder) == key
    images = table(later, made)
    assert list(images["id"]) == list(made.ids[2:]) and list(images.index) == list(range(2, 36))
    found = Neighbourhoods.of(later, made)
    assert sum(one.images for one in found.by_class()) == 34
    assert not np.isin(found.neighbours, [0, 1]).any()


def test_a_relabelled_image_has_its_new_class_on_the_same_map(config):
    shown = of_folder(config)
    made, key = making.make(shown), making.key(shown)
    versions.relabel(shown.dataset, (str(made.ids[0]),), "tulips", "test")
    later = of_folder(config)
    assert making.key(later) == key
    assert table(later, made)["label"].iloc[0] == "tulips"


def test_one_class_has_a_map_and_no_images_have_none(config):
    shown = of_folder(config)
    others = shown.rows.loc[shown.rows["label"] != "daisy", "id"]
    versions.exclude(shown.dataset, tuple(others), "test")
    later = of_folder(config)
    made = making.make(later)
    (only,) = Neighbourhoods.of(later, made).by_class()
    assert only.class_name == "daisy" and only.same.value == 1.0
    versions.exclude(later.dataset, tuple(later.rows["id"]), "test")
    empty = of_folder(config)
    assert Neighbourhoods.of(empty, made).by_class() == [] and table(empty, made).empty
    map_figure.draw(table(empty, made), made)
    with pytest.raises(LabError, match=r"no images of .* to map"):
        making.make(empty)


def test_grey_and_identical_images_of_a_hundred_classes(tmp_path):
    for index in range(100):
        folder = tmp_path / "many" / f"class {index:02}"
        folder.mkdir(parents=True)
        for number in range(2):
            Image.fromarray(np.full((9, 9), index, np.uint8)).save(folder / f"{number}.png")
    shown = subject.of_dataset(datasets.prepare(str(tmp_path / "many")))
    made = making.make(shown)
    assert np.isfinite(made.positions).all()
    images = table(shown, made)
    assert len(name_places(images)) == len(set(images["label"]))
    map_figure.draw(images, made)


def test_no_class_name_of_a_figure_lies_over_another(config):
    made = making.made(of_folder(config))
    images = table(of_folder(config), made)
    names = [f"a long name of class {number % 9}" for number in range(len(images))]
    crowded = images.assign(label=names, x=0.5, y=np.where(np.arange(len(images)) % 9 > 5, 0.5, 0.9))
    figure = map_figure.draw(crowded, made)
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 9
    assert not [1 for one, two in combinations(boxes, 2) if one.overlaps(two)]


@pytest.mark.parametrize("damage", ["cut", "foreign", "inconsistent"])
def test_a_damaged_file_is_a_sentence_and_the_map_is_made_again(config, damage):
    shown = of_folder(config)
    making.make(shown)
    path = image_map.path(shown.folder, making.key(shown))
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:500])
    elif damage == "foreign":
        np.savez(path, ids=np.array([1]))
    else:
        stored = dict(np.load(path))
        np.savez(path, **{**stored, "neighbours": stored["neighbours"] + 1_000})
    with pytest.raises(LabError, match=r"damaged.*Make the map again\."):
        image_map.load(shown.folder, making.key(shown))
    assert len(making.made(shown).ids) == 36


def test_a_run_whose_data_set_is_gone_says_so(config):
    run = finished(config)
    (datasets.open(config.data.source).path / "index.parquet").unlink()
    with pytest.raises(LabError, match="has not been prepared"):
        subject.of_run(run)


def test_a_run_whose_files_have_changed_shows_what_it_made_predictions_for(config):
    run = finished(config)
    test = set(run.predictions("test").ids)
    index = datasets.open(config.data.source).index
    gone = index[index["id"].isin(test)].iloc[0]
    (Path(config.data.source) / gone["file"]).unlink()
    datasets.prepare(config.data.source)
    shown = subject.of_run(run)
    assert set(shown.rows["split"]) == {"validation", "test"}
    assert set(shown.rows.loc[shown.rows["split"] == "test", "id"]) == test - {gone["id"]}


def test_the_example_has_a_map_before_its_data_set_is_prepared():
    shown = subject.of_run(runs.open(runs.EXAMPLE))
    images = set(shown.dataset.index["id"])
    assert len(images) == len(shown.rows) > 0 and set(shown.rows["split"]) <= {"validation", "test"}
    assert shown.folder.is_relative_to(workspace.folder())


def test_a_sample_is_in_proportion_stable_and_keeps_small_classes():
    sizes = {"large": 9_000, "middle": 900, "small": 12}
    labels = np.repeat(list(sizes), list(sizes.values()))
    rows = pd.DataFrame({"id": [f"{i:05}" for i in range(len(labels))], "label": labels})
    chosen = sample.sample(rows, 1_000)
    counts = chosen["label"].value_counts()
    assert len(chosen) == 1_000 and counts["small"] >= 10
    assert counts["large"] == pytest.approx(900, abs=12) and counts["middle"] == pytest.approx(95, abs=8)
    assert chosen["id"].is_monotonic_increasing
    assert chosen.equals(sample.sample(rows, 1_000)) and sample.sample(rows, 20_000) is rows
    assert len(sample.sample(rows.assign(label=rows["id"]), 1_000)) == 1_000


def test_a_sample_says_how_many_it_stands_for(config, monkeypatch):
    monkeypatch.setattr(subject, "sample", lambda rows: sample.sample(rows, 15))
    made = making.make(of_folder(config))
    assert (len(made.ids), made.total) == (15, 36)


def test_a_stop_leaves_no_map(config):
    shown = of_folder(config)
    with pytest.raises(Stopped):
        making.make(shown, should_stop=lambda: True)
    assert image_map.newest(shown.folder) == ""


def test_only_the_newest_maps_are_kept(config):
    shown = of_folder(config)
    made = making.make(shown)
    for number in range(6):
        image_map.save(shown.folder, f"{number:016x}", made)
    assert len(list(shown.folder.glob("*.npz"))) == 4


@pytest.mark.parametrize("images", [0, 1, 800, 3_670, 5_000])
def test_a_sheet_of_thumbnails_is_no_larger_than_a_browser_takes(images):
    side, columns = thumbnail_sheet.side(images), thumbnail_sheet.columns(images)
    assert side % 16 == 0 and 32 <= side <= 96 and columns**2 >= images
    assert (columns * side) ** 2 < 14_000_000
