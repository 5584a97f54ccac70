"""Place images on a plane so that similar ones lie side by side.

By t-SNE (van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 2008) of the features' principal
components, started from the first two of them, which makes the result the same each time and keeps more of
its large shape (Kobak and Berens, "The art of using t-SNE for single-cell transcriptomics", Nature
Communications 2019).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from core.processes.threads import Progress, ShouldStop, never, silent, stop_if

Positions = NDArray[np.float32]

COMPONENTS = 50
PERPLEXITY = 30.0
"""About how many neighbours each image has."""
ITERATIONS, ANGLE = 500, 0.7
"""Half as many iterations again and finer forces take twice as long and keep no more neighbours
(35% of ten on tf_flowers, trustworthiness 0.95)."""
SEED = 0
MIN_DIFFERENT = 12
"""Fewer different images lie by their first two principal components: t-SNE has nothing to choose from."""
STEP = "placing images"

_SAME = 1e-4
"""Components of unit vectors closer than this are those of identical images."""
_COPY_GAP = 0.012
"""Distance between copies on the map, whose side is 2: they would hide each other."""
_ITERATION = re.compile(r"Iteration (\d+)")


def place(
    vectors: NDArray[np.float32], *, progress: Progress = silent, should_stop: ShouldStop = never
) -> Positions:
    """Return positions (N, 2) of images by their features (N, D), in [-1, 1] save for copies at the edge.

    Raises:
        Stopped: ``should_stop`` returned true.
    """
    if not len(vectors):
        return np.zeros((0, 2), np.float32)
    stop_if(should_stop, STEP)
    progress(STEP, 0, ITERATIONS)
    components = _principal(unit(vectors))
    different, which = np.unique(np.round(components / _SAME) * _SAME, axis=0, return_inverse=True)
    if len(different) < MIN_DIFFERENT:
        flat = np.pad(different[:, :2], ((0, 0), (0, max(0, 2 - different.shape[1]))))
    else:
        with _reporting(progress, should_stop):
            flat = _tsne(different)
    progress(STEP, ITERATIONS, ITERATIONS)
    return _centred(flat)[which.ravel()] + _beside_each_other(which.ravel())


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return features (N, D) scaled to length 1, whose distances rank like their cosine similarities."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float32).tiny), np.float32)


def _principal(unit: NDArray[np.float32]) -> NDArray[np.float64]:
    from sklearn.decomposition import PCA

    count = min(COMPONENTS, *unit.shape)
    solver = "randomized" if count < min(unit.shape) else "full"
    with np.errstate(invalid="ignore"):  # identical images vary in nothing, and a share of that is no number
        found = PCA(count, svd_solver=solver, random_state=SEED).fit_transform(unit)
    return np.asarray(found, np.float64)


def _tsne(components: NDArray[np.float64]) -> NDArray[np.float64]:
    from sklearn.manifold import TSNE

    model = TSNE(
        perplexity=min(PERPLEXITY, (len(components) - 1) / 3),
        init="pca",
        max_iter=ITERATIONS,
        angle=ANGLE,
        random_state=SEED,
        verbose=2,
    )
    return np.asarray(model.fit_transform(components), np.float64)


@contextmanager
def _reporting(progress: Progress, should_stop: ShouldStop) -> Iterator[None]:
    """Report what scikit-learn prints every 50 iterations, its only word of how far it is."""

    class Printed(io.StringIO):
        def write(self, text: str) -> int:
            stop_if(should_stop, STEP)
            if found := _ITERATION.search(text):
                progress(STEP, int(found[1]), ITERATIONS)
            return len(text)

    with redirect_stdout(Printed()):
        yield


def _centred(flat: NDArray[np.float64]) -> Positions:
    middle = flat - (flat.min(axis=0) + flat.max(axis=0)) / 2
    return np.asarray(middle / (np.abs(middle).max() or 1.0), np.float32)


def _beside_each_other(which: NDArray[np.int64]) -> Positions:
    """Offsets (N, 2) that lay out images with the same number like the seeds of a sunflower (Vogel 1979)."""
    order = np.argsort(which, kind="stable")
    first = np.searchsorted(which[order], which[order])
    rank = np.empty(len(which))
    rank[order] = np.arange(len(which)) - first
    angle, radius = rank * pi * (3 - sqrt(5)), _COPY_GAP * np.sqrt(rank)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]).astype(np.float32)
