"""The other kind of network for the same images: from scratch against a pretrained one."""

from __future__ import annotations

from collections.abc import Iterable

from core.config import RunConfig, differences, preset
from core.runs import Run

_FOLLOWS = frozenset({"data.image_size", "data.resize", "data.version"})
"""Data settings in which both kinds may differ: each has the size that suits it."""


def settings(config: RunConfig) -> RunConfig:
    """Return settings with the other kind of network: a pretrained one for an own one, and the reverse.

    Data set, split, seed and augmentation stay; the rest comes from the preset of that kind.
    """
    other = "transfer" if config.backbone is None else "tutorial"
    augmentation = {path: config.get(path) for path in _augmentation(config)}
    return preset(other, config).replace(augmentation)


def find(config: RunConfig, among: Iterable[tuple[Run, RunConfig]]) -> Run | None:
    """Return the newest finished run with the other kind of network on the same images, if there is one."""
    wanted = settings(config)
    fitting = (run for run, other in among if run.has_report and _is_counterpart(other, wanted))
    return max(fitting, key=lambda run: run.id, default=None)


def _is_counterpart(config: RunConfig, wanted: RunConfig) -> bool:
    of_data = {path for path in differences([config, wanted]) if path.startswith("data.")}
    return (config.backbone is None) == (wanted.backbone is None) and of_data <= _FOLLOWS


def _augmentation(config: RunConfig) -> list[str]:
    return [f"augment.{name}" for name in type(config.augment).model_fields]
