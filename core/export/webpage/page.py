"""Put a model, what computes it and what a person sees into one HTML file that fetches nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.data import decoding, pixel_cache
from core.export import palette, source_name, templates
from core.export.proof import Proof
from core.export.webpage import runtime
from core.export.webpage.runtime import Runtime
from core.report import Report
from core.runs import Run
from core.words import count, visible

PARTS = Path(__file__).parent / "parts"
_OWN_SCRIPTS = ("reading.js", "network.js", "page.js")


@dataclass(frozen=True, eq=False)
class Page:
    """A page without what was measured of it, which is known only once it was tried.

    Attributes:
        run: whose model it is.
        report: of this run.
        network: the steps, as :mod:`core.ml.layer_list` writes them.
        weights: their numbers.
        runtime: what computes them.
    """

    run: Run
    report: Report
    network: dict[str, Any]
    weights: bytes
    runtime: Runtime

    def html(self, proof: Proof) -> str:
        """The whole file; only its sentences about the proof depend on ``proof``."""
        environment = templates.environment(PARTS, is_html=True)
        style = environment.get_template("page.css").render(light=palette.ON_LIGHT, dark=palette.ON_DARK)
        scripts = [*self.runtime.scripts, _own_script()]
        names = [visible(name) for name in self.report.class_names]
        return environment.get_template("page.html.jinja").render(
            title=self.run.labels.name or "Image classifier",
            policy=_policy(scripts, style),
            style=style,
            scripts=scripts,
            names=names,
            classes=count(len(names), "class", "classes"),
            test_accuracy=self.report.test_accuracy,
            data=source_name.portable(self.run.config.data.source),
            images={
                "test": count(sum(self.report.counts.get("test", {}).values()), "image"),
                "training": count(sum(self.report.counts.get("train", {}).values()), "image"),
            },
            proof=proof,
            measured=proof.facts(),
            made_of=self._made_of(),
            facts=embedded(self._facts(names)),
            kernels=base64.b64encode(self.runtime.wasm).decode(),
            weights=base64.b64encode(self.weights).decode(),
        )

    def _facts(self, names: Sequence[str]) -> dict[str, Any]:
        """What the scripts go by."""
        data = self.run.config.data
        return {
            "class_names": names,
            "size": data.image_size,
            "resize": {"method": data.resize, "reducing_gap": pixel_cache.REDUCING_GAP},
            "max_pixels": decoding.MAX_PIXELS,
            "network": self.network,
        }

    def _made_of(self) -> dict[str, str]:
        data, backbone = self.run.config.data, self.run.config.backbone
        keras = self.report.environment.get("keras", "3")
        network = "own CNN"
        if backbone is not None:
            network = f"{backbone.title}, pretrained on ImageNet ({backbone.license})"
        return {
            "Network": network,
            "Image size": f"{data.image_size} x {data.image_size} pixels",
            "Run": self.run.id,
            "Data": f"{source_name.portable(data.source)}, version {self.report.data_version}",
            "Trained with": f"Image Classification Lab, Keras {keras}",
            "Computed by": f"TensorFlow.js {runtime.VERSION} ({runtime.LICENSE})",
        }


def embedded(value: Any) -> str:
    """JSON that may stand inside a script element: no text in it can end the element."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


def _own_script() -> str:
    parts = ((PARTS / name).read_text(encoding="utf-8") for name in _OWN_SCRIPTS)
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


def _policy(scripts: Sequence[str], style: str) -> str:
    """The content security policy: these scripts and this style, and not one connection."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'wasm-unsafe-eval' {' '.join(map(_hash, scripts))}",
            f"style-src {_hash(style)}",
            "img-src data:",
            "connect-src 'none'",
            "form-action 'none'",
            "base-uri 'none'",
        )
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
