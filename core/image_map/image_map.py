"""A map of images: where each lies, and how far the map can be trusted; stored as a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core import arrays, files
from core.errors import LabError

Kind = Literal["own", "imagenet", "appearance"]
"""What images are compared by: the run's own network, one trained on ImageNet, or outlines and colours."""

_KINDS: dict[str, Kind] = {"own": "own", "imagenet": "imagenet", "appearance": "appearance"}
_STORED: dict[str, arrays.Shape] = {
    "ids": ("text", 1),
    "positions": ("fraction", 2),
    "neighbours": ("whole", 2),
    "kept": ("fraction", 1),
    "trustworthiness": ("fraction", 0),
    "kind": ("text", 0),
    "total": ("whole", 0),
}
_VERSION = 1
"""Part of every name; a change to how maps are made needs a new one."""
_KEPT_MAPS = 4
_ADVICE = "Make the map again."


@dataclass(frozen=True, eq=False)
class ImageMap:
    """Where N images lie.

    Attributes:
        ids: (N,) image ids.
        positions: (N, 2) float32, both axes from about -1 to 1.
        neighbours: (N, K) indices of the images with the most similar features, copies left out, -1 for none.
        kept: (N,) the share of these that are also among the K nearest on the map.
        trustworthiness: in [0, 1], see :func:`core.image_map.making.trustworthiness`.
        kind: what images are compared by.
        total: the number of images of which these are a sample.
    """

    ids: NDArray[np.str_]
    positions: NDArray[np.float32]
    neighbours: NDArray[np.int64]
    kept: NDArray[np.float32]
    trustworthiness: float
    kind: Kind
    total: int


def key(ids: NDArray[np.str_], kind: Kind, network: str) -> str:
    """Return 16 hex digits that identify a map: its images, their features and how it is made."""
    digest = hashlib.blake2b(f"{_VERSION}/{kind}/{network}".encode(), digest_size=8)
    digest.update("\n".join(map(str, ids)).encode())
    return digest.hexdigest()


def path(folder: Path, key: str) -> Path:
    """Return the file of a map."""
    return folder / f"{key}.npz"


def sheet_path(folder: Path, key: str) -> Path:
    """Return the file of a map's thumbnails, see :mod:`core.image_map.thumbnail_sheet`."""
    return folder / f"{key}.jpg"


def save(folder: Path, key: str, image_map: ImageMap) -> None:
    """Store a map, and forget the oldest ones beside it.

    Raises:
        LabError: the disk is full, or the folder cannot be written.
    """
    with files.replacing(path(folder, key)) as beside:
        np.savez(beside, **vars(image_map))
    for old in _newest_first(folder)[_KEPT_MAPS:]:
        files.remove(old)
        files.remove(old.with_suffix(".jpg"))


def load(folder: Path, key: str) -> ImageMap | None:
    """Return a stored map; None if there is none.

    Raises:
        LabError: its file is damaged.
    """
    file = path(folder, key)
    try:
        stored = arrays.read(file, _STORED)
    except FileNotFoundError:
        return None
    except LabError as error:
        raise LabError(f"{error} {_ADVICE}") from None
    images = len(stored["ids"])
    kind, neighbours = _KINDS.get(str(stored["kind"])), stored["neighbours"]
    is_whole = stored["positions"].shape == (images, 2) and len(stored["kept"]) == len(neighbours) == images
    if kind is None or not is_whole or not ((neighbours >= -1) & (neighbours < max(images, 1))).all():
        raise LabError(f"{file} is damaged: its tables are inconsistent. {_ADVICE}")
    return ImageMap(
        ids=stored["ids"],
        positions=stored["positions"].astype(np.float32),
        neighbours=neighbours.astype(np.int64),
        kept=stored["kept"].astype(np.float32),
        trustworthiness=float(stored["trustworthiness"]),
        kind=kind,
        total=int(stored["total"]),
    )


def newest(folder: Path) -> str:
    """Return the key of the map that was made last, whatever its images; "" if there is none."""
    found = _newest_first(folder)
    return found[0].stem if found else ""


def _newest_first(folder: Path) -> list[Path]:
    return files.newest_first(folder.glob("[0-9a-f]*.npz"))
