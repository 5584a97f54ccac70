"""TensorFlow Datasets: the stored image files of an image/label set, written out once, not re-encoded."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from core import files
from core.data.sources.folder import SPLIT_NAMES
from core.errors import LabError
from core.processes.threads import Progress, ShouldStop, stop_if

_SUFFIXES = (
    (b"\xff\xd8", ".jpg"),
    (b"\x89PNG", ".png"),
    (b"GIF8", ".gif"),
    (b"BM", ".bmp"),
    (b"RIFF", ".webp"),
)
_POLL_SECONDS = 0.5
_NETWORK_SECONDS = 15
_CHECK_EVERY = 50


def make(name: str, folder: Path, progress: Progress, should_stop: ShouldStop) -> None:
    """Write every image of ``tfds:name`` below ``folder``, by split (if more than one) and class.

    Data that lies in ``TFDS_DATA_DIR`` is used as it is; the rest is downloaded.

    Raises:
        LabError: there is no such set, it has no image with one label, or it cannot be downloaded.
        Stopped: ``should_stop`` said so.
    """
    progress("starting TensorFlow Datasets", 0, 0)
    builder = _builder(name)
    image, label = _features(name, builder)
    if not builder.is_prepared():
        _download(name, builder, progress, should_stop)
    splits = {split: SPLIT_NAMES[split] for split in builder.info.splits if split in SPLIT_NAMES}
    total = sum(builder.info.splits[split].num_examples for split in splits)
    names = [_folder_name(text) for text in builder.info.features[label].names]
    _make_folders(folder, names, splits)
    done = 0
    for split, ours in splits.items():
        below = folder / ours if len(splits) > 1 else folder
        for example in _examples(builder, split, image):
            if done % _CHECK_EVERY == 0:
                stop_if(should_stop, "writing images")
                progress("writing images", done, total)
            if example[label] >= 0:  # -1: an image without a label
                _write(below / names[example[label]], done, bytes(example[image]))
            done += 1
    progress("writing images", done, total)


def _builder(name: str) -> Any:
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    try:
        return tfds.builder(name)
    except tfds.core.registered.DatasetNotFoundError:
        raise LabError(
            f"TensorFlow Datasets knows no data set '{name}'. "
            "The names are listed at https://www.tensorflow.org/datasets/catalog/overview."
        ) from None
    except Exception as error:
        raise LabError(f"tfds:{name} could not be opened: {_first_line(error)}") from error


def _features(name: str, builder: Any) -> tuple[str, str]:
    """The names of the image and of its label."""
    import tensorflow_datasets as tfds

    features = dict(builder.info.features)
    images = [key for key, kind in features.items() if isinstance(kind, tfds.features.Image)]
    labels = [key for key, kind in features.items() if isinstance(kind, tfds.features.ClassLabel)]
    image, label = builder.info.supervised_keys or ((images or [""])[0], (labels or [""])[0])
    if image not in images or label not in labels:
        raise LabError(f"tfds:{name} has no images with one label each, so it cannot train a classifier.")
    return image, label


def _download(name: str, builder: Any, progress: Progress, should_stop: ShouldStop) -> None:
    """Download in a thread, since TensorFlow Datasets can neither be asked how far it is nor to stop.

    It gathers the files under other names first, so that what is left of a stopped one is never used.
    """
    failed: list[BaseException] = []
    _check_network(name, builder)

    def work() -> None:
        try:
            builder.download_and_prepare()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, daemon=True, name=f"download {name}")
    thread.start()
    megabytes = int(builder.info.download_size or 0) >> 20
    while thread.is_alive():
        stop_if(should_stop, f"downloading {name}")
        progress(f"downloading {name} ({megabytes} MB) and unpacking it", 0, 0)
        thread.join(_POLL_SECONDS)
    if failed:
        raise LabError(_why_not(name, builder, failed[0])) from failed[0]


def _check_network(name: str, builder: Any) -> None:
    """Ask one server of the download; TensorFlow Datasets itself would try for minutes before it gives up."""
    url = next((url for url in builder.url_infos if url.startswith("http")), None)
    if url is None:
        return
    try:
        with urlopen(Request(url, method="HEAD"), timeout=_NETWORK_SECONDS):
            pass
    except HTTPError:
        pass  # it answers, if only that it does not like the question
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise LabError(_why_not(name, builder, OSError(f"no connection to {url} ({reason})"))) from error


def _why_not(name: str, builder: Any, error: BaseException) -> str:
    return (
        f"tfds:{name} could not be downloaded: {_first_line(error)}. "
        "Without a network use garden, digits or an own folder; or run "
        f"`python -c \"import tensorflow_datasets as t; t.load('{name}')\"` on a machine that has one, "
        f"and copy its folder to {builder.data_dir}."
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200].rstrip(".")


def _examples(builder: Any, split: str, image: str) -> Any:
    import tensorflow_datasets as tfds

    decoders = {image: tfds.decode.SkipDecoding()}
    dataset = builder.as_dataset(split=split, decoders=decoders, shuffle_files=False)
    return tfds.as_numpy(dataset)


def _make_folders(folder: Path, names: list[str], splits: dict[str, str]) -> None:
    belows = [folder / ours for ours in splits.values()] if len(splits) > 1 else [folder]
    with files.explained(folder):
        for below in belows:
            for name in names:
                (below / name).mkdir(parents=True, exist_ok=True)


def _write(folder: Path, number: int, content: bytes) -> None:
    suffix = next((suffix for magic, suffix in _SUFFIXES if content.startswith(magic)), ".img")
    path = folder / f"{number:06}{suffix}"
    with files.explained(path):
        path.write_bytes(content)


def _folder_name(class_name: str) -> str:
    """A class's name as a folder's: a few sets use characters that no file system takes."""
    name = class_name.replace("/", "-").replace(os.sep, "-").replace("\0", "").strip()
    return f"_{name}" if name.startswith(".") or not name else name
