"""Ask the assistant about new images, and judge its answers by what was measured on validation images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core import runs
from core.errors import LabError
from core.explain import assistant, nearest_images
from core.explain.heatmaps import Heatmap
from core.prediction.answers import Answer, Judge
from core.prediction.incoming import Incoming, Reader
from core.runs import Run
from core.words import count
from pages.common import waiting
from pages.common.run_picker import Summary
from pages.show.predict.images import Given


@dataclass(frozen=True, eq=False)
class Judged:
    """What one model says about all images.

    ``read``: the images as its network sees them; ``answers``: one per image that could be read, in order,
    None until the assistant has answered.
    """

    summary: Summary
    judge: Judge
    read: tuple[Incoming, ...]
    answers: tuple[Answer, ...] | None

    @property
    def found(self) -> list[Answer | str | None]:
        """Per image its answer, None while it is awaited, or the reason why it cannot be read."""
        waiting_for = iter(self.answers or ())
        return [one.problem if one.pixels is None else next(waiting_for, None) for one in self.read]


def judged(summary: Summary, given: Sequence[Given], aim: float) -> Judged:
    """Read the images for one model, and let the assistant predict them."""
    run, config = summary.run, summary.config
    if config is None:
        raise LabError(f"The settings of {summary.title} cannot be read.")
    reader = Reader.for_run(config.data, summary.report)
    read = tuple(one.seen(reader) for one in given)
    judge = _judge(run, aim)
    pixels = [one.pixels for one in read if one.pixels is not None]
    if not pixels:
        return Judged(summary, judge, read, ())
    question = (run.id, run.model_path.stat().st_mtime_ns, "predict", *(one.key for one in given))
    answer = waiting.answer(
        question,
        lambda: assistant.predict(run, np.stack(pixels)),
        f"Predicting {count(len(pixels), 'image')}. The first time takes about 15 seconds.",
    )
    answers = None if answer is None else tuple(judge.answers(answer["probabilities"], answer["features"]))
    return Judged(summary, judge, read, answers)


def heatmaps(judged: Judged, given: Sequence[Given], rows: Sequence[int]) -> dict[int, Heatmap]:
    """The heatmaps of the predicted classes of some images, by row; empty until they have been computed."""
    chosen = [row for row in rows if isinstance(judged.found[row], Answer)]
    if not chosen:
        return {}
    run = judged.summary.run
    pixels: list[NDArray[np.uint8]] = [p for row in chosen if (p := judged.read[row].pixels) is not None]
    classes = [found.predicted for row in chosen if isinstance(found := judged.found[row], Answer)]
    answer = waiting.answer(
        (run.id, run.model_path.stat().st_mtime_ns, "heat", *((given[row].key) for row in chosen)),
        lambda: assistant.explain_images(run, np.stack(pixels), classes),
        f"Computing {count(len(chosen), 'heatmap')}.",
    )
    return {} if answer is None else dict(zip(chosen, answer["heatmaps"], strict=True))


def _judge(run: Run, aim: float) -> Judge:
    """The run's judge; without the features of its images, which are asked for, until they are there."""
    try:
        stamps = _stamps(run)
        if stamps is None:
            waiting.answer(
                (run.id, run.model_path.stat().st_mtime_ns, "features"),
                lambda: assistant.features(run),
                "Measuring how far images usually lie from the training images, once per run.",
            )
    except (FileNotFoundError, LabError):
        raise LabError(f"The model of {run.title} is gone, so it cannot predict.") from None
    predictions = run.predictions_path.stat().st_mtime_ns
    return _measured(run.id, aim, predictions, stamps)


def _stamps(run: Run) -> tuple[int, int] | None:
    """When the features that are kept were made, and their model; None without features of this model."""
    if not nearest_images.path(run).exists() or nearest_images.kept(run) is None:
        return None
    return nearest_images.path(run).stat().st_mtime_ns, run.model_path.stat().st_mtime_ns


@st.cache_resource(max_entries=16, show_spinner=False)
def _measured(run_id: str, aim: float, _predictions: int, stamps: tuple[int, int] | None) -> Judge:
    run = runs.open(run_id)
    features = None if stamps is None else nearest_images.kept(run)
    return Judge.from_validation(run.predictions("validation"), features, aim)
