"""The stages of a training: one for the lab's own network, one or two for a pretrained network.

First only its new last layer is trained, on features that are computed once (Keras's guide to transfer
learning, second workflow). Then, if asked for, a part of the network is trained too, at a small learning
rate and from images.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import keras
import numpy as np
from numpy.typing import NDArray

from core.config import RunConfig
from core.data.stored_images import Images, Pixels
from core.ml import feed, learning_rate
from core.ml import pretrained as networks_of
from core.ml.network import Network
from core.ml.networks import Networks
from core.ml.pretrained import Features, Pretrained
from core.report import Epoch, Metric

LabelledImages = tuple[Images, NDArray[np.int64]]
"""Images (N, S, S, 3) uint8 and labels (N,)."""
LabelledFeatures = tuple[Features, NDArray[np.int64]]
"""Features (N, F) and labels (N,)."""
History = list[Epoch]

_AGREEMENT = 1e-3
"""Largest difference between two probabilities that count as the same."""


@dataclass(frozen=True)
class Prepared:
    """A pretrained network and the features (N, F) that it found, by split.

    ``features["train"]`` may hold several variants of the images: all images first, then all of each
    variant. ``sample`` are the first few training images, uint8 (n, S, S, 3); ``computed`` counts the images
    that the network looked at, since the features of the others were stored.
    """

    network: Pretrained
    features: Mapping[str, Features]
    sample: NDArray[np.uint8]
    computed: int = 0

    def check_agreement(self, classifier: keras.Model, head: keras.Model) -> None:
        """Raise RuntimeError unless a classifier says of images what its head says of their features."""
        from_images = classifier(self.sample.astype(np.float32), training=False).numpy()
        from_features = head(self.features["train"][: len(self.sample)], training=False).numpy()
        difference = np.abs(from_images - from_features).max(initial=0)
        if not difference < _AGREEMENT:
            raise RuntimeError(
                f"stored features and images give different probabilities, by {difference:.2g}"
            )


@dataclass(frozen=True)
class Stage:
    """Epochs that train one network on one kind of input.

    Attributes:
        name: how its epochs are marked in the history; "" for the lab's own network.
        config: the settings with those of the stage in the usual places.
        first: the stage before, whose last layer this one starts from.
        look: turns images (N, S, S, 3) into inputs of its network.
        build_whole: returns a classifier that takes images, if the network itself takes features.
    """

    name: Literal["", "head", "fine_tuning"]
    config: RunConfig
    training: LabelledImages | LabelledFeatures
    validation: LabelledImages | LabelledFeatures
    build: Callable[[], Network]
    first: Stage | None = None
    look: Callable[[Pixels], Pixels | Features] = lambda images: images
    build_whole: Callable[[], keras.Model] | None = None

    @cached_property
    def network(self) -> Network:
        """The network, built when it is first needed."""
        return self.build()

    def classifier(self) -> keras.Model:
        """The model that takes images: the network's own or, of a head, one with the same last layer."""
        if self._whole is None:
            return self.network.model
        self._whole.get_layer("logits").set_weights(self.network.model.get_layer("logits").get_weights())
        return self._whole

    @cached_property
    def _whole(self) -> keras.Model | None:
        return self.build_whole() if self.build_whole else None

    def rates(self, history: History) -> list[float]:
        """The learning rate of each batch of the next epoch."""
        fit = self.config.fit
        batches = feed.count(len(self.training[1]), fit.batch_size)
        if self.name == "fine_tuning" and fit.fine_tune_schedule == "cosine":
            return learning_rate.of_epoch(self._count(history), batches, fit)
        return [fit.learning_rate] * batches

    def last_epoch(self, history: History) -> int:
        """The number of the last epoch that this stage may have."""
        return len(history) - self._count(history) + self.config.fit.epochs

    def is_over(self, history: History, continued_after: int, later: Sequence[Stage] = ()) -> bool:
        """Whether nothing of this stage is left to do.

        Patience counts from the best epoch so far, or from where the stage began or training was continued:
        the first epochs of fine-tuning often score less than the last layer alone did.
        """
        count = self._count(history)
        if count >= self.config.fit.epochs or any(stage._count(history) for stage in later):
            return True
        if not (self.config.fit.early_stopping and count):
            return False
        best = best_epoch(history, self.config.fit.monitor)
        return len(history) - max(best, continued_after, len(history) - count) >= self.config.fit.patience

    def _count(self, history: History) -> int:
        return sum(line.get("stage", "") == self.name for line in history)


def best_epoch(history: History, monitor: Metric) -> int:
    """Return the first epoch, counted from 1, with the best validation score; no score is the worst."""
    sign = 1 if monitor == "val_loss" else -1
    scores = [line.get(monitor) for line in history]
    costs = [math.inf if score is None else sign * score for score in scores]
    return costs.index(min(costs)) + 1


def plan(
    config: RunConfig,
    num_classes: int,
    training: LabelledImages,
    validation: LabelledImages,
    pretrained: Prepared | None,
    networks: Networks,
) -> list[Stage]:
    """Return the stages of a training in order; ``pretrained`` if the settings name such a network."""
    if pretrained is None:
        return [Stage("", config, training, validation, lambda: networks.get(config, num_classes))]
    backbone, features = pretrained.network.backbone, pretrained.features
    copies = len(features["train"]) // len(training[1])
    head = Stage(
        "head",
        config,
        (features["train"], np.tile(training[1], copies)),
        (features["validation"], validation[1]),
        lambda: networks.get(config, num_classes, networks_of.head(config, num_classes, backbone)),
        look=lambda images: np.concatenate(list(pretrained.network.extract(images))),
        build_whole=lambda: pretrained.network.classifier(config, num_classes),
    )
    if not config.is_fine_tuned:
        return [head]
    of_tuning = config.for_fine_tuning
    architecture = networks_of.tuned(of_tuning, num_classes, pretrained.network)
    tuned = Stage(
        "fine_tuning",
        of_tuning,
        training,
        validation,
        lambda: networks.get(of_tuning, num_classes, architecture),
        first=head,
    )
    return [head, tuned]
