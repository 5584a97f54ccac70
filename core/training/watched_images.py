"""A few validation images whose predictions are recorded after every epoch, to be seen while it trains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.report import Watched, WatchedImage

COUNT = 6


def choose(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the indices of up to :data:`COUNT` images among labels (N,), of as many classes as possible."""
    nth_of_its_class = pd.Series(labels).groupby(labels).cumcount()
    return np.lexsort((labels, nth_of_its_class))[:COUNT]


def predicted(
    epoch: int,
    ids: NDArray[np.str_],
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    class_names: Sequence[str],
) -> Watched:
    """Return what is recorded after an epoch, from ids (N,), labels (N,) and probabilities (N, C)."""
    return Watched(
        epoch=epoch,
        images=tuple(
            WatchedImage(
                id=image_id,
                label=class_names[label],
                predicted=class_names[int(row.argmax())],
                confidence=float(row.max()),
            )
            for image_id, label, row in zip(ids.tolist(), labels, probabilities, strict=True)
        ),
    )
