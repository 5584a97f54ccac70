"""One device or several: where the weights live, and how a batch is shared out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


class Devices:
    """Several devices learn from a part of each batch and sum their gradients; one learns as ever.

    By ``tf.distribute.MirroredStrategy``: every device has the same weights all the time, so the result
    is that of one device but for the order in which numbers are added.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.count = max(len(names), 1)
        self._strategy = tf.distribute.MirroredStrategy(list(names)) if self.count > 1 else None

    def scope(self) -> AbstractContextManager[Any]:
        """Weights made inside exist on every device."""
        return self._strategy.scope() if self._strategy else nullcontext()

    def split(self, batch: NDArray[Any]) -> Any:
        """The batch as tensors, one part a device; parts are empty where there are too few images."""
        if self._strategy is None:
            return tf.convert_to_tensor(batch)
        parts = np.array_split(batch, self.count)
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: tf.convert_to_tensor(parts[context.replica_id_in_sync_group])
        )

    def compile(
        self, step: Callable[..., tf.Tensor], signature: Sequence[tf.TensorSpec], totals: tf.Variable
    ) -> Any:
        """A function that runs ``step`` on every device's part, and adds what it returns to ``totals``."""
        strategy = self._strategy
        if strategy is None:
            return tf.function(
                lambda *shared: totals.assign_add(step(*shared)), input_signature=signature, autograph=False
            )

        def on_all(*shared: Any) -> None:
            totals.assign_add(strategy.reduce("SUM", strategy.run(step, shared), axis=None))

        return tf.function(on_all, autograph=False, reduce_retracing=True)
