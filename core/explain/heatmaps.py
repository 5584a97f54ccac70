"""The kinds of heatmap there are, and the ones a run has already: no TensorFlow, so pages may ask.

A heatmap is float32 (h, w) in [0, 1]: 1 where most spoke for the class, 0 where nothing did. It is
as coarse as the method makes it, from 8 x 8 to the image's own size; all zeros means that
nothing in the image spoke for the class.

Made heatmaps stay in ``run/heatmaps/<image id>-<class index>-<method>-<layer>.npz``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core import files
from core.errors import LabError
from core.explain import keras_file
from core.runs import Run

Heatmap = NDArray[np.float32]

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_IMAGE_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Method:
    """A way to make a heatmap, in a layman's words.

    Attributes:
        by_layer: it can be made at any convolution layer.
        version: counted up with every change after which the same request gives another map; those that
            an earlier version made are then made anew.
    """

    title: str
    help: str
    by_layer: bool = False
    version: int = 1


METHODS: dict[str, Method] = {
    "grad_cam": Method(
        "Grad-CAM",
        "Where the patterns that the chosen layer found speak for the class. Coarse, and hard to fool.",
        by_layer=True,
    ),
    "occlusion": Method(
        "Occlusion",
        "Covers the image patch by patch with grey: hot where covering takes away evidence for the class.",
    ),
    "integrated_gradients": Method(
        "Integrated gradients",
        "Shares the evidence for the class out over the pixels, from a black image to this one.",
    ),
    "smoothgrad": Method(
        "SmoothGrad",
        "Which pixels would change the evidence most, averaged over slightly noisy copies of the image.",
        version=3,
    ),
    "gradients": Method(
        "Gradients",
        "Which pixels would change the evidence most if they changed a little. Fine, and noisy.",
        version=2,
    ),
    "gradients_inputs": Method(
        "Gradients x inputs",
        "Gradients times brightness: a quick estimate of integrated gradients; black pixels stay cold.",
    ),
}


@dataclass(frozen=True)
class Request:
    """Which heatmap: of an image, for a class, by a method, at a layer (empty: the last convolution).

    Raises:
        LabError: a part is not what its name says; such a thing never becomes a file name.
    """

    image_id: str
    class_index: int
    method: str = "grad_cam"
    layer: str = ""

    def __post_init__(self) -> None:
        if not _IMAGE_ID.fullmatch(self.image_id):
            raise LabError(f"{self.image_id[:80]!r} is not an image's id (16 hex digits).")
        if not isinstance(self.class_index, int | np.integer) or self.class_index < 0:
            raise LabError(f"{str(self.class_index)[:80]!r} is not the index of a class.")
        object.__setattr__(self, "class_index", int(self.class_index))  # numpy's integers are not JSON
        if self.method not in METHODS:
            raise LabError(f"There is no method {self.method[:80]!r}; there are: {', '.join(METHODS)}.")
        if self.layer and not _NAME.fullmatch(self.layer):
            raise LabError(f"{self.layer[:80]!r} is not a layer's name.")

    @property
    def file_name(self) -> str:
        """Under this name a run keeps it."""
        return f"{self.image_id}-{self.class_index:d}-{self.method}-{self.layer or 'last'}.npz"


def kept(run: Run, request: Request) -> Heatmap | None:
    """A heatmap made earlier for the model and by the method as they are now; None if there is none.

    Raises:
        LabError: the run has no model, or a damaged one.
    """
    model = keras_file.fingerprint(run.model_path)
    try:
        path = run.heatmaps_path / request.file_name
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            made_by = str(stored["model"]), int(stored.get("version", 1))
            is_current = made_by == (model, METHODS[request.method].version)
            return stored["heatmap"].astype(np.float32) if is_current else None
    except Exception:  # missing or half copied: making it again is always possible
        return None


def keep(run: Run, request: Request, heatmap: Heatmap) -> None:
    """Store a heatmap in the run's folder, with the finger print of its model and its method's version."""
    model, version = keras_file.fingerprint(run.model_path), METHODS[request.method].version
    with files.replacing(run.heatmaps_path / request.file_name) as beside:
        np.savez_compressed(beside, heatmap=heatmap, model=np.array(model), version=np.array(version))
