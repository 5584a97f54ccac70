"""What a person takes home: a script, a notebook, the lists of the splits, and what to install."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import jupytext
import nbformat
import pytest

import core
from core import datasets, example
from core.cli.main import main
from core.data import versions
from core.errors import LabError
from core.export.script import package, plan, requirements, split_list
from core.report import Report
from core.runs import Run
from samples import made_runs
from tests.core.export.script import made_plans


@pytest.fixture
def run(tmp_path) -> Run:
    return made_plans.finished(tmp_path / "flowers")


def rows_of(content: bytes) -> list[dict[str, str]]:
    return [json.loads(line) for line in content.splitlines()]


def test_the_split_is_the_runs_with_a_hash_of_each_image(run):
    selection = datasets.select(datasets.open(run.config.data.source), run.config.data)
    expected = selection.rows[["split", "label", "file", "content"]].to_records(index=False).tolist()
    rows = rows_of(package.contents(run, "script")["split.jsonl"])
    assert sorted(tuple(row[key] for key in ("split", "class", "file", "content")) for row in rows) == sorted(
        expected
    )
    assert [row["split"] for row in rows] == sorted(
        (row["split"] for row in rows), key=["train", "validation", "test"].index
    )


def test_names_of_files_survive_whatever_they_contain(run):
    rows = datasets.select(datasets.open(run.config.data.source), run.config.data).rows.head(3)
    names = ["Gänse\nblümchen.jpg", "猫 \u202e.png", '=HYPERLINK("http://a.b")']
    written = rows_of(split_list.write(rows.assign(file=names)))
    assert {row["file"] for row in written} == set(names)


def test_the_notebook_is_valid_named_its_kernel_and_has_the_code_of_the_script(run):
    notebook = nbformat.reads(package.contents(run, "notebook")["train.ipynb"].decode(), as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells) > 20
    script = jupytext.reads(package.contents(run, "script")["train.py"].decode(), fmt="py:percent")
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in script.cells]
    assert notebook.cells[1].source == 'IMAGES = "images"'


@pytest.mark.parametrize("form", package.FORMS)
def test_the_archive_is_the_same_each_time_and_has_one_folder(run, form, tmp_path):
    first = package.pack(run, form)
    assert first == package.pack(run, form)
    with zipfile.ZipFile(io.BytesIO(first)) as opened:
        names = [name.partition("/") for name in opened.namelist()]
    assert {folder for folder, _, _ in names} == {f"{run.id}-{form}"}
    assert {name for _, _, name in names} == {
        package.FORMS[form],
        "README.md",
        "split.jsonl",
        "requirements.txt",
    }


def test_requirements_are_the_versions_of_the_run_if_they_are_versions():
    recorded = {"tensorflow": "2.20.1", "keras": "3.1.0\n--index-url http://a.b", "numpy": "git+http://a.b"}
    names = ["tensorflow", "keras", "numpy", "seaborn", "not-installed-here"]
    written = requirements.write(names, recorded).decode()
    assert written.splitlines() == [
        "tensorflow==2.20.1",
        *(f"{name}=={version(name)}" for name in ("keras", "numpy", "seaborn")),
        "not-installed-here",
    ]


def test_a_run_on_an_earlier_version_of_the_data_keeps_its_images(run):
    before = package.contents(run, "script")
    dataset = datasets.open(run.config.data.source)
    versions.exclude(dataset, list(dataset.index["id"][:2]), "test")
    assert datasets.open(run.config.data.source).version != dataset.version
    assert package.contents(run, "script") == before


def test_without_a_result_or_with_another_split_there_is_no_script(run, tmp_path):
    waiting = made_runs.waiting(run.config)
    with pytest.raises(LabError, match="no result yet"):
        package.contents(waiting, "script")
    report = run.report()
    assert isinstance(report, Report)
    run.write_report(report.model_copy(update={"split_fingerprint": "0123456789ab"}))
    with pytest.raises(LabError, match="no longer those of"):
        package.contents(run, "script")


def test_a_public_data_set_is_downloaded_and_what_is_in_the_files_decides_what_to_install(run):
    base = plan.gather(run)
    assert "pi-heif" not in package.packages(base, "script")
    assert {"tensorflow-datasets", "pi-heif", "opencv-python-headless"} <= set(
        package.packages(replace(base, tfds="tf_flowers", has_heif=True, has_deep_colours=True), "script")
    )
    assert "ipykernel" in package.packages(base, "notebook")


@pytest.mark.parametrize("form", package.FORMS)
def test_the_command_line_and_python_write_the_same_archive(run, form, tmp_path, capsys):
    run.model_path.write_bytes(example.run().model_path.read_bytes())
    assert main(["export", run.id, "--format", form, "--to", str(tmp_path)]) == 0
    printed = Path(capsys.readouterr().out.strip().splitlines()[-1])
    assert main(["export", run.id, "--format", form, "--to", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"path": str(printed), "format": form, "proof": None}
    exported = core.load(run.id).export(tmp_path / "other.zip", format=form)
    assert exported.proof is None
    assert printed.read_bytes() == exported.path.read_bytes() == package.pack(run, form)
