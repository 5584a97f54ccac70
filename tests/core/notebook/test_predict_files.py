"""Files predicted with a real small network, from Python and from the command line."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import core
from core.cli import main
from core.config import RunConfig
from core.errors import LabError
from core.notebook import predict_files
from core.prediction import incoming
from core.prediction.incoming import Reader
from core.runs import Run
from samples import made_runs
from samples.made_images import coloured_objects
from tests.tiny_model import SIZE, trained


@pytest.fixture
def run(tmp_path: Path) -> Run:
    source = made_runs.draw_folder(tmp_path / "images", size=SIZE)
    run = made_runs.finished(RunConfig().replace({"data.source": source, "data.image_size": SIZE}))
    trained().save(run.model_path)
    return run


@pytest.fixture
def new_images(tmp_path: Path) -> Path:
    """Three images, and a file that is none."""
    folder = tmp_path / "new"
    folder.mkdir()
    for number, image in enumerate(coloured_objects(3, SIZE, seed=7).images):
        Image.fromarray(image).save(folder / f"{number}.png")
    (folder / "notes.jpg").write_text("not an image")
    return folder


def test_a_folder_becomes_a_table_with_the_models_own_probabilities(run, new_images):
    table = core.load(run.id).predict(new_images)
    assert table["file"].tolist() == ["0.png", "1.png", "2.png", "notes.jpg"]
    expected = trained().predict(coloured_objects(3, SIZE, seed=7).images, verbose=0)
    names = core.load(run.id).class_names
    own = table.loc[:2, [f"p({name})" for name in names]].to_numpy(float)
    np.testing.assert_allclose(own, expected, atol=1e-5)
    assert table["predicted"].tolist() == [*(names[index] for index in expected.argmax(axis=1)), ""]
    assert table.loc[3, "state"] == "unreadable" and "a text file" in table.loc[3, "problem"]


def test_images_are_not_kept_in_full_while_others_are_read(run, new_images):
    reader = Reader.for_run(run.config.data, run.report())
    (read,) = predict_files._batches(reader, incoming.found([new_images]))
    assert [one.pixels is not None for one in read] == [True, True, True, False]
    assert all(one.image is None for one in read)


def test_single_files_keep_the_order_they_were_given_in(run, new_images):
    table = core.load(run.path).predict([new_images / "2.png", str(new_images / "0.png")])
    assert [Path(name).name for name in table["file"]] == ["2.png", "0.png"]


def test_a_path_that_is_not_there_is_named(run, tmp_path):
    with pytest.raises(LabError, match="There is no file or folder"):
        core.load(run.id).predict(tmp_path / "nowhere")


def test_a_run_without_a_result_says_so(run, new_images):
    (run.path / "report.json").unlink()
    with pytest.raises(LabError, match="has no result yet"):
        core.load(run.id).predict(new_images)


def test_the_command_prints_a_line_per_file_and_what_the_states_promise(run, new_images, capsys):
    assert main.main(["predict", run.id, str(new_images)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("0.png: Not sure. Best guess: ") and len(lines) == 7
    assert lines[3].startswith("notes.jpg: cannot be read as an image (a text file")
    assert lines[5].startswith("Sure: never.") and lines[6].startswith("Unlike the training images: not meas")


def test_the_command_prints_json_and_csv_for_programs(run, new_images, capsysbinary):
    assert main.main(["predict", run.id, str(new_images), "--json"]) == 0
    records = json.loads(capsysbinary.readouterr().out)
    assert main.main(["predict", run.id, str(new_images), "--csv"]) == 0
    table = pd.read_csv(BytesIO(capsysbinary.readouterr().out), keep_default_na=False)
    assert [one["file"] for one in records] == table["file"].tolist()
    assert records[0]["confidence"] == pytest.approx(float(table["confidence"][0]))
    assert records[3]["confidence"] is None


def test_the_command_fails_if_no_file_is_an_image(run, new_images):
    assert main.main(["predict", run.id, str(new_images / "notes.jpg")]) == 1
