"""Read ``.npz`` files validated: a damaged or foreign one gives a sentence, and no array of another kind."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import LabError, in_one_line
from core.words import byte_size

Kind = Literal["text", "whole", "fraction"]
Shape = tuple[Kind, int]
"""What an array holds, and its number of dimensions."""

MAX_BYTES = 2**30
_KINDS: dict[Kind, str] = {"text": "U", "whole": "iu", "fraction": "f"}


def read(
    path: Path,
    arrays: Mapping[str, Shape],
    optional: Mapping[str, Shape] | None = None,
    max_bytes: int = MAX_BYTES,
) -> dict[str, NDArray[Any]]:
    """Return the named arrays of a file; of the ``optional`` ones, those that it has.

    Fractions are checked to be finite. Nothing in the file is unpickled.

    Args:
        max_bytes: what the file may need in memory at most.

    Raises:
        FileNotFoundError: there is no such file.
        LabError: it is damaged, an array is missing or of another kind, or it is too large.
    """
    try:
        refuse_bomb(path, max_bytes)
        with np.load(path, allow_pickle=False) as stored:
            wanted = {**arrays, **{name: one for name, one in (optional or {}).items() if name in stored}}
            return {name: _checked(name, stored[name], *one) for name, one in wanted.items()}
    except FileNotFoundError:
        raise
    except Exception as error:  # zipfile, zlib and NumPy each raise their own types
        reason = in_one_line(error).rstrip(".")
        raise LabError(f"{path.name} in {path.parent} is damaged: {reason}.") from None


def refuse_bomb(path: Path, max_bytes: int) -> None:
    """Raise ValueError if a zip archive such as an ``.npz`` file would unpack to more than ``max_bytes``."""
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > max_bytes:
        raise ValueError(f"it would unpack to {byte_size(size)}.")


def _checked(name: str, array: NDArray[Any], kind: Kind, dimensions: int) -> NDArray[Any]:
    if array.dtype.kind not in _KINDS[kind] or array.ndim != dimensions:
        raise ValueError(f"{name} is not of the expected kind and shape.")
    if kind == "fraction" and not np.isfinite(array).all():
        raise ValueError(f"{name} has values that are no numbers.")
    return array
