"""What goes along with a model: how images have to be read for it, what it answers, and how well it did."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

from core.data import decoding, pixel_cache
from core.export import templates
from core.export.models.kinds import Kind
from core.export.proof import Proof
from core.report import Proportion, Report
from core.runs import Run
from core.training.environment import UNKNOWN, version_of
from core.words import count, visible
from core.workspace import PROJECT

SCHEMA = 1
PREDICT = PROJECT / "core" / "ml" / "goes_along" / "predict.py"
"""The script beside each model; it names TensorFlow, and knows nothing of the lab."""
_ALWAYS = ("numpy", "pillow")


def describe(run: Run, report: Report, kind: Kind) -> dict[str, Any]:
    """The content of model.json, before anything is measured.

    ``reading`` and ``resize`` are what predict.py goes by, and what has to be rebuilt on a device without it.
    """
    data = run.config.data
    return {
        "schema": SCHEMA,
        "format": kind.name,
        "file": kind.file,
        "class_names": list(report.class_names),
        "input": {
            "size": data.image_size,
            "shape": ["N", data.image_size, data.image_size, 3],
            "dtype": "float32",
            "channels": "RGB",
            "values": [0, 255],
            "scaling": "inside the model",
        },
        "output": {"shape": ["N", len(report.class_names)], "dtype": "float32", "values": "probabilities"},
        "reading": {
            "orientation": "turned as EXIF says",
            "background": list(decoding.BACKGROUND),
            "frame": "the first",
            "ranges": {kind: list(found) for kind, found in report.pixel_ranges.items()},
            "max_pixels": decoding.MAX_PIXELS,
        },
        "resize": {
            "method": data.resize,
            "kernel": pixel_cache.KERNEL.name.lower(),
            "antialias": True,
            "reducing_gap": pixel_cache.REDUCING_GAP,
            "library": f"Pillow {version_of('pillow')}",
        },
        "run": {
            "id": run.id,
            "name": run.labels.name,
            "data_version": report.data_version,
            "split_fingerprint": report.split_fingerprint,
            "network": run.config.model.network,
        },
        "test_accuracy": report.test_accuracy.model_dump(),
        "validation_accuracy": report.val_accuracy.model_dump(),
        "versions": {
            "python": platform.python_version(),
            **{name: version_of(name) for name in ("keras", "tensorflow", *_ALWAYS, *kind.interpreters)},
        },
        "trained_with": report.environment,
    }


def write(folder: Path, described: dict[str, Any], kind: Kind) -> None:
    """Write what predict.py needs beside the model: model.json, labels.txt, requirements.txt and itself."""
    _write_json(folder, described)
    names = (visible(name) for name in described["class_names"])
    (folder / "labels.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    needed = (_pinned(name, described["versions"][name]) for name in (*_ALWAYS, *kind.interpreters))
    (folder / "requirements.txt").write_text("".join(needed), encoding="utf-8")
    (folder / "predict.py").write_bytes(PREDICT.read_bytes())


def _pinned(name: str, version: str) -> str:
    return f"{name}\n" if version == UNKNOWN else f"{name}=={version}\n"


def add_proof(
    folder: Path, described: dict[str, Any], kind: Kind, proof: Proof, rejected: Proof | None = None
) -> None:
    """Record what was measured, in model.json and, in words, in README.md.

    Args:
        folder: of the package.
        described: from :func:`describe`.
        kind: of the model in the package.
        proof: of this model.
        rejected: that of the model that it takes the place of, if any.
    """
    measured = {"proof": proof.model_dump(mode="json")}
    if rejected is not None:
        measured["rejected"] = rejected.model_dump(mode="json")
    _write_json(folder, {**described, **measured})
    text = (
        templates.environment(Path(__file__).parent)
        .get_template("README.md.jinja")
        .render(
            title=kind.title,
            described=described,
            classes=count(len(described["class_names"]), "class"),
            proof=proof,
            rejected=rejected,
            test_accuracy=Proportion(**described["test_accuracy"]),
        )
    )
    (folder / "README.md").write_text(text, encoding="utf-8")


def _write_json(folder: Path, value: dict[str, Any]) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "model.json").write_text(text, encoding="utf-8")
