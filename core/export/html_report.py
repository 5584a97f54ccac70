"""One run as a single HTML file that opens offline, prints well and can be sent to anyone.

The page itself is ``report.html.jinja``, beside this module, which only collects its content.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from jinja2 import Template
from matplotlib.figure import Figure
from PIL import Image

from core.config import SETTINGS, RunConfig
from core.data import deep_pixels
from core.errors import LabError
from core.evaluation import calibration, confusion, curve_reading, headline
from core.evaluation.confusion import Mistake
from core.explain import heatmaps
from core.explain.heatmaps import Request
from core.export import exporting, figures, formats, headline_drawing, palette, source_name, templates
from core.export.heatmap_grid import Explained, heatmap_grid
from core.export.proof import Proof
from core.report import Proportion, Report
from core.runs import Run
from core.words import (
    DASH,
    accuracy,
    byte_size,
    count,
    difference,
    duration,
    interval,
    milliseconds,
    percent,
    setting_value,
)

ImageOf = Callable[[str], Image.Image]
"""Returns an image by its id; raises LabError if it is missing."""

WORST = 10
CONFIDENT = 0.9
THUMBNAIL = 320
"""Longer side in pixels."""


@dataclass(frozen=True)
class ShownMistake:
    """A mistake as the page shows it; ``image`` and ``heatmaps`` are data URIs, or empty if missing."""

    true: str
    predicted: str
    confidence: float
    image: str = ""
    heatmaps: str = ""
    fault: str = ""


def build(run: Run, image_of: ImageOf) -> str:
    """Return the report of a finished run as one HTML file without scripts or links.

    It includes the heatmaps stored in the run, and computes none itself.

    Raises:
        LabError: the run has no report or no predictions yet.
    """
    report = run.report()
    if report is None:
        raise LabError(f"{run.title} has no result yet. Let it finish, then create its report.")
    test, names = run.predictions("test"), report.class_names
    kept, kept_accuracy = calibration.when_sure(test, CONFIDENT)
    worst = confusion.worst(test, limit=WORST)
    return _template().render(
        title=f"{run.labels.name or source_name.portable(run.config.data.source)}, run {run.id}",
        labels=run.labels,
        report=report,
        scaling=deep_pixels.scaling_in_words(report.pixel_ranges),
        disagreement=headline.disagreement(report),
        accuracies=_accuracies(report),
        dots=_dots(report.test_accuracy),
        images_per_dot=headline_drawing.images_per_dot(report.test_accuracy.total),
        one_answer=headline.one_answer(report),
        balanced=headline.balanced(report),
        grouped=headline.grouped(report),
        reading=curve_reading.read_run(run, run.config, report),
        learning_curves=_svg(figures.learning_curves(run.metrics(), report.kept_epoch)),
        confused=confusion.most_confused(np.asarray(report.confusion_matrix), names),
        confusion_matrix=_confusion_matrix(report),
        confident=CONFIDENT,
        kept=kept,
        kept_accuracy=kept_accuracy,
        reliability=_svg(
            figures.reliability(calibration.reliability(test), calibration.calibration_error(test))
        ),
        mistakes=[_shown(run, mistake, str(test.ids[mistake.row]), names, image_of) for mistake in worst],
        settings=_settings(run.config),
        proofs=list(_proofs(run)),
        machine=_machine(report),
    )


@cache
def _template() -> Template:
    environment = templates.environment(Path(__file__).parent, is_html=True)
    environment.filters |= {
        "percent": percent,
        "accuracy": _accuracy,
        "with_interval": _with_interval,
        "count": count,
        "but_never": headline.but_never,
        "byte_size": byte_size,
        "difference": difference,
        "milliseconds": milliseconds,
    }
    return environment.get_template("report.html.jinja")


def _accuracies(report: Report) -> str:
    known = {"Test": report.test_accuracy, "Validation": report.val_accuracy}
    return _drawing(headline_drawing.accuracies(known, report.baseline_accuracy.value, palette.ON_LIGHT))


def _dots(test: Proportion) -> str:
    return _drawing(headline_drawing.dots(test.correct, test.total, palette.ON_LIGHT)) if test.total else ""


def _drawing(svg: str) -> str:
    return _data_uri("image/svg+xml", svg.encode())


def _confusion_matrix(report: Report) -> str:
    """Draw the confusion matrix with confused classes side by side."""
    matrix, names = np.asarray(report.confusion_matrix), report.class_names
    order = confusion.order(matrix)
    drawn = figures.confusion_matrix(matrix[np.ix_(order, order)], [names[index] for index in order])
    return _svg(drawn) if len(names) <= palette.MAX_ANNOTATED else _png(drawn)


def _shown(
    run: Run, mistake: Mistake, image_id: str, names: Sequence[str], image_of: ImageOf
) -> ShownMistake:
    true, predicted = names[mistake.true], names[mistake.predicted]
    try:
        image = image_of(image_id)
    except LabError as error:
        return ShownMistake(true, predicted, mistake.confidence, fault=str(error))
    maps = _heatmaps(run, mistake, names, image_id, image)
    return ShownMistake(true, predicted, mistake.confidence, _thumbnail(image), maps)


def _heatmaps(run: Run, mistake: Mistake, names: Sequence[str], image_id: str, image: Image.Image) -> str:
    classes = (mistake.predicted, mistake.true)
    try:
        predicted, true = (heatmaps.kept(run, Request(image_id, index)) for index in classes)
    except LabError:
        return ""
    if predicted is None:
        return ""
    row = Explained(image, names[mistake.true], names[mistake.predicted], mistake.confidence, predicted, true)
    return _png(heatmap_grid([row]))


def _settings(config: RunConfig) -> Iterator[tuple[str, str, str]]:
    """Yield label, value, and the default if another value was chosen; no folder of this machine."""
    for path, setting in SETTINGS.items():
        value, default = (setting_value(path, v) for v in (config.get(path), setting.default))
        value = source_name.portable(value) if path == "data.source" else value
        yield setting.label, value, "" if value == default else default


def _proofs(run: Run) -> Iterator[tuple[str, Proof]]:
    """Yield the title of each exported model of this run, and how it compares with the lab's."""
    for one in formats.FORMATS:
        try:
            export = exporting.kept(run, one.name)
        except LabError:  # a damaged record, or no model: the rest of the report is not affected
            continue
        if export is not None and export.proof is not None:
            yield one.title, export.proof


def _machine(report: Report) -> list[tuple[str, str]]:
    return [
        ("parameters", f"{report.parameters:,}"),
        ("precision", report.precision),
        ("speed", f"{report.images_per_second:,.0f} images per second"),
        ("training time", duration(report.seconds)),
        *report.environment.items(),
    ]


def _accuracy(share: Proportion) -> str:
    return accuracy(share.value, share.low, share.high, share.correct, share.total)


def _with_interval(value: float | None, low: float | None, high: float | None) -> str:
    """``69.8% (66 to 73%)``."""
    return DASH if value is None else f"{percent(value)} ({interval(low, high, 0)})"


def _svg(drawn: Figure) -> str:
    """Return a data URI that is sharp at any size."""
    return _data_uri("image/svg+xml", figures.svg(drawn))


def _png(drawn: Figure) -> str:
    """Return a data URI that stays small however complex the figure."""
    return _data_uri("image/png", figures.png(drawn))


def _thumbnail(image: Image.Image) -> str:
    small = image.convert("RGB")
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return _data_uri("image/jpeg", buffer.getvalue())


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"
