"""Image features from a network pretrained on ImageNet.

MobileNetV2 (Sandler et al., CVPR 2018) with width multiplier 0.35: 2 MB of weights, which Keras downloads
once to ``~/.keras/models``. On machines without internet, ``LAB_IMAGENET_WEIGHTS`` names a weights file.
"""

from __future__ import annotations

import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from urllib.parse import urlsplit

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from numpy.typing import NDArray

from core import files
from core.data import pixel_cache
from core.data.dataset import Dataset
from core.data.stored_images import Images
from core.errors import NoWeights
from core.label_errors.handcrafted_features import RESIZE, SIZE
from core.processes.threads import Progress, ShouldStop, never, silent, stop_if

WIDTH = 1280
BATCH = 64
STEP = "analysing images"
_FILE = "imagenet.npz"
_PATIENCE = 20.0
"""Seconds without data after which a download is abandoned."""


def features(
    dataset: Dataset, rows: pd.DataFrame, *, progress: Progress = silent, should_stop: ShouldStop = never
) -> NDArray[np.float32]:
    """Return the features (N, 1280) of index rows; computed features are stored beside the index.

    Raises:
        NoWeights: the network is needed but not available.
        LabError: an image can no longer be read, or the disk is full.
        Stopped: ``should_stop`` returned true.
    """
    ids, vectors = _kept(dataset)
    new = rows[~rows["id"].isin(ids)].drop_duplicates("id")
    if len(new):
        seen = pixel_cache.load(dataset, new, SIZE, RESIZE, progress=progress, should_stop=should_stop)
        made = extract(network(), seen, progress=progress, should_stop=should_stop)
        ids = np.concatenate([ids, new["id"].to_numpy(dtype=str)])
        vectors = np.concatenate([vectors, made.astype(np.float16)])
        with files.replacing(dataset.path / _FILE) as beside:
            np.savez(beside, ids=ids, vectors=vectors)
    indices = pd.Index(ids).get_indexer(pd.Index(rows["id"]))
    return vectors[indices].astype(np.float32)


def extract(
    model: keras.Model,
    images: Images,
    *,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> NDArray[np.float32]:
    """Return the features (N, 1280), in [0, 6], of uint8 images (N, S, S, 3).

    Raises:
        Stopped: ``should_stop``, which is called once per batch, returned true.
    """
    traced = tf.function(
        lambda batch: model(tf.cast(batch, tf.float32) / 127.5 - 1.0, training=False),
        input_signature=[tf.TensorSpec((None, *images.shape[1:]), tf.uint8)],
    )
    vectors = np.empty((len(images), WIDTH), np.float32)
    for start in range(0, len(images), BATCH):
        stop_if(should_stop, STEP)
        progress(STEP, start, len(images))
        vectors[start : start + BATCH] = traced(images[start : start + BATCH]).numpy()
    return vectors


def network() -> keras.Model:
    """Return MobileNetV2 without its top: images (N, S, S, 3) in [-1, 1] to features (N, 1280).

    Raises:
        NoWeights: no weights are named or stored, and they cannot be downloaded.
    """
    weights = os.environ.get("LAB_IMAGENET_WEIGHTS") or "imagenet"
    try:
        with _patient(), redirect_stdout(StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras notes that no input size means the weights for 224 px
            return keras.applications.MobileNetV2(
                alpha=0.35, include_top=False, pooling="avg", weights=weights
            )
    except Exception as error:  # Keras raises a bare Exception for a failed download, h5py its own types
        where = "downloaded" if weights == "imagenet" else f"read from {weights}"
        raise NoWeights(f"the network trained on ImageNet could not be {where} ({_reason(error)})") from None


def _kept(dataset: Dataset) -> tuple[NDArray[np.str_], NDArray[np.float16]]:
    try:
        with np.load(dataset.path / _FILE, allow_pickle=False) as stored:
            return stored["ids"], stored["vectors"]
    except Exception:  # missing or damaged: they can always be recomputed
        return np.empty(0, "U16"), np.empty((0, WIDTH), np.float16)


@contextmanager
def _patient() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _reason(error: Exception) -> str:
    first, *_ = str(error).splitlines() or [type(error).__name__]
    fetch, unreachable, _ = first.partition(": None -- ")  # Keras's message for an unreachable server
    return f"no connection to {urlsplit(fetch.split()[-1]).hostname}" if unreachable else first
