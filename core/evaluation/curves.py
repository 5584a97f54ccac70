"""The curves of a training, and marks on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from core.report import Epoch, Metric

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """Points to mark in the chart: values of ``name`` (a key of the history) at some epochs."""

    name: Metric
    epochs: tuple[int, ...]
    values: tuple[float, ...]


class Curves(dict[Metric, Floats]):
    """The original curves (E,) of a history by name; ``smooth`` gives those that the rules use."""

    def __init__(self, history: Sequence[Epoch]) -> None:
        for name in get_args(Metric):
            self[name] = np.array([line.get(name) for line in history], dtype=np.float64)
        self.epochs = [line["epoch"] for line in history]

    def smooth(self, name: Metric) -> Floats:
        """The curve with each value replaced by the median of itself and its two neighbours."""
        return _median_of_three(self[name])

    def mark(self, name: Metric, *indices: int) -> Evidence:
        """The values of a curve at these indices as evidence."""
        return Evidence(
            name, tuple(self.epochs[i] for i in indices), tuple(float(self[name][i]) for i in indices)
        )


def _median_of_three(values: Floats) -> Floats:
    """Replace each value (E,) by the median of itself and its neighbours; ends use the nearest three."""
    middle = np.median(np.lib.stride_tricks.sliding_window_view(values, 3), axis=1)
    return np.concatenate([middle[:1], middle, middle[-1:]])
