"""Features of images from a pretrained network, computed once and stored beside the index.

A folder holds the features for one recipe: network, weights, image size, fit and augmentation. Its files are
written once, each with the features of some images, so that an interrupted computation continues where it
was, and several processes can add to them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core import files
from core.backbones import Backbone
from core.config import AugmentConfig
from core.data import augment, pixel_cache
from core.data.dataset import Dataset
from core.data.stored_images import Images, Indices, Pixels
from core.errors import LabError
from core.ml.pretrained import STEP, Features, Pretrained
from core.processes.threads import Progress, ShouldStop, never, silent

_VERSION = 1
"""Part of every folder's name; a change to how features are computed needs a new one."""
_AT_ONCE = 512
"""Images between two files; at most so many are computed again after an interruption."""
_KEPT_RECIPES = 24
"""More than a run has at most, with twenty variants of its training images."""


@dataclass(frozen=True)
class Recipe:
    """What decides the features of an image.

    Attributes:
        weights: fingerprint of the weights.
        augmentation: how the image is changed at random before; None for not at all.
        variant: number of the random change; the same for an image whatever the run.
    """

    backbone: Backbone
    weights: str
    image_size: int
    resize: str
    augmentation: AugmentConfig | None = None
    variant: int = 0

    @property
    def folder_name(self) -> str:
        """The folder of its features."""
        name = f"{self.backbone.name}-{self.weights}-{self.image_size}-{self.resize}-v{_VERSION}"
        if self.augmentation is None:
            return name
        changes = self.augmentation.model_dump_json().encode()
        return f"{name}-{hashlib.blake2b(changes, digest_size=4).hexdigest()}-{self.variant}"


def features(
    dataset: Dataset,
    rows: pd.DataFrame,
    recipe: Recipe,
    network: Callable[[], Pretrained],
    *,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> tuple[Features, int]:
    """Return the features (N, F) of index rows, and how many images the network had to look at.

    Args:
        network: called only if features are missing.

    Raises:
        NoWeights: the network is needed but not available.
        LabError: an image can no longer be read, the disk is full, or the stored features are gone again.
        Stopped: ``should_stop`` returned true.
    """
    folder = dataset.path / "features" / recipe.folder_name
    _note_use(folder)
    ids, vectors = _stored(folder, recipe.backbone.features)
    new = rows[~rows["id"].isin(ids)].drop_duplicates("id")
    if len(new):
        _add(dataset, new, recipe, network(), folder, progress, should_stop)
        _prune(folder)
        ids, vectors = _stored(folder, recipe.backbone.features)
    index = pd.Index(ids).get_indexer(pd.Index(rows["id"]))
    if (index < 0).any():
        raise LabError(
            f"Features of data set '{dataset.title}' were removed while they were being computed. Try again."
        )
    return vectors[index], len(new)


def _add(
    dataset: Dataset,
    rows: pd.DataFrame,
    recipe: Recipe,
    network: Pretrained,
    folder: Path,
    progress: Progress,
    should_stop: ShouldStop,
) -> None:
    ids = rows["id"].to_numpy(dtype=str)
    images = pixel_cache.load(
        dataset, rows, recipe.image_size, recipe.resize, progress=progress, should_stop=should_stop
    )
    for start in range(0, len(ids), _AT_ONCE):
        part = np.arange(start, min(start + _AT_ONCE, len(ids)))
        wanted: Images = images.select(part)
        if recipe.augmentation is not None:
            wanted = _Augmented(wanted, ids[part], recipe.augmentation, recipe.variant)
        report = _from(progress, start, len(ids))
        made = np.concatenate(list(network.extract(wanted, progress=report, should_stop=should_stop)))
        name = hashlib.blake2b(ids[part].tobytes(), digest_size=6).hexdigest()
        with files.replacing(folder / f"{name}.npz") as beside:
            np.savez(beside, ids=ids[part], vectors=made)
    progress(STEP, len(ids), len(ids))


def _from(progress: Progress, before: int, total: int) -> Progress:
    return lambda step, done, _: progress(step, before + done, total)


@dataclass(frozen=True)
class _Augmented:
    """Images, each changed at random in a way that only its id and the variant decide."""

    images: Images
    ids: NDArray[np.str_]
    augmentation: AugmentConfig
    variant: int

    @property
    def shape(self) -> tuple[int, ...]:
        return self.images.shape

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: slice | Indices, /) -> Pixels:
        changed = self.images[rows].copy()
        for index, image_id in enumerate(self.ids[rows]):
            rng = np.random.default_rng([self.variant, zlib.crc32(str(image_id).encode())])
            changed[index] = augment.batch(changed[index : index + 1], self.augmentation, rng)[0]
        return changed


def _stored(folder: Path, width: int) -> tuple[NDArray[np.str_], Features]:
    parts = [(np.empty(0, "U16"), np.empty((0, width), np.float32))]
    for path in sorted(folder.glob("*.npz")):
        try:
            with np.load(path, allow_pickle=False) as stored:
                part = stored["ids"], stored["vectors"]
        except Exception:  # damaged, or just removed by another process: computed again
            continue
        if part[1].shape == (len(part[0]), width):
            parts.append(part)
    ids = np.concatenate([ids for ids, _ in parts])
    first = ~pd.Index(ids).duplicated()  # two processes may have computed the same
    return ids[first], np.concatenate([vectors for _, vectors in parts])[first]


def _note_use(folder: Path) -> None:
    with suppress(OSError):  # not there yet, or only to be read
        os.utime(folder)


def _prune(folder: Path) -> None:
    """Keep the recipes used last."""
    for path in files.newest_first(folder.parent.iterdir())[_KEPT_RECIPES:]:
        shutil.rmtree(path, ignore_errors=True)
