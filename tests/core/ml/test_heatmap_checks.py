"""The two checks of a heatmap: deletion and shuffled weights."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import LabError
from core.ml import heatmap_checks
from core.ml.explainer import Explainer
from samples.made_images import coloured_objects
from tests.tiny_model import SIZE, trained

IMAGES = coloured_objects(16, SIZE, seed=2)


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(trained())


def test_hottest_marks_exactly_the_share_where_the_map_is_hot():
    heatmap = np.zeros((4, 4), np.float32)
    heatmap[:2, :2] = 1
    mask = heatmap_checks.hottest(heatmap, 8, 0.25)
    assert mask.sum() == 16 and mask[:3, :3].all() and not mask[6:, :].any()


def test_hottest_of_a_flat_map_still_has_the_size():
    assert heatmap_checks.hottest(np.zeros((4, 4), np.float32), 8, 0.1).sum() == 6


def test_moved_keeps_the_shape_and_is_the_same_each_time():
    mask = np.zeros((8, 8), bool)
    mask[2:4, 3:5] = True
    indices = heatmap_checks.moved(mask, 10)
    assert [place.sum() for place in indices] == [4] * 10
    assert len({place.tobytes() for place in indices}) > 5
    np.testing.assert_array_equal(indices, heatmap_checks.moved(mask, 10))


def test_greyed_changes_a_copy_under_the_mask_alone():
    image = np.full((2, 2, 3), 9, np.uint8)
    grey = heatmap_checks.greyed(image, np.array([[True, False], [False, False]]))
    assert grey[0, 0].tolist() == [127] * 3 and (grey.reshape(-1, 3)[1:] == 9).all() and (image == 9).all()


def test_greying_out_what_grad_cam_shows_costs_more_than_elsewhere(explainer):
    falls, elsewhere = [], []
    heatmaps = explainer.heatmaps(IMAGES.images, IMAGES.labels)
    for image, heatmap, label in zip(IMAGES.images, heatmaps, IMAGES.labels, strict=True):
        test = heatmap_checks.deletion(explainer, image, heatmap, int(label), share=0.15)
        assert test.elsewhere.shape == (heatmap_checks.POSITIONS,)
        falls.append(test.before - test.after)
        elsewhere.append(test.before - test.elsewhere.mean())
    assert np.mean(falls) > np.mean(elsewhere) + 0.2


def test_before_is_the_models_own_probability(explainer):
    test = heatmap_checks.deletion(explainer, IMAGES.images[0], np.ones((4, 4), np.float32), 1)
    assert test.before == pytest.approx(float(explainer.predict(IMAGES.images[:1])[0, 1]), abs=1e-6)


@pytest.mark.parametrize("share", [0, 0.95, -1])
def test_an_impossible_share_is_refused(explainer, share):
    with pytest.raises(LabError, match="between 1% and 90%"):
        heatmap_checks.deletion(explainer, IMAGES.images[0], np.ones((4, 4), np.float32), 0, share)


def test_shuffled_weights_are_the_same_numbers_and_know_nothing(explainer):
    control = heatmap_checks.shuffled(explainer)
    for ours, theirs in zip(control.model.get_weights(), explainer.model.get_weights(), strict=True):
        np.testing.assert_array_equal(np.sort(ours, axis=None), np.sort(theirs, axis=None))
    right = control.predict(IMAGES.images).argmax(axis=1) == IMAGES.labels
    assert right.mean() < 0.8


def test_similarity_is_a_rank_correlation():
    rising = np.arange(9, dtype=np.float32).reshape(3, 3)
    assert heatmap_checks.similarity(rising, rising**2) == pytest.approx(1)
    assert heatmap_checks.similarity(rising, -rising) == pytest.approx(-1)
    assert heatmap_checks.similarity(rising, np.zeros((3, 3), np.float32)) == 0
