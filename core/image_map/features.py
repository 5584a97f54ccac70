"""By which features images are compared: of a run's network, of one trained on ImageNet, or of none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from core.data import pixel_cache
from core.data.stored_images import StoredImages
from core.errors import LabError
from core.explain import keras_file, nearest_images
from core.image_map.image_map import Kind
from core.image_map.subject import Subject
from core.label_errors import handcrafted_features
from core.prediction.familiarity import FAMILIAR_TO
from core.processes.threads import Progress, ShouldStop, never, silent, stop_if
from core.training import pretrained_weights

Vectors = NDArray[np.float32]

STEP = "computing features"
_AT_ONCE = 256
"""Images between two looks whether to stop."""


def choose(subject: Subject) -> tuple[Kind, str]:
    """Return the features to compare a subject's images by, and what identifies their network.

    A run's images are compared as its own network sees them: where it confuses classes, they lie together.
    Those of a data set, by a network trained on ImageNet if its weights are on this machine.
    """
    if subject.run is not None:
        try:
            return "own", keras_file.fingerprint(subject.run.model_path)
        except LabError:  # the model is gone or damaged
            pass
    weights = pretrained_weights.find(FAMILIAR_TO)
    if weights is None:
        return "appearance", ""
    return "imagenet", pretrained_weights.fingerprint(weights)


def features(
    subject: Subject, kind: Kind, *, progress: Progress = silent, should_stop: ShouldStop = never
) -> Vectors:
    """Return the features (N, D) of the images that the map shows.

    Raises:
        LabError: an image can no longer be read, or the network's file is damaged.
        Stopped: ``should_stop`` returned true.
    """
    if kind == "appearance":
        return handcrafted_features.features(
            subject.dataset, subject.shown, progress=progress, should_stop=should_stop
        )
    if kind == "own" and (stored := _stored(subject)) is not None:
        return stored
    if kind == "own":
        return _own(subject, progress, should_stop)
    with _tensorflow_meanwhile(progress):
        _read(subject, handcrafted_features.SIZE, handcrafted_features.RESIZE, progress, should_stop)
    from core.ml import imagenet_features  # the border: TensorFlow is imported only in core/ml

    return imagenet_features.features(
        subject.dataset, subject.shown, progress=progress, should_stop=should_stop
    )


def _stored(subject: Subject) -> Vectors | None:
    """The features that the search for similar images has stored, if they are those of all images."""
    assert subject.run is not None
    found = nearest_images.kept(subject.run)
    if found is None:
        return None
    place = {str(image_id): index for index, image_id in enumerate(found.ids)}
    indices = [place.get(str(image_id), -1) for image_id in subject.shown["id"]]
    return found.vectors[indices] if min(indices, default=-1) >= 0 else None


def _own(subject: Subject, progress: Progress, should_stop: ShouldStop) -> Vectors:
    """Compute the features of the run's network; those of all its images are stored for later searches."""
    run, rows = subject.run, subject.shown
    assert run is not None
    with _tensorflow_meanwhile(progress):
        images = _read(subject, run.config.data.image_size, run.config.data.resize, progress, should_stop)
    from core.ml import assistant_tasks

    parts = []
    for start in range(0, len(images), _AT_ONCE):
        stop_if(should_stop, STEP)
        progress(STEP, start, len(images))
        parts.append(assistant_tasks.features_of(run, images[start : start + _AT_ONCE], "own"))
    vectors = np.concatenate(parts)
    splits = rows["split"].to_numpy(dtype=str)
    if len(rows) == len(subject.rows) and "train" in splits:
        nearest_images.keep(run, rows["id"].to_numpy(dtype=str), splits, vectors)
    return vectors


def _read(
    subject: Subject, size: int, resize: str, progress: Progress, should_stop: ShouldStop
) -> StoredImages:
    return pixel_cache.load(
        subject.dataset, subject.shown, size, resize, progress=progress, should_stop=should_stop
    )


@contextmanager
def _tensorflow_meanwhile(progress: Progress) -> Iterator[None]:
    """Import TensorFlow in a thread: that takes as long as reading some thousand images."""
    loading = Thread(target=import_module, args=("core.ml",), name="load TensorFlow")
    loading.start()
    try:
        yield
    finally:
        progress("starting TensorFlow", 0, 0)
        loading.join()
