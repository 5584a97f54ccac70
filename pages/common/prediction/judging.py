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
from core.explain.nearest_images import Kind
from core.prediction import familiarity
from core.prediction.answers import Answer, Judge
from core.prediction.incoming import Incoming, Reader
from core.runs import Run
from core.words import count
from pages.common import run_features, waiting
from pages.common.prediction.given import Given
from pages.common.run_picker import Summary

AIM_KEY = "predict_aim"
"""How often a prediction that is called sure must be right, as chosen on the page."""


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
    judged_by = judge(run, aim)
    pixels = [one.pixels for one in read if one.pixels is not None]
    if not pixels:
        return Judged(summary, judged_by, read, ())
    kind = kind_of(run)
    question = waiting.about(run, "predict", kind, *(one.key for one in given))
    answer = waiting.answer(
        question,
        lambda: assistant.predict(run, np.stack(pixels), kind),
        f"Predicting {count(len(pixels), 'image')}. The first time takes about 15 seconds.",
    )
    answers = (
        None if answer is None else tuple(judged_by.answers(answer["probabilities"], answer["features"]))
    )
    return Judged(summary, judged_by, read, answers)


def heatmaps(judged: Judged, given: Sequence[Given], rows: Sequence[int]) -> dict[int, Heatmap]:
    """The heatmaps of the predicted classes of some images, by row; empty until they have been computed."""
    chosen = [row for row in rows if isinstance(judged.found[row], Answer)]
    if not chosen:
        return {}
    run = judged.summary.run
    pixels: list[NDArray[np.uint8]] = [p for row in chosen if (p := judged.read[row].pixels) is not None]
    classes = [found.predicted for row in chosen if isinstance(found := judged.found[row], Answer)]
    answer = waiting.answer(
        waiting.about(run, "heat", *(given[row].key for row in chosen)),
        lambda: assistant.explain_images(run, np.stack(pixels), classes),
        f"Computing {count(len(chosen), 'heatmap')}.",
    )
    return {} if answer is None else dict(zip(chosen, answer["heatmaps"], strict=True))


def judge(run: Run, aim: float) -> Judge:
    """The run's judge; until the features of its images are there, which are asked for, it knows none.

    Raises:
        LabError: the run's model or its predictions are gone.
    """
    try:
        trained = run.model_path.stat().st_mtime_ns
        kind = kind_of(run)
        made = _features_made(run, kind)
        return _measured(run.id, aim, run.predictions_path.stat().st_mtime_ns, trained, made, kind)
    except FileNotFoundError:
        raise LabError(f"The model of {run.title} is gone, so it cannot predict.") from None


def kind_of(run: Run) -> Kind:
    """The network by whose features new images are compared with the run's."""
    return familiarity.kind_for(run.config)


def _features_made(run: Run, kind: Kind) -> int | None:
    """When the features of the run's images were stored; None, and asked for, where there are none."""
    if run_features.stored(run, kind) is not None:
        return nearest_images.path(run, kind).stat().st_mtime_ns
    waiting.answer(
        waiting.about(run, "features", kind),
        lambda: assistant.features(run, kind),
        "Measuring how far images usually lie from the training images, once per run.",
    )
    return None


@st.cache_resource(max_entries=16, show_spinner=False)
def _measured(run_id: str, aim: float, predicted: int, trained: int, made: int | None, kind: Kind) -> Judge:
    run = runs.open(run_id)
    features = None if made is None else run_features.stored(run, kind)
    return Judge.from_validation(run.predictions("validation"), features, kind, aim)
