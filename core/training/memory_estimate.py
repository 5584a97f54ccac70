"""Estimate the memory that a training needs, and compare it with what there is, before it starts.

``python -m benchmarks.memory_estimate`` compares the estimates with measured peaks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from core.config import SETTINGS, RunConfig
from core.errors import LabError
from core.processes import memory_limit
from core.runs import Submission
from core.training import pretrained_cost
from core.training.network_layers import layers
from core.words import byte_size, count, setting_value

_BASE = 0.85e9
"""A process with TensorFlow that trains a tiny network."""
_OPTIMIZER_SLOTS = {"adam": 2, "adamw": 2, "rmsprop": 1, "sgd": 0}
"""Values that an optimiser keeps per weight."""
_COPIES, _COPIES_PER_SLOT = 6, 2.6
"""Of each weight and each value of the optimiser: in use, with gradients, and as saved for several epochs."""
_LARGEST_TRAINED, _LARGEST_EVALUATED = 2.3, 2.6
"""How often the largest output is held besides or instead of all outputs, in training and in evaluation."""
_AT_ONCE = 64
"""Images that are evaluated at once, whatever the batch size."""
_SHORT = 0.7
"""A training that needs this share of what is free and is ended in its first epoch ran out of memory."""
_MIN_CLASSES = 2


class ShortOfMemory(LabError):
    """A training needs more memory than is free at the moment; it may be confirmed all the same."""


def memory(config: RunConfig, num_classes: int = _MIN_CLASSES) -> int:
    """Return the bytes that a training process holds at its peak, images apart.

    These are TensorFlow itself, the weights with their gradients, the optimiser's state, the copies of these
    in a checkpoint, and the output of every layer for a batch, with what the largest is computed from and
    passes back. The factors are fitted to the measured peaks.
    """
    copies = _COPIES + _COPIES_PER_SLOT * _OPTIMIZER_SLOTS[config.fit.optimizer]
    if config.backbone is not None:
        return round(_BASE + pretrained_cost.memory(config, config.backbone, num_classes, copies))
    of_network = layers(config, num_classes)
    outputs = [math.prod(layer.output) for layer in of_network]
    trained = config.fit.batch_size * (sum(outputs) + _LARGEST_TRAINED * max(outputs))
    evaluated = _AT_ONCE * _LARGEST_EVALUATED * max(outputs)
    parameters = sum(layer.parameters for layer in of_network)
    return round(_BASE + 4 * (copies * parameters + max(trained, evaluated)))


def check_memory(config: RunConfig, num_classes: int = _MIN_CLASSES) -> None:
    """Raise LabError if the network cannot be trained in the memory of this machine, whatever else runs."""
    needed, total = memory(config, num_classes), memory_limit.total()
    if needed > total:
        raise LabError(_sentence(config, num_classes, needed, f"this machine has {byte_size(total)}", total))


def check_free(config: RunConfig, num_classes: int = _MIN_CLASSES, held: int = 0) -> None:
    """Raise ShortOfMemory if a training needs more memory than is free now.

    Args:
        held: bytes that are in use now, but free when the training starts.

    Raises:
        LabError: it needs more than this machine has.
    """
    check_memory(config, num_classes)
    needed, free = memory(config, num_classes), memory_limit.available() + held
    if needed > free:
        raise ShortOfMemory(_sentence(config, num_classes, needed, f"only {byte_size(free)} is free", free))


def check_start(config: RunConfig, num_classes: int, submission: Submission) -> str:
    """Check the memory for a run that starts now; return what to change if the system ends its process.

    An empty text means that memory is ample, so that the process would be ended for another reason.

    Raises:
        LabError: the memory is not enough, and the run was not submitted all the same.
    """
    own = memory_limit.held([None])
    check_memory(config, num_classes)
    if not submission.despite_memory:
        check_free(config, num_classes, own)
    free = memory_limit.available() + own
    return advice(config, num_classes, free) if memory(config, num_classes) > _SHORT * free else ""


def advice(config: RunConfig, num_classes: int, limit: float) -> str:
    """Return in a sentence what to change so that a training needs clearly less memory than ``limit``."""
    for smaller in _smaller(config):
        if memory(smaller, num_classes) <= _SHORT * limit:
            return _change(config, smaller)
    smaller_network = "fewer filters or dense units" if config.backbone is None else "a smaller network"
    return f"Use a smaller batch size, smaller images, or {smaller_network}."


def _smaller(config: RunConfig) -> Iterator[RunConfig]:
    """Yield settings that need less memory, in the order in which they change what is learned."""
    batch, side = config.fit.batch_size, config.data.image_size
    while batch > 8:
        batch //= 2
        yield config.replace({"fit.batch_size": batch})
    while (side := side // 2) >= (SETTINGS["data.image_size"].minimum or 1):
        try:
            yield config.replace({"data.image_size": side})
        except LabError:  # too small for so many blocks
            return


def _change(before: RunConfig, after: RunConfig) -> str:
    path = "fit.batch_size" if before.fit.batch_size != after.fit.batch_size else "data.image_size"
    new, old = (setting_value(path, one.get(path)) for one in (after, before))
    return f"Use {'a batch size' if path == 'fit.batch_size' else 'an image size'} of {new} instead of {old}."


def _sentence(config: RunConfig, num_classes: int, needed: int, there_is: str, limit: int) -> str:
    parameters = count(sum(layer.parameters for layer in layers(config, num_classes)), "parameter")
    return (
        f"This network has {parameters}. Training it needs about {byte_size(needed)} of memory, and "
        f"{there_is}. {advice(config, num_classes, limit)}"
    )
