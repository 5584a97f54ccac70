"""Networks that are kept between trainings, because building one can take longer than a short training."""

from __future__ import annotations

from pathlib import Path

from core.backbones import Backbone
from core.config import RunConfig
from core.ml.network import Architecture, Network, own
from core.ml.pretrained import Pretrained
from core.training import pretrained_weights


class Networks:
    """A cache of networks, reused when the settings require the same layers.

    One of each kind is kept: the lab's own or, for a pretrained one, that network, its last layers, and the
    one that is fine-tuned. They belong to the latest caller, so save whatever should be kept before
    requesting the next one.
    """

    def __init__(self) -> None:
        self._kept: dict[object, tuple[tuple[object, ...], Network]] = {}
        self._pretrained: tuple[tuple[object, ...], Pretrained] | None = None

    def get(self, config: RunConfig, num_classes: int, architecture: Architecture | None = None) -> Network:
        """Return a network, by default the lab's own, with new random weights for these settings."""
        architecture = architecture or own(config, num_classes)
        kind = architecture.key[0]
        layers = (*architecture.key, config.fit.optimizer, config.fit.precision)
        self._forget_others(kind)
        last, network = self._kept.pop(kind, ((), None))
        if network is not None and layers == last:
            network.begin_anew(config)
        else:
            network = None  # releases its memory before the next one is built
            network = Network(config, num_classes, architecture)
        self._kept[kind] = layers, network
        return network

    def pretrained(self, backbone: Backbone, image_size: int, weights: Path) -> Pretrained:
        """Return a pretrained network with the weights of a file.

        Raises:
            NoWeights: the file does not hold them.
        """
        key = backbone.name, image_size, pretrained_weights.fingerprint(weights)
        if self._pretrained is None or self._pretrained[0] != key:
            self._kept.clear()
            self._pretrained = None
            self._pretrained = key, Pretrained(backbone, image_size, weights)
        return self._pretrained[1]

    def _forget_others(self, kind: object) -> None:
        """A run needs either an own network or those around a pretrained one."""
        if kind == "own":
            self._pretrained = None
            self._kept = {name: kept for name, kept in self._kept.items() if name == "own"}
        else:
            self._kept.pop("own", None)
