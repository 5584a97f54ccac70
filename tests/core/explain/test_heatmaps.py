"""Heatmaps that a run has already are found again without TensorFlow, and only while they hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import LabError
from core.explain import heatmaps, keras_file
from core.explain.heatmaps import Request
from core.runs import Run
from tests.tiny_model import untrained

IMAGE = "0123456789abcdef"


@pytest.fixture
def run(tmp_path) -> Run:
    untrained().save(tmp_path / "model.keras")
    return Run(tmp_path)


def test_a_kept_heatmap_comes_back_as_it_was(run):
    request, heatmap = Request(IMAGE, 2), np.random.default_rng(0).random((21, 21), np.float32)
    assert heatmaps.kept(run, request) is None
    heatmaps.keep(run, request, heatmap)
    np.testing.assert_array_equal(heatmaps.kept(run, request), heatmap)
    assert heatmaps.kept(run, Request(IMAGE, 1)) is None
    assert [path.name for path in run.heatmaps_path.iterdir()] == [f"{IMAGE}-2-grad_cam-last.npz"]


def test_a_heatmap_of_an_earlier_model_does_not_hold(run):
    heatmaps.keep(run, Request(IMAGE, 0), np.zeros((4, 4), np.float32))
    untrained().save(run.model_path)
    assert heatmaps.kept(run, Request(IMAGE, 0)) is None


def test_a_heatmap_of_an_earlier_version_of_its_method_does_not_hold(run, monkeypatch):
    request = Request(IMAGE, 0, "smoothgrad")
    heatmaps.keep(run, request, np.zeros((4, 4), np.float32))
    newer = replace(heatmaps.METHODS["smoothgrad"], version=heatmaps.METHODS["smoothgrad"].version + 1)
    monkeypatch.setitem(heatmaps.METHODS, "smoothgrad", newer)
    assert heatmaps.kept(run, request) is None


def test_heatmaps_kept_before_there_were_versions_are_of_the_first(run):
    for method in ("smoothgrad", "occlusion"):
        path = run.heatmaps_path / Request(IMAGE, 0, method).file_name
        path.parent.mkdir(exist_ok=True)
        model = np.array(keras_file.fingerprint(run.model_path))
        np.savez_compressed(path, heatmap=np.zeros((4, 4), np.float32), model=model)
    assert heatmaps.kept(run, Request(IMAGE, 0, "smoothgrad")) is None
    assert heatmaps.kept(run, Request(IMAGE, 0, "occlusion")) is not None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half", b"\x93NUMPY"])
def test_a_damaged_heatmap_is_made_again(run, content):
    request = Request(IMAGE, 0)
    heatmaps.keep(run, request, np.zeros((4, 4), np.float32))
    (run.heatmaps_path / request.file_name).write_bytes(content)
    assert heatmaps.kept(run, request) is None


@pytest.mark.parametrize(
    "parts",
    [
        ("../../../../etc/passwd", 0),
        ("0123456789ABCDEF", 0),
        ("", 0),
        (IMAGE, -1),
        (IMAGE, "0/../../x"),
        (IMAGE, 0, "magic"),
        (IMAGE, 0, "grad_cam", "../conv_1"),
        (IMAGE, 0, "grad_cam", "a/b"),
        (IMAGE, 0, "grad_cam", "x" * 200),
    ],
)
def test_what_is_not_a_name_never_becomes_a_path(parts):
    with pytest.raises(LabError):
        Request(*parts)


def test_all_requests_have_file_names_of_their_own():
    requests = [
        Request(IMAGE, index, method, layer)
        for index in (0, 1, 10)
        for method in heatmaps.METHODS
        for layer in ("", "conv_1")
    ]
    assert len({request.file_name for request in requests}) == len(requests)
