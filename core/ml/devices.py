"""One or several devices: where the weights are stored, and how a batch is split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


class Devices:
    """Data parallelism: each device processes part of the batch, and the gradients are summed.

    Uses ``tf.distribute.MirroredStrategy``. All devices always have the same weights, so the result equals
    that of a single device, except for the order in which numbers are added.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.count = max(len(names), 1)
        self._strategy = tf.distribute.MirroredStrategy(list(names)) if self.count > 1 else None

    def scope(self) -> AbstractContextManager[Any]:
        """Return a context in which created weights exist on every device."""
        return self._strategy.scope() if self._strategy else nullcontext()

    def split(self, batch: NDArray[Any]) -> Any:
        """Return the batch as tensors, one part per device; parts may be empty if images are few."""
        if self._strategy is None:
            return tf.convert_to_tensor(batch)
        parts = np.array_split(batch, self.count)
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: tf.convert_to_tensor(parts[context.replica_id_in_sync_group])
        )

    def compile(
        self, step: Callable[..., tf.Tensor], signature: Sequence[tf.TensorSpec], totals: tf.Variable
    ) -> Any:
        """Return a function that runs ``step`` on each device's part and adds the results to ``totals``."""
        strategy = self._strategy
        if strategy is None:
            return tf.function(
                lambda *shared: totals.assign_add(step(*shared)), input_signature=signature, autograph=False
            )

        def on_all(*shared: Any) -> None:
            totals.assign_add(strategy.reduce("SUM", strategy.run(step, shared), axis=None))

        return tf.function(on_all, autograph=False, reduce_retracing=True)
