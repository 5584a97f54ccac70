"""The files with the weights of pretrained networks: found, downloaded, or taken from a file; kept in the
workspace, where other machines that share it find them too.

``LAB_WEIGHTS`` names a file, or a folder of files, for machines that cannot download them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from core import files, workspace
from core.backbones import BACKBONES, Backbone
from core.errors import LabError, NoWeights
from core.processes import download
from core.processes.threads import Progress, ShouldStop, never, silent

_SUFFIXES = (".h5", ".weights.h5")
"""Keras chooses between its older and its present format by these."""


def find(backbone: Backbone) -> Path | None:
    """Return a file with the weights of a network on this machine; None if there is none.

    ``LAB_WEIGHTS`` comes first, then what the workspace keeps, then what Keras has downloaded.
    """
    return next((path for path in _candidates(backbone) if _fits(path, backbone)), None)


def get(backbone: Backbone, *, progress: Progress = silent, should_stop: ShouldStop = never) -> Path:
    """Return the file in the workspace with the weights of a network, downloaded if need be.

    Raises:
        NoWeights: they are nowhere on this machine and cannot be downloaded; says why and what to do.
        LabError: the disk is full.
        Stopped: ``should_stop`` returned true during the download.
    """
    found = find(backbone)
    if found is not None:
        return found if found.parent == _folder() else _keep(found, backbone)
    if _named() is not None:
        reason = f"LAB_WEIGHTS names {_named()}, which has no weights of {backbone.title}"
        raise NoWeights(reason, _way_out(backbone))
    return _download(backbone, progress, should_stop)


def use_file(path: Path) -> Backbone:
    """Keep a copy of a file of weights in the workspace; return the network that it belongs to.

    Raises:
        LabError: it fits none of the networks.
    """
    backbone = next((one for one in BACKBONES.values() if _fits(path, one)), None)
    if backbone is None:
        raise LabError(
            f"{path.name} does not hold the weights of any network that can be chosen here. The lab takes "
            "the files that Keras publishes for them, without the last layer (their names end in no_top.h5, "
            "notop.h5 or no_top_v2.h5)."
        )
    _keep(path, backbone)
    return backbone


def fingerprint(path: Path) -> str:
    """Return twelve hex digits of the file's SHA-256."""
    return _sha256(path, _stamp(path))[:12]


def _candidates(backbone: Backbone) -> Iterator[Path]:
    named = _named()
    if named is not None and named.is_dir():
        yield named / backbone.file.name
        yield from sorted(named.glob("*.h5"))
    elif named is not None:
        yield named
    yield from (_folder() / f"{backbone.name}{suffix}" for suffix in _SUFFIXES)
    keras = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    yield keras / "models" / backbone.file.name


def _named() -> Path | None:
    """The file or folder that the user names; ``LAB_IMAGENET_WEIGHTS`` is what it was called at first."""
    name = os.environ.get("LAB_WEIGHTS") or os.environ.get("LAB_IMAGENET_WEIGHTS")
    return Path(name).expanduser() if name else None


def _folder() -> Path:
    return workspace.folder() / "weights"


def _fits(path: Path, backbone: Backbone) -> bool:
    """Whether a file holds as many numbers as the network has, which no two of the networks share."""
    try:
        return _count_values(path, _stamp(path)) == backbone.parameters
    except OSError:  # missing, or not an HDF5 file
        return False


def _stamp(path: Path) -> tuple[int, int]:
    info = path.stat()
    return info.st_mtime_ns, info.st_size


@lru_cache(maxsize=64)
def _count_values(path: Path, stamp: tuple[int, int]) -> int:
    """Count the numbers in a file of weights; ``stamp`` is only a cache key."""
    import h5py  # here, since pages ask only when weights are at issue

    sizes = []

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and "seed_generator" not in name:
            sizes.append(int(item.size))

    with h5py.File(path) as opened:
        opened.visititems(note)
    return sum(sizes)


def _is_older_format(path: Path) -> bool:
    import h5py

    with h5py.File(path) as opened:
        return "layer_names" in opened.attrs


@lru_cache(maxsize=64)
def _sha256(path: Path, stamp: tuple[int, int]) -> str:
    return download.digest(path, "sha256")


def _keep(path: Path, backbone: Backbone) -> Path:
    """Copy a file into the workspace unless it is there; return the copy."""
    suffix = _SUFFIXES[0] if _is_older_format(path) else _SUFFIXES[1]
    kept = _folder() / f"{backbone.name}{suffix}"
    if not kept.is_file() or fingerprint(kept) != fingerprint(path):
        with files.replacing(kept) as beside:
            shutil.copyfile(path, beside)
    for other in (_folder() / f"{backbone.name}{one}" for one in _SUFFIXES if one != suffix):
        files.remove(other)
    return kept


def _download(backbone: Backbone, progress: Progress, should_stop: ShouldStop) -> Path:
    kept = _folder() / f"{backbone.name}{_SUFFIXES[0]}"
    with files.replacing(kept) as beside:
        try:
            step = f"Downloading the weights of {backbone.title} (kB)"
            file = backbone.file
            download.fetch(file.url, beside, file.bytes, step, progress, should_stop)
            download.check(beside, file.bytes, file.digest, "Keras")
        except download.Fault as fault:
            reason = f"the weights of {backbone.title} could not be downloaded: {fault}"
            raise NoWeights(reason, _way_out(backbone)) from None
    return kept


def _way_out(backbone: Backbone) -> str:
    return (
        f"Take the file {backbone.file.name} from another machine and choose it on the Train page, or name "
        "it or its folder in LAB_WEIGHTS. The own CNN needs no weights."
    )
