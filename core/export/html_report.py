"""One run as a single HTML file that opens offline, prints well and can be sent to anybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from core.comparison import verdicts
from core.config import SETTINGS, RunConfig
from core.errors import LabError
from core.evaluation import calibration, confusion, curve_reading
from core.evaluation.confusion import Mistake
from core.explain import heatmaps
from core.explain.heatmaps import Request
from core.export import figures, html_parts, palette
from core.export.html_parts import figure, paragraphs, table
from core.report import Proportion, Report
from core.runs import Predictions, Run

PictureOf = Callable[[str], Image.Image]
"""A picture by its id; raises LabError where it is gone."""

WORST = 10
SURE = 0.9


def build(run: Run, picture_of: PictureOf) -> str:
    """The report of a finished run, as the text of one HTML file without scripts or links.

    Heatmaps are in it as far as they were made before; a report makes none itself.

    Raises:
        LabError: the run has no report or no predictions yet.
    """
    report = run.report()
    if report is None:
        raise LabError(f"{run.title} has no result yet. Let it finish, then make its report.")
    test, names = run.predictions("test"), report.class_names
    worst = confusion.worst(test, most=WORST)
    sections = {
        "Result": _notes(run) + _result(report),
        "How it learned": _learning(run, report),
        "What it mixes up": _mix_ups(report),
        "Classes": _classes(report),
        "How sure it is": _confidence(test),
        "The most confident mistakes": _mistakes(run, worst, names, test, picture_of),
        "Settings": _settings(run.config),
        "Data": _data(report),
        "Model and machine": _machine(report),
    }
    return html_parts.page(f"{run.labels.name or run.config.data.source}, run {run.id}", sections)


def _notes(run: Run) -> str:
    tags = f"Tags: {', '.join(run.labels.tags)}." if run.labels.tags else ""
    return paragraphs(run.labels.notes, tags)


def _result(report: Report) -> str:
    validation, guess = report.val_accuracy, report.baseline_accuracy
    return paragraphs(
        f"Test pictures, never used to train or choose: right on {_share(report.test_accuracy)}.",
        f"Always guessing the largest class, {guess.class_name}: right on {_share(guess)}.",
        f"Validation pictures, by which the epoch was chosen: right on {_share(validation)}.",
    )


def _learning(run: Run, report: Report) -> str:
    history, guess = run.metrics(), report.baseline_accuracy.value or 0.0
    pictures = report.val_accuracy.total
    reading = curve_reading.read(history, run.config, guess=guess, validation_pictures=pictures)
    curves = figures.learning_curves(history, report.kept_epoch)
    words = paragraphs(reading.sentence, f"What to try next: {reading.suggestion.text}")
    return words + figure(curves, "Accuracy and loss by epoch, and the epoch whose weights were kept.")


def _mix_ups(report: Report) -> str:
    matrix, names = np.asarray(report.confusion_matrix), report.class_names
    order = confusion.order(matrix)
    ordered = matrix[np.ix_(order, order)]
    drawn = figures.confusion_matrix(ordered, [names[at] for at in order])
    pairs = [pair.sentence for pair in confusion.most_confused(matrix, names)]
    caption = (
        "The test pictures by class (row) and answer (column); classes that are mixed up stand together."
    )
    return html_parts.bullets(pairs) + figure(drawn, caption, as_svg=len(names) <= palette.MAX_ANNOTATED)


def _classes(report: Report) -> str:
    rows = [
        [
            score.class_name,
            score.support,
            _with_interval(score.recall, score.recall_low, score.recall_high),
            _with_interval(score.precision, score.precision_low, score.precision_high),
            _percent(score.f1),
        ]
        for score in report.per_class
    ]
    return table(
        ["Class", "Test pictures", "Recall (95 % interval)", "Precision (95 % interval)", "F1"], rows
    )


def _confidence(test: Predictions) -> str:
    drawn = figures.reliability(calibration.reliability(test), calibration.calibration_error(test))
    answered, right = calibration.when_sure(test, SURE)
    words = [
        f"Answering only when at least {100 * SURE:.0f} % sure, it would answer {_share(answered)}.",
        f"Of these it would be right on {_share(right)}." if right.total else "",
    ]
    return paragraphs(" ".join(words)) + figure(
        drawn, "How sure the model was, against how often it was right."
    )


def _mistakes(
    run: Run, worst: list[Mistake], names: Sequence[str], test: Predictions, picture_of: PictureOf
) -> str:
    if not worst:
        return paragraphs("No mistakes on the test pictures.")
    tiles, maps = [], []
    for mistake in worst:
        image_id, said = str(test.ids[mistake.row]), names[mistake.predicted]
        caption = f"is {names[mistake.true]}, called {said} ({_percent(mistake.confidence)})"
        try:
            picture = picture_of(image_id)
        except LabError as error:
            tiles.append(paragraphs(caption, str(error)))
            continue
        tiles.append(html_parts.picture(picture, caption))
        maps.append(_heatmaps(run, mistake, names, image_id, picture))
    return html_parts.tiles(tiles) + "".join(maps)


def _heatmaps(run: Run, mistake: Mistake, names: Sequence[str], image_id: str, picture: Image.Image) -> str:
    try:
        said, true = (heatmaps.kept(run, Request(image_id, at)) for at in (mistake.predicted, mistake.true))
    except LabError:
        return ""
    if said is None:
        return ""
    answer, truth = names[mistake.predicted], names[mistake.true]
    drawn = figures.heatmap_pair(picture, (answer, said), None if true is None else (truth, true))
    return figure(drawn, f"Where the model looked (Grad-CAM): is {truth}, called {answer}.", as_svg=False)


def _settings(config: RunConfig) -> str:
    rows = []
    for path, setting in SETTINGS.items():
        value, default = (verdicts.value_in_words(path, v) for v in (config.get(path), setting.default))
        rows.append([setting.label, value, "" if value == default else f"instead of {default}"])
    return table(["Setting", "Value", "Changed"], rows)


def _data(report: Report) -> str:
    counts, skipped = report.counts, len(report.skipped)
    version = f"Data version {report.data_version}, split {report.split_fingerprint}."
    left_out = (
        f"{skipped:,} {'picture' if skipped == 1 else 'pictures'} could not be used." if skipped else ""
    )
    rows = [[name, *(by_class.get(name, 0) for by_class in counts.values())] for name in report.class_names]
    return paragraphs(version, left_out) + table(["Class", *map(str.capitalize, counts)], rows)


def _machine(report: Report) -> str:
    facts = {
        "parameters": f"{report.parameters:,}",
        "numbers": report.precision,
        "speed": f"{report.images_per_second:,.0f} pictures a second",
        "time": f"{report.seconds:,.0f} s",
        **report.environment,
    }
    return table(["What", "Value"], facts.items())


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _share(proportion: Proportion) -> str:
    """``512 of 734 (69.8 %, 95 % interval 66.3 to 73.0)``."""
    counted = f"{proportion.correct:,} of {proportion.total:,}"
    if proportion.value is None or proportion.low is None or proportion.high is None:
        return counted
    low, high = 100 * proportion.low, 100 * proportion.high
    return f"{counted} ({_percent(proportion.value)}, 95 % interval {low:.1f} to {high:.1f})"


def _with_interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None or low is None or high is None:
        return "–"
    return f"{_percent(value)} ({100 * low:.0f} to {100 * high:.0f})"
