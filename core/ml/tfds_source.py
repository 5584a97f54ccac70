"""TensorFlow Datasets: extract the stored image files of a labelled data set once, without re-encoding."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image

from core import files
from core.data.sources.catalogue import is_transposed
from core.errors import LabError
from core.ml import tfds_download, tfds_reading
from core.processes.threads import Progress, ShouldStop, stop_if

_SUFFIXES = (
    (b"\xff\xd8", ".jpg"),
    (b"\x89PNG", ".png"),
    (b"GIF8", ".gif"),
    (b"BM", ".bmp"),
    (b"RIFF", ".webp"),
)
_CHECK_EVERY = 50


def make(name: str, folder: Path, progress: Progress, should_stop: ShouldStop, layout: str = "") -> str:
    """Write every image of ``tfds:name`` to ``folder``, by split (if more than one) and class.

    Data that is already in ``TFDS_DATA_DIR`` is used; anything else is downloaded. ``layout`` chooses between
    several labels or images, see :func:`tfds_reading.read`.

    Returns:
        What is not plain about it, in words: the label that was taken, splits left aside, images turned.

    Raises:
        Undecided: it has several labels or images, and ``layout`` names none of them.
        LabError: there is no such data set, it is not a classification data set, or the download failed.
        Stopped: ``should_stop`` returned true.
    """
    progress("starting TensorFlow Datasets", 0, 0)
    builder = _builder(name)
    tfds_reading.read(name, builder.info, layout)  # what must be chosen is asked before a download
    if not builder.is_prepared():
        tfds_download.download(name, builder, progress, should_stop)
    reading = tfds_reading.read(name, builder.info, layout)
    classes = tfds_reading.class_folders(builder.info.features[reading.label].names)
    turn, done = is_transposed(name), 0
    total = sum(builder.info.splits[split].num_examples for split in reading.folders)
    for split, below in reading.folders.items():
        for example in _examples(builder, split, reading.image):
            if done % _CHECK_EVERY == 0:
                stop_if(should_stop, "writing images")
                progress("writing images", done, total)
            label = int(example[reading.label])
            if label >= 0:  # -1: an image without a label
                content = bytes(example[reading.image])
                _write(folder / below / classes[label], done, _transposed(content) if turn else content)
            done += 1
    progress("writing images", done, total)
    turned = "its images are stored transposed, and were turned upright" if turn else ""
    return "; ".join(filter(None, (reading.note, turned)))


def _builder(name: str) -> Any:
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    try:
        return tfds.builder(name)
    except tfds.core.registered.DatasetNotFoundError:
        raise LabError(
            f"TensorFlow Datasets has no data set '{name}'. "
            "See the list of names at https://www.tensorflow.org/datasets/catalog/overview."
        ) from None
    except Exception as error:
        raise LabError(f"tfds:{name} could not be opened: {tfds_download.whole(error)}") from error


def _examples(builder: Any, split: str, image: str) -> Any:
    import tensorflow_datasets as tfds

    decoders = {image: tfds.decode.SkipDecoding()}
    dataset = builder.as_dataset(split=split, decoders=decoders, shuffle_files=False)
    return tfds.as_numpy(dataset)


def _transposed(content: bytes) -> bytes:
    """A PNG file with rows and columns exchanged; it loses nothing."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        image.transpose(Image.Transpose.TRANSPOSE).save(buffer, "PNG")
    return buffer.getvalue()


def _write(folder: Path, number: int, content: bytes) -> None:
    suffix = next((suffix for magic, suffix in _SUFFIXES if content.startswith(magic)), ".img")
    path = folder / f"{number:06}{suffix}"
    with files.explained(path):
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
