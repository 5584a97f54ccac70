"""Make the map of a subject's images, and store it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import LabError
from core.image_map import embedding, features, image_map, neighbours, thumbnail_sheet
from core.image_map.image_map import ImageMap
from core.image_map.subject import Subject, groups
from core.processes.threads import Progress, ShouldStop, never, silent, stop_if

STEP = "comparing neighbours"
_MAX_RANKED = 2_000
"""Images for the trustworthiness, which ranks all pairs: for tf_flowers 0.953 instead of 0.966 with all."""


def key(subject: Subject) -> str:
    """Return what identifies the map of a subject as it is now."""
    return image_map.key(subject.shown["id"].to_numpy(dtype=str), *features.choose(subject))


def made(subject: Subject, *, progress: Progress = silent, should_stop: ShouldStop = never) -> ImageMap:
    """Return the map of a subject as it is now: the stored one, or a new one.

    Raises:
        LabError, Stopped: as :func:`make`.
    """
    try:
        stored = image_map.load(subject.folder, key(subject))
    except LabError:  # damaged
        stored = None
    return stored or make(subject, progress=progress, should_stop=should_stop)


def make(subject: Subject, *, progress: Progress = silent, should_stop: ShouldStop = never) -> ImageMap:
    """Make and store the map of a subject's images, with their thumbnails.

    Raises:
        LabError: there are no images, one can no longer be read, or the disk is full.
        Stopped: ``should_stop`` returned true.
    """
    if subject.rows.empty:
        raise LabError(f"There are no images of {subject.title} to map. Put some back on the Data page.")
    kind, network = features.choose(subject)
    ids = subject.shown["id"].to_numpy(dtype=str)
    name = image_map.key(ids, kind, network)
    vectors = features.features(subject, kind, progress=progress, should_stop=should_stop)
    positions = embedding.place(vectors, progress=progress, should_stop=should_stop)
    stop_if(should_stop, STEP)
    progress(STEP, 0, 0)
    unit, together = embedding.unit(vectors), groups(subject.shown)
    in_features = neighbours.nearest(unit, together)
    made = ImageMap(
        ids=ids,
        positions=positions,
        neighbours=in_features,
        kept=neighbours.kept(in_features, neighbours.nearest(positions, together)),
        trustworthiness=trustworthiness(unit, positions),
        kind=kind,
        total=len(subject.rows),
    )
    thumbnail_sheet.write(subject, image_map.sheet_path(subject.folder, name), progress, should_stop)
    image_map.save(subject.folder, name, made)
    return made


def trustworthiness(vectors: NDArray[np.float32], positions: NDArray[np.float32]) -> float:
    """Return how far images that are neighbours on the map are neighbours by their features too, in [0, 1].

    A stranger among an image's ten neighbours counts the more, the further away it is by the features (Venna
    and Kaski, "Neighborhood preservation in nonlinear projection methods", ICANN 2001). 1 for a few images.
    """
    from sklearn.manifold import trustworthiness as of_all

    chosen = np.linspace(0, len(vectors) - 1, min(len(vectors), _MAX_RANKED)).round().astype(int)
    if len(chosen) <= 2 * neighbours.COUNT:
        return 1.0
    return float(of_all(vectors[chosen], positions[chosen], n_neighbors=neighbours.COUNT))
