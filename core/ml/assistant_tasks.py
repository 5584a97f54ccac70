"""The assistant's tasks: explain, predict, compute activations, check a heatmap.

The arguments and answers of each task are described in :mod:`core.explain.assistant`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import datasets, example, runs
from core.data import pixel_cache
from core.data.stored_images import Images
from core.errors import LabError, NoWeights
from core.explain import heatmaps, keras_file, nearest_images
from core.explain.heatmaps import Heatmap, Request
from core.explain.mailbox import Arrays, Letter
from core.explain.nearest_images import Features, Kind
from core.ml import heatmap_checks
from core.ml.explainer import Explainer, load_for_explaining
from core.ml.pretrained import Pretrained
from core.prediction.familiarity import FAMILIAR_TO
from core.runs import Run
from core.training import pretrained_weights

KEPT_MODELS = 3


def carry_out(letter: Letter) -> Arrays:
    """Return the arrays that answer a request.

    Raises:
        LabError: the task, the run, its model or the images are invalid.
    """
    task = TASKS.get(letter.task)
    if task is None:
        raise LabError(f"The assistant has no task {letter.task[:80]!r}. Available: {', '.join(TASKS)}.")
    arguments = dict(letter.arguments)
    run = runs.open(str(arguments.pop("run")))
    image_ids = arguments.pop("image_ids", [])
    images = letter.images if letter.images is not None else _images(run, image_ids)
    return task(run, images, **arguments)


def explain(run: Run, wanted: Sequence[Request]) -> list[Heatmap]:
    """Return heatmaps of images in the run's data set, computed in this process unless already stored.

    Returns:
        One map per request, float32 (h, w) in [0, 1]; all zeros means no evidence for the class.

    Raises:
        LabError: the run has no model, or its data set no longer has the images.
    """
    missing = [request for request in wanted if heatmaps.kept(run, request) is None]
    if missing:
        images = _images(run, [request.image_id for request in missing])
        _explain(run, images, [vars(request) for request in missing])
    return [heatmap for request in wanted if (heatmap := heatmaps.kept(run, request)) is not None]


def _explain(run: Run, images: NDArray[np.uint8], requests: Sequence[dict[str, Any]]) -> Arrays:
    """Store heatmaps in the run's folder; the images are in the requests' order."""
    wanted = [Request(**request) for request in requests]
    for method, layer in {(request.method, request.layer) for request in wanted}:
        members = [i for i, r in enumerate(wanted) if (r.method, r.layer) == (method, layer)]
        classes = [wanted[i].class_index for i in members]
        maps = _explainer(run).heatmaps(images[members], classes, method, layer)
        for i, heatmap in zip(members, maps, strict=True):
            heatmaps.keep(run, wanted[i], heatmap)
    return {"made": np.array(len(wanted))}


def _explain_images(
    run: Run, images: NDArray[np.uint8], class_indices: list[int], method: str, layer: str
) -> Arrays:
    return {"heatmaps": _explainer(run).heatmaps(images, class_indices, method, layer)}


def predict(run: Run, images: NDArray[np.uint8], kind: Kind = "own") -> Arrays:
    """Return ``probabilities`` (N, C) and ``features`` (N, D) of images (N, S, S, 3), float32."""
    return {"probabilities": _explainer(run).predict(images), "features": features_of(run, images, kind)}


def _activations(run: Run, images: NDArray[np.uint8], layer: str) -> Arrays:
    return {"activations": _explainer(run).activations(images[0], layer)}


def _trust(
    run: Run, images: NDArray[np.uint8], class_index: int, method: str, layer: str, share: float
) -> Arrays:
    heatmap = _explainer(run).heatmaps(images[:1], [class_index], method, layer)[0]
    control = _shuffled(run).heatmaps(images[:1], [class_index], method, layer)[0]
    deletion = heatmap_checks.deletion(_explainer(run), images[0], heatmap, class_index, share)
    similarity = np.array(heatmap_checks.similarity(heatmap, control))
    return {
        **{k: np.asarray(v) for k, v in vars(deletion).items()},
        "has_heat": np.array(heatmap.any()),
        "hot": heatmap_checks.hottest(heatmap, images.shape[1], share),
        "control": control,
        "similarity": similarity,
    }


def features(run: Run, kind: Kind = "own") -> Features:
    """Return the features of all images of a run, computed in this process unless already stored.

    Raises:
        NoWeights: ``kind`` is imagenet, and its weights are not on this machine.
        LabError: the run has no model, or its data set is no longer as it was.
    """
    found = nearest_images.kept(run, kind)
    if found is None:
        _features(run, np.empty(0, np.uint8), kind)
        found = nearest_images.kept(run, kind)
    if found is None:
        raise LabError(f"The features of {run.title} were removed while they were being computed. Try again.")
    return found


def _features(run: Run, images: NDArray[np.uint8], kind: Kind = "own") -> Arrays:
    """Store the features of all images of the run in its folder; the request itself names no images."""
    data, report = run.config.data, run.report()
    dataset = datasets.open(data.source, report.data_version if report else data.version)
    rows = datasets.select(dataset, data).rows
    made = features_of(run, pixel_cache.load(dataset, rows, data.image_size, data.resize), kind)
    nearest_images.keep(run, rows["id"].to_numpy(dtype=str), rows["split"].to_numpy(dtype=str), made, kind)
    return {"made": np.array(len(rows))}


def features_of(run: Run, images: Images, kind: Kind) -> NDArray[np.float32]:
    """The features (N, D) of images as the run's network sees them, from it or from another one."""
    if kind == "own":
        return _explainer(run).features(images)
    weights = pretrained_weights.find(FAMILIAR_TO)
    if weights is None:
        raise NoWeights(f"the weights of {FAMILIAR_TO.title} are not on this machine")
    network = _pretrained(run.config.data.image_size, weights, pretrained_weights.fingerprint(weights))
    return np.concatenate(list(network.extract(images)))


@lru_cache(1)
def _pretrained(image_size: int, weights: Path, fingerprint: str) -> Pretrained:
    """Build the network; the fingerprint is only a cache key."""
    return Pretrained(FAMILIAR_TO, image_size, weights)


TASKS: dict[str, Callable[..., Arrays]] = {
    "explain": _explain,
    "explain_images": _explain_images,
    "predict": predict,
    "activations": _activations,
    "trust": _trust,
    "features": _features,
}
"""The tasks by name; each takes the run, its images (N, S, S, 3) uint8 and the request's arguments."""


def _images(run: Run, image_ids: Sequence[str]) -> NDArray[np.uint8]:
    data, dataset = run.config.data, example.images_of(run)
    return pixel_cache.load(dataset, dataset.rows(image_ids), data.image_size, data.resize)[:]


def _explainer(run: Run) -> Explainer:
    return _loaded(run.model_path, keras_file.fingerprint(run.model_path))


@lru_cache(KEPT_MODELS)
def _loaded(path: Path, fingerprint: str) -> Explainer:
    """Load a model; the fingerprint is only a cache key, since a resumed run saves to the same path."""
    return Explainer(load_for_explaining(path))


def _shuffled(run: Run) -> Explainer:
    return _loaded_and_shuffled(run.model_path, keras_file.fingerprint(run.model_path))


@lru_cache(1)
def _loaded_and_shuffled(path: Path, fingerprint: str) -> Explainer:
    return heatmap_checks.shuffled(_loaded(path, fingerprint))
