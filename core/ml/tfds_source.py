"""TensorFlow Datasets: extract the stored image files of a labelled data set once, without re-encoding."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from core import files
from core.data.sources.layout_words import SPLIT_NAMES, split_named
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
    """Write every image of ``tfds:name`` to ``folder``, by split (if more than one) and class.

    Data that is already in ``TFDS_DATA_DIR`` is used; anything else is downloaded.

    Raises:
        LabError: there is no such data set, it is not a classification data set, or the download failed.
        Stopped: ``should_stop`` returned true.
    """
    progress("starting TensorFlow Datasets", 0, 0)
    builder = _builder(name)
    image, label = _features(name, builder)
    if not builder.is_prepared():
        _download(name, builder, progress, should_stop)
    splits = split_roles(list(builder.info.splits))
    total = sum(builder.info.splits[split].num_examples for split in splits)
    names = [_folder_name(text) for text in builder.info.features[label].names]
    _make_folders(folder, names, splits)
    done = 0
    for split, ours in splits.items():
        below = folder / ours if len(set(splits.values())) > 1 else folder
        for example in _examples(builder, split, image):
            if done % _CHECK_EVERY == 0:
                stop_if(should_stop, "writing images")
                progress("writing images", done, total)
            if example[label] >= 0:  # -1: an image without a label
                _write(below / names[example[label]], done, bytes(example[image]))
            done += 1
    progress("writing images", done, total)


def split_roles(names: list[str]) -> dict[str, str]:
    """What the splits of a data set are: by their usual names, else by what their names mean.

    Where no name means training, as with a single split ``all``, everything is training, to be split later.
    """
    usual = {name: SPLIT_NAMES[name] for name in names if name in SPLIT_NAMES}
    if usual:
        return usual
    meant = {name: split for name in names if (split := split_named(name))}
    return meant if "train" in meant.values() else dict.fromkeys(names, "train")


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
        raise LabError(f"tfds:{name} could not be opened: {_first_line(error)}") from error


def _features(name: str, builder: Any) -> tuple[str, str]:
    """Return the names of the image feature and of the label feature."""
    import tensorflow_datasets as tfds

    features = dict(builder.info.features)
    images = [key for key, kind in features.items() if isinstance(kind, tfds.features.Image)]
    labels = [key for key, kind in features.items() if isinstance(kind, tfds.features.ClassLabel)]
    image, label = builder.info.supervised_keys or ((images or [""])[0], (labels or [""])[0])
    if image not in images or label not in labels:
        raise LabError(f"tfds:{name} does not have one label per image, so it cannot train a classifier.")
    return image, label


def _download(name: str, builder: Any, progress: Progress, should_stop: ShouldStop) -> None:
    """Download in a thread, since TensorFlow Datasets neither reports its progress nor can be stopped.

    It writes to temporary names first, so the remains of a stopped download are never used.
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
    """Check one download server; TensorFlow Datasets itself would retry for minutes."""
    url = next((url for url in builder.url_infos if url.startswith("http")), None)
    if url is None:
        return
    try:
        with urlopen(Request(url, method="HEAD"), timeout=_NETWORK_SECONDS):
            pass
    except HTTPError:
        pass  # the server responds, even if it rejects this request
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise LabError(_why_not(name, builder, OSError(f"no connection to {url} ({reason})"))) from error


def _why_not(name: str, builder: Any, error: BaseException) -> str:
    return (
        f"tfds:{name} could not be downloaded: {_first_line(error)}. "
        "Without internet access, use garden, digits or a folder of your own. Or run "
        f"`python -c \"import tensorflow_datasets as t; t.load('{name}')\"` on a machine with internet "
        f"access, and copy the downloaded folder to {builder.data_dir}."
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
    parts = set(splits.values())
    belows = [folder / ours for ours in parts] if len(parts) > 1 else [folder]
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
    """Return a class name as a folder name: some data sets use characters that file systems forbid."""
    name = class_name.replace("/", "-").replace(os.sep, "-").replace("\0", "").strip()
    return f"_{name}" if name.startswith(".") or not name else name
