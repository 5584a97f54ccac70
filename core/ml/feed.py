"""Batches of training images, shuffled and augmented in a thread while the network trains."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.config import RunConfig
from core.data import augment
from core.data.stored_images import Images

Batch = tuple[NDArray[Any], NDArray[np.int64]]

_AHEAD = 3
"""Batches prepared in advance: enough that the network never waits, few enough to save memory."""


def count(images: int, batch_size: int) -> int:
    """Return the number of batches per epoch; the last one may be smaller."""
    return -(-images // batch_size)


def batches(
    images: Images | NDArray[np.float32], labels: NDArray[np.int64], config: RunConfig, epoch: int
) -> Iterator[Batch]:
    """Yield every image once, in an order and with augmentations determined by the seed and the epoch.

    A resumed run therefore gets exactly the batches that it would have got without the interruption.

    Args:
        images: (N, S, S, 3) uint8, read when their batch is made; or features (N, F), never augmented.
        labels: (N,).

    Yields:
        uint8 (B, S, S, 3), or float32 (B, F), and int64 (B,).
    """
    seed = config.fit.seed
    order = np.random.default_rng([seed, epoch]).permutation(len(labels))

    def make(rows: NDArray[np.int64], number: int) -> Batch:
        rng = np.random.default_rng([seed, epoch, number])
        chosen: NDArray[Any] = images[rows]
        return augment.batch(chosen, config.augment, rng) if chosen.ndim == 4 else chosen, labels[rows]

    parts = np.split(order, range(config.fit.batch_size, len(order), config.fit.batch_size))
    waiting = iter(enumerate(parts))
    with ThreadPoolExecutor(1, thread_name_prefix="feed") as pool:
        ready: deque[Future[Batch]] = deque(
            pool.submit(make, rows, number) for number, rows in islice(waiting, _AHEAD)
        )
        try:
            while ready:
                made = ready.popleft().result()
                ready.extend(pool.submit(make, rows, number) for number, rows in islice(waiting, 1))
                yield made
        finally:
            for future in ready:
                future.cancel()
