"""Write the script of a run: ``templates/train.py.jinja`` filled in with literals."""

from __future__ import annotations

import re
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment

from core.config import RunConfig
from core.export import markdown, templates
from core.export.script.plan import Plan
from core.export.script.settings import placed
from core.words import visible

_OPTIMIZERS = {
    "adam": ("Adam", "Adam adapts the step to each weight."),
    "adamw": ("AdamW", "AdamW adapts the step to each weight and lets weights decay a little."),
    "sgd": ("SGD", "Gradient descent takes the same kind of step for all weights."),
    "rmsprop": ("RMSprop", "RMSprop adapts the step to each weight."),
}
_FITS = {
    "stretch": "all of it, stretched",
    "crop": "its centre",
    "pad": "all of it, with black bars",
}
_PARTS = {"last_block": "its last block", "last_third": "its last third", "all": "all of it"}
_WIDTH = 100


def script(plan: Plan) -> str:
    """Return the script of a run in the percent format: ``# %%`` begins a cell of the notebook."""
    config, settings = plan.config, list(placed(plan.config))
    written = _render(
        "train.py.jinja",
        plan=plan,
        config=config,
        constants=[one for one in settings if one.constant],
        settings=settings,
        ranges={str(kind): found for kind, found in plan.ranges.items()},
        fit_in_words=_FITS[config.data.resize],
        augmentations=_augmentations(config),
        last_map=_last_map(config),
        reached=str(plan.report.test_accuracy),
        grouped=bool(plan.report.groups),
        notes=[_as_comment(note) for note in plan.notes],
        **_pretrained(config),
        **_training(config),
    )
    return re.sub(r"\n{3,}(?=# %%)", "\n\n", written)


def readme(plan: Plan, name: str) -> str:
    """Return how to start the script or notebook of this name, and where the images are."""
    return _render(
        "README.md.jinja",
        plan=plan,
        name=name,
        is_notebook=name.endswith(".ipynb"),
        backbone=plan.config.backbone,
        reached=str(plan.report.test_accuracy),
    )


def literal(value: Any) -> str:
    """Return a value as Python writes it, in one line, with double quotes where there are none in a text."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(one)}" for key, one in value.items()) + "}"
    written = repr(value)
    if isinstance(value, str) and '"' not in written and "\\'" not in written:
        return f'"{written[1:-1]}"'
    return written


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    environment = templates.environment(Path(__file__).parent / "templates")
    environment.filters |= {"literal": literal, "markdown": markdown.escaped}
    return environment


def _as_comment(note: str) -> str:
    """A point of a list, wrapped; whatever it contains, each of its lines is a comment."""
    return textwrap.fill(visible(note), _WIDTH, initial_indent="# - ", subsequent_indent="#   ")


def _augmentations(config: RunConfig) -> list[str]:
    """The layers that change training images, in the order in which the lab changes them.

    Their seeds come from the script's. With the same seed, all would draw the same numbers, and each strong
    rotation would come with a strong zoom.
    """
    augment = config.augment
    if not config.has_augmentation:
        return []
    layers = {
        'RandomFlip("horizontal")': augment.flip,
        'RandomRotation(ROTATION / 360, fill_mode="reflect")': augment.rotation,
        'RandomZoom((1 / (1 + ZOOM) - 1, 1 / (1 - ZOOM) - 1), fill_mode="reflect")': augment.zoom,
        "RandomContrast(CONTRAST)": augment.contrast,
        "RandomBrightness(BRIGHTNESS)": augment.brightness,
    }
    return [layer for layer, strength in layers.items() if strength]


def _last_map(config: RunConfig) -> str:
    """The layer whose maps Grad-CAM explains, as in the lab."""
    if config.backbone is not None:
        return "last_map"
    return f"{'relu' if config.model.batch_norm else 'conv'}_{len(config.model.filters)}"


def _pretrained(config: RunConfig) -> dict[str, Any]:
    """What the script says of a pretrained network; its digest is what Keras checks after a download."""
    backbone = config.backbone
    if backbone is None:
        return {"backbone": None}
    return {
        "backbone": backbone,
        "part": backbone.part(config.model.fine_tune),
        "fine_tuned": _PARTS.get(config.model.fine_tune, ""),
        "features": f"{backbone.features:,}",
        "digest": backbone.file.digest.partition(":")[2] or None,
    }


def _training(config: RunConfig) -> dict[str, Any]:
    """The optimiser, and the metric that chooses the epoch: with L2, Keras's loss has the penalty in it."""
    optimizer, about_optimizer = _OPTIMIZERS[config.fit.optimizer]
    has_penalty, is_loss = bool(config.model.l2), config.fit.monitor == "val_loss"
    return {
        "optimizer": optimizer,
        "about_optimizer": about_optimizer,
        "plain_loss": has_penalty,
        "loss": "cross_entropy" if has_penalty else "loss",
        "monitor": "val_cross_entropy" if has_penalty and is_loss else config.fit.monitor,
        "mode": "min" if is_loss else "max",
    }
