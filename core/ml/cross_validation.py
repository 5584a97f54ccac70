"""Judge every label by a model that did not see its picture."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import pixels, suspects
from core.config import RunConfig
from core.datasets import Dataset
from core.ml import train
from core.parallel import Progress, ShouldStop, never, silent, stop_if
from core.suspects import Judged


def judge(
    config: RunConfig,
    dataset: Dataset,
    *,
    count: int = suspects.FOLDS,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> Judged:
    """Train ``count`` models, each without a part of the pictures, and let each judge its part.

    Half a part more is kept aside to choose the epoch; all others are trained on, as the settings say.

    Raises:
        LabError: a class has too few pictures, or a training fails.
        Stopped: ``should_stop`` said so.
    """
    chosen = config.data.classes or dataset.class_names
    rows = dataset.usable[dataset.usable["label"].isin(chosen)]
    class_names = tuple(name for name in dataset.class_names if name in set(rows["label"]))
    part = suspects.folds(rows, 2 * count, config.fit.seed)
    images = pixels.load(
        dataset,
        rows,
        config.data.image_size,
        config.data.resize,
        progress=progress,
        should_stop=should_stop,
    )
    labels = pd.Categorical(rows["label"], categories=class_names).codes.astype(np.int64)
    probabilities = np.zeros((len(rows), len(class_names)), np.float32)
    networks = train.Networks()
    for number in range(count):
        held, choosing = part // 2 == number, part == (2 * number + 2) % (2 * count)
        rest = ~(held | choosing)
        with tempfile.TemporaryDirectory(dir=dataset.path) as folder:
            trained = train.train(
                config,
                len(class_names),
                training=(images[rest], labels[rest]),
                validation=(images[choosing], labels[choosing]),
                checkpoint_folder=Path(folder),
                networks=networks,
                on_batch=_telling(progress, number, count, config.fit.epochs),
                should_stop=should_stop,
            )
        stop_if(should_stop, "judging labels")
        probabilities[held] = train.predict(trained.model, images[held])
    ids = rows["id"].to_numpy(dtype=str)
    return Judged(dataset.version, class_names, ids, labels, probabilities)


def _telling(progress: Progress, number: int, count: int, epochs: int) -> Callable[..., None]:
    """What to do after each batch of training ``number`` of ``count``, so that the progress is steady."""

    def tell(*, epoch: int, batch: int, batches: int, **_: Any) -> None:
        done = (number * epochs + epoch - 1) * batches + batch
        progress("judging labels", done, count * epochs * batches)

    return tell
