"""Add an image that a model was asked about to the data set it was trained on, under its true class."""

from __future__ import annotations

from core.data.collected import classes, images, log
from core.data.collected.images import Added, Content
from core.data.dataset import Dataset
from core.errors import LabError


def obstacle(source: str) -> str:
    """Why an image cannot be added to a data set, and what to do instead; "" if it can."""
    if source.startswith("upload:"):
        return ""
    if source in ("garden", "digits") or source.startswith("tfds:"):
        return (
            "The images of this data set are fixed. To train on images of your own, begin a new data set on "
            "the Data page."
        )
    return (
        "Your own files are never changed. Put the image into the folder of its class or into your list, "
        "then press Rescan files on the Data page."
    )


def add(dataset: Dataset, class_name: str, image: Content, by: str = "") -> Added:
    """Add an image to a class, for training only, see :class:`core.data.collected.log.Image`.

    Preparing the data set then makes it a new version.

    Raises:
        LabError: it cannot be written, or the data set has no such class any more.
    """
    folder = dataset.root
    classes.begin(folder, dataset.class_names)
    keys = {label: key for key, label in log.read(folder).classes.items()}
    if class_name not in keys:
        raise LabError(f"Data set '{dataset.title}' has no class '{class_name}' any more.")
    before = set(log.read(folder).images)
    added = images.add(folder, keys[class_name], [image], by=by, is_correction=True)
    new = [file for file in log.read(folder).images if file not in before]
    if added.new:
        images.use(folder, new, by)
    return added
