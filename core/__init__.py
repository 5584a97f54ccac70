"""Train image classifiers, measure them and explain them, without a screen.

::

    import core

    result = core.train("garden", epochs=10, dropout=0.3)
    result.plot_worst_predictions()

Nothing here imports Streamlit, and only :mod:`core.ml` imports TensorFlow. Importing ``core`` imports
nothing at all: its three functions load what they need when they are called.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.comparison.verdicts import Verdict
    from core.training_result import TrainingResult

__all__ = ["compare", "load", "train"]


def train(
    source: str | Path = "garden", *, preset: str = "tutorial", name: str = "", **settings: Any
) -> TrainingResult:
    """Train in this process, with a progress bar. It is a run like any other, and the app shows it too.

    Ctrl-C, or a notebook's stop button, ends the training after the current batch and keeps the best epoch.

    Args:
        source: ``garden``, ``digits``, ``tfds:NAME``, or a folder with one folder of images per class.
        preset: the starting point, one of :data:`core.config.PRESETS`.
        name: a name for the run.
        settings: any of :data:`core.config.SETTINGS`, by its short name (``epochs=10``) or its whole name
            (``**{"fit.epochs": 10}``).

    Raises:
        LabError: a setting does not exist or does not fit, the data set cannot be used, or the training
            failed; says why and what to do.
        Stopped: it was stopped before the first epoch had ended.
    """
    from core import foreground
    from core.training_result import TrainingResult

    return TrainingResult(foreground.train(str(source), preset=preset, name=name, settings=settings))


def load(run: str | Path) -> TrainingResult:
    """The result of an earlier run, by its id in the workspace or by its folder.

    Raises:
        LabError: there is no such run.
    """
    from core import runs
    from core.training_result import TrainingResult

    path = Path(run)
    return TrainingResult(runs.open(path.name) if path.name == str(run) else runs.open_folder(path))


def compare(first: TrainingResult, second: TrainingResult) -> Verdict:
    """Is one of two trained models better, or is the difference luck? Judged on their test images.

    Raises:
        LabError: one of them has no result.
    """
    from core import training_result

    return training_result.compare(first, second)
