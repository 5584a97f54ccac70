"""The heatmap methods, and the heatmaps stored in a run; no TensorFlow, so pages can import this module.

A heatmap is float32 (h, w) in [0, 1]: 1 marks the strongest evidence for the class, 0 none. Its
resolution depends on the method, from 8 x 8 to the image's own size. All zeros means that nothing in the
image supports the class.

Heatmaps are stored in ``run/heatmaps/<image id>-<class index>-<method>-<layer>.npz``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import arrays, files
from core.errors import LabError
from core.explain import keras_file
from core.runs import Run

Heatmap = NDArray[np.float32]

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_IMAGE_ID = re.compile(r"[0-9a-f]{16}")
_STORED: dict[str, arrays.Shape] = {"heatmap": ("fraction", 2), "model": ("text", 0)}
_STORED_LATER: dict[str, arrays.Shape] = {"version": ("whole", 0)}


@dataclass(frozen=True)
class Method:
    """A heatmap method, described for laypeople.

    Attributes:
        by_layer: whether it can be computed at any convolution layer.
        version: increased with every change that alters the maps; stored maps of an earlier version are
            then recomputed.
    """

    title: str
    help: str
    by_layer: bool = False
    version: int = 1


METHODS: dict[str, Method] = {
    "grad_cam": Method(
        "Grad-CAM",
        "Where the patterns found by the chosen layer support the class. Coarse but robust.",
        by_layer=True,
    ),
    "occlusion": Method(
        "Occlusion",
        "Covers the image with grey, patch by patch. Hot where covering removes evidence for the class.",
    ),
    "integrated_gradients": Method(
        "Integrated gradients",
        "Divides the evidence for the class among the pixels, starting from a black image.",
    ),
    "smoothgrad": Method(
        "SmoothGrad",
        "Which pixels would change the evidence most, averaged over slightly noisy copies of the image.",
        version=3,
    ),
    "gradients": Method(
        "Gradients",
        "Which pixels would change the evidence most if they changed slightly. Fine but noisy.",
        version=2,
    ),
    "gradients_inputs": Method(
        "Gradients x inputs",
        "Gradients times brightness: a quick estimate of integrated gradients. Black pixels stay cold.",
    ),
}


@dataclass(frozen=True)
class Request:
    """Identifies a heatmap: image, class, method and layer (empty: the last convolution layer).

    Raises:
        LabError: a part is invalid, and so must not become part of a file name.
    """

    image_id: str
    class_index: int
    method: str = "grad_cam"
    layer: str = ""

    def __post_init__(self) -> None:
        if not _IMAGE_ID.fullmatch(self.image_id):
            raise LabError(f"{self.image_id[:80]!r} is not a valid image id (16 hex digits).")
        if not isinstance(self.class_index, int | np.integer) or self.class_index < 0:
            raise LabError(f"{str(self.class_index)[:80]!r} is not a valid class index.")
        object.__setattr__(self, "class_index", int(self.class_index))  # numpy's integers are not JSON
        if self.method not in METHODS:
            raise LabError(f"There is no method {self.method[:80]!r}. Available: {', '.join(METHODS)}.")
        if self.layer and not _NAME.fullmatch(self.layer):
            raise LabError(f"{self.layer[:80]!r} is not a valid layer name.")

    @property
    def file_name(self) -> str:
        """The name of its file in the run's folder."""
        return f"{self.image_id}-{self.class_index:d}-{self.method}-{self.layer or 'last'}.npz"


def kept(run: Run, request: Request) -> Heatmap | None:
    """Return the stored heatmap if it is from the current model and method version, else None.

    Some of the example's come with it; see :mod:`core.example`.

    Raises:
        LabError: the run has no model, or a damaged one.
    """
    made_by = keras_file.fingerprint(run.model_path), METHODS[request.method].version
    heatmap = _read(run.heatmaps_path / request.file_name, made_by)
    if heatmap is None and run.is_example:
        return _read(run.path / "heatmaps" / request.file_name, made_by)
    return heatmap


def _read(path: Path, made_by: tuple[str, int]) -> Heatmap | None:
    try:
        stored = arrays.read(path, _STORED, _STORED_LATER)
    except (LabError, OSError):  # missing or half copied: it can always be recomputed
        return None
    heatmap = stored["heatmap"]
    is_current = (str(stored["model"]), int(stored.get("version", 1))) == made_by
    is_sound = heatmap.size > 0 and heatmap.min() >= 0 and heatmap.max() <= 1
    return heatmap.astype(np.float32) if is_current and is_sound else None


def keep(run: Run, request: Request, heatmap: Heatmap) -> None:
    """Store a heatmap in the run's folder, with its model's fingerprint and its method's version."""
    model, version = keras_file.fingerprint(run.model_path), METHODS[request.method].version
    with files.replacing(run.heatmaps_path / request.file_name) as beside:
        np.savez_compressed(beside, heatmap=heatmap, model=np.array(model), version=np.array(version))
