"""Train, evaluate and explain image classifiers from Python, without the app.

::

    import core

    result = core.train("garden", epochs=10, dropout=0.3)
    result.plot_worst_predictions()

Nothing here imports Streamlit, and only :mod:`core.ml` imports TensorFlow. Importing ``core`` loads
nothing else: its functions import what they need when they are called.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.comparison.verdicts import Verdict
    from core.more_images import Answer
    from core.notebook.training_result import TrainingResult

__all__ = ["compare", "load", "train", "would_more_images_help"]


def train(
    source: str | Path = "garden",
    *,
    preset: str = "",
    name: str = "",
    layout: str = "",
    despite_memory: bool = False,
    **settings: Any,
) -> TrainingResult:
    """Train in this process and show a progress bar. The result is an ordinary run, visible in the app.

    Ctrl-C, or a notebook's stop button, ends training after the current batch and keeps the best epoch.

    Horizontal flipping starts off for ``digits`` and where classes mirror each other, as in the app, whatever
    the preset; ``flip=True`` turns it on.

    Args:
        source: ``garden``, ``digits``, ``tfds:NAME``, or a folder with one folder of images per class.
        preset: the preset to start from, one of :data:`core.config.PRESETS`; by default ``tutorial``, or
            ``transfer`` if ``network`` names a pretrained one, such as ``"mobilenet_v2_035"``.
        name: a name for the run; by default what differs from the run before.
        layout: how to read the files where several ways are possible; the error ``Undecided`` lists their
            names. The choice is kept for the next time.
        despite_memory: train even if more memory is needed than is free, as far as is known.
        settings: any of :data:`core.config.SETTINGS`, by short name (``epochs=10``) or dotted path
            (``**{"fit.epochs": 10}``).

    Raises:
        Undecided: the files can be read in several ways; choose one with ``layout``.
        LabError: a setting does not exist or is invalid, the data set cannot be used, or training failed;
            the message says why and what to do.
        Stopped: training was stopped before the end of the first epoch.
    """
    from core.notebook import foreground
    from core.notebook.training_result import TrainingResult

    run = foreground.train(
        str(source),
        preset=preset,
        name=name,
        layout=layout,
        settings=settings,
        despite_memory=despite_memory,
    )
    return TrainingResult(run)


def load(run: str | Path) -> TrainingResult:
    """Return the result of an earlier run, given its id in the workspace or its folder.

    Raises:
        LabError: the run does not exist.
    """
    from core import runs
    from core.notebook.training_result import TrainingResult

    return TrainingResult(runs.find(run))


def compare(first: TrainingResult, second: TrainingResult) -> Verdict:
    """Test whether one of two trained models is better, or the difference is luck, on their test images.

    Raises:
        LabError: one of the runs has no result.
    """
    from core.notebook import training_result

    return training_result.compare(first, second)


def would_more_images_help(
    source: str | Path = "garden", *, preset: str = "", layout: str = "", seeds: int = 3, **settings: Any
) -> Answer:
    """Measure how the score grows with the training images, and say what twice as many would add.

    Trains in this process on a quarter, a half and all of the training images, ``seeds`` times each. The runs
    are ordinary ones; those that are there already are not trained again.

    Args:
        seeds: runs on each share of the images, at least 2.
        source, preset, layout, settings: as for :func:`train`.

    Raises:
        LabError: as for :func:`train`.
    """
    from core.more_images import SHARES, Study
    from core.notebook import foreground

    config = foreground.settled_config(str(source), preset=preset, layout=layout, settings=settings)
    return foreground.measure_more_images(Study(config, SHARES, seeds))
