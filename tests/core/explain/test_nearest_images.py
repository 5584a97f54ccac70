"""The most similar training images by features."""

from __future__ import annotations

import numpy as np
import pytest

from core import runs
from core.config import RunConfig
from core.errors import LabError
from core.explain import nearest_images
from samples import made_runs

IDS = np.array(["aa", "bb", "cc", "dd"])
SPLITS = np.array(["test", "train", "train", "validation"])
VECTORS = np.array([[3, 0], [1, 1], [9, 0], [3, 0]], np.float32)


def test_nearest_are_the_training_images_with_the_smallest_angle():
    run = runs.create(RunConfig())
    made_runs.give_model(run)
    nearest_images.keep(run, IDS, SPLITS, VECTORS)
    features = nearest_images.kept(run)
    assert features is not None
    found = nearest_images.nearest(features, "aa")
    assert [one.id for one in found] == ["cc", "bb"]
    assert [one.similarity for one in found] == pytest.approx([1, 0.7071], abs=1e-3)
    assert nearest_images.nearest(features, "zz") == []
    assert [one.id for one in nearest_images.nearest(features, "bb", limit=1)] == ["cc"]


def test_features_of_another_model_and_damaged_ones_are_not_used():
    run = runs.create(RunConfig())
    with pytest.raises(LabError, match="There is no model"):
        nearest_images.kept(run)
    made_runs.give_model(run)
    assert nearest_images.kept(run) is None
    nearest_images.keep(run, IDS, SPLITS, VECTORS)
    made_runs.give_model(run, layers=("conv_1",))
    assert nearest_images.kept(run) is None
    nearest_images.keep(run, IDS, SPLITS, VECTORS)
    (run.heatmaps_path / "features.npz").write_bytes(b"half")
    assert nearest_images.kept(run) is None


def test_features_that_are_all_zero_are_like_nothing():
    run = runs.create(RunConfig())
    made_runs.give_model(run)
    nearest_images.keep(run, IDS, SPLITS, np.zeros((4, 2), np.float32))
    features = nearest_images.kept(run)
    assert features is not None
    assert [one.similarity for one in nearest_images.nearest(features, "aa")] == [0, 0]
