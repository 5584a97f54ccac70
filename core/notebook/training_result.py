"""The result of a training for a script or notebook: tables, scores and figures."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from core import config as settings_of
from core import example
from core.comparison import pairing, verdicts
from core.comparison.verdicts import Verdict
from core.config import RunConfig
from core.data import pixel_cache
from core.errors import LabError
from core.evaluation import confusion, metrics
from core.explain.heatmaps import Request
from core.export import exporting, figures, map_figure
from core.export.exporting import Export
from core.export.heatmap_grid import Explained, heatmap_grid
from core.export.map_figure import MapOfImages
from core.image_map.table import ColourBy
from core.notebook import predict_files
from core.prediction.sureness import AIM
from core.report import Proportion, Report
from core.runs import Predictions, Run

IMAGE_SIDE = 320
"""Side of images in figures, in pixels: larger than the network's input, in the same shape as heatmaps."""


@dataclass(frozen=True, repr=False)
class TrainingResult:
    """A run and its results, read from its folder on demand.

    Scores, tables and figures raise LabError until the run has a report.
    """

    run: Run

    @property
    def id(self) -> str:
        """The run's id; ``core.load(id)`` returns this result."""
        return self.run.id

    @property
    def history(self) -> pd.DataFrame:
        """A row per epoch: epoch (from 1), loss, accuracy, val_loss, val_accuracy, seconds."""
        return pd.DataFrame(self.run.metrics())

    @property
    def report(self) -> Report:
        """The full report on the model of the best epoch."""
        report = self.run.report()
        if report is None:
            raise LabError(f"Run {self.run.title} has no result (state: {self.run.status.state}).")
        return report

    @property
    def test_accuracy(self) -> Proportion:
        """Accuracy on the test images, used neither for training nor for choosing the best epoch."""
        return self.report.test_accuracy

    @property
    def val_accuracy(self) -> Proportion:
        """Accuracy on the validation images, which were used to choose the best epoch."""
        return self.report.val_accuracy

    @property
    def class_names(self) -> list[str]:
        """C class names, in the order used by all tables and predicted probabilities."""
        return list(self.report.class_names)

    @property
    def per_class(self) -> pd.DataFrame:
        """A row per class, on the test images: precision and recall with 95% intervals, F1, support."""
        return pd.DataFrame([scores.model_dump() for scores in self.report.per_class]).set_index("class_name")

    @property
    def confusion_matrix(self) -> pd.DataFrame:
        """Test images (C, C), counted by true class (rows) and predicted class (columns)."""
        names = self.class_names
        rows, columns = pd.Index(names, name="true"), pd.Index(names, name="predicted")
        return pd.DataFrame(np.array(self.report.confusion_matrix), rows, columns)

    def plot_history(self) -> Figure:
        """Plot accuracy and loss by epoch, with the best epoch marked."""
        return figures.learning_curves(self.run.metrics(), self.report.kept_epoch)

    def plot_confusion_matrix(self, *, normalize: bool = False) -> Figure:
        """Plot the confusion matrix as counts, or as percentages of the true class."""
        return figures.confusion_matrix(self.confusion_matrix, self.class_names, normalise=normalize)

    def plot_worst_predictions(self, class_name: str | None = None, n: int = 10) -> Figure:
        """Plot the ``n`` most confident wrong predictions on the test images, for one class or all classes.

        Raises:
            LabError: the class does not exist, or the images are no longer in the data set.
        """
        class_index = self._class_index(class_name)
        test = self.run.predictions("test")
        worst = confusion.worst(test, class_index, _checked(n))
        return figures.worst_predictions(
            self._images(test.ids[[mistake.row for mistake in worst]]),
            [self.class_names[mistake.true] for mistake in worst],
            [self.class_names[mistake.predicted] for mistake in worst],
            [mistake.confidence for mistake in worst],
        )

    def plot_grad_cam(self, class_name: str | None = None, n: int = 3) -> Figure:
        """Plot where the model looks in ``n`` test images: the most confident wrong predictions.

        Correct predictions follow if there are too few wrong ones. Each row shows the image, and overlaid on
        it the evidence for the predicted and the true class. The heatmaps are stored in the run's folder.
        Source: Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391

        Raises:
            LabError: the class does not exist, or the images are no longer in the data set.
        """
        class_index = self._class_index(class_name)
        test = self.run.predictions("test")
        rows = _mistakes_first(test, class_index)[: _checked(n)]
        return heatmap_grid(self._explained(test, rows))

    def image_map(self, colour_by: ColourBy = "class") -> MapOfImages:
        """Place the run's images by similarity, as its network sees them: a table and a figure.

        Images side by side look alike to the network; distances between groups mean nothing. The map is made
        once, by t-SNE, and stored beside the heatmaps, where the app finds it.

        Args:
            colour_by: class; split; or mistake, whether the prediction is right.

        Raises:
            LabError: the data set is gone, or an image can no longer be read.
        """
        return map_figure.of_run(self.run, colour_by)

    def predict(self, files: str | Path | Sequence[str | Path], *, aim: float = AIM) -> pd.DataFrame:
        """Predict the classes of image files, or of all files in folders.

        Every file gets a row: one of three states (sure, not sure, unlike the training images), each with a
        promise measured on the validation images, or the reason why it cannot be read as an image.

        Args:
            files: one or several files or folders.
            aim: how often a prediction that is called sure must be right, such as 0.95.

        Returns:
            The columns of :func:`core.prediction.table.table`.

        Raises:
            LabError: a file does not exist, the model is gone, or ``aim`` is not between 0 and 1.
        """
        paths = [files] if isinstance(files, str | Path) else list(files)
        return predict_files.predict(self.run, paths, aim=aim).table()

    def export(self, path: str | Path = ".", *, format: str) -> Export:
        """Take the run along as a file, in one of the formats of :data:`core.export.formats.FORMATS`.

        A model is compared with the lab's on test images first; the result's ``proof`` has what was measured.

        Args:
            path: a folder, where it gets the run's id as its name, or a file with the format's suffix.
            format: such as ``"tflite"``.

        Raises:
            LabError: the format does not exist or needs packages that are not installed, ``path`` is neither
                a folder nor such a file, the run has no result or no model, or it cannot be written.
        """
        target = exporting.target_of(path, format)
        made = exporting.make(self.run, format)
        return replace(made, path=exporting.copy_to(made, target))

    def __repr__(self) -> str:
        """The facts of the run, one per line."""
        return "\n".join(f"{name + ':':<21}{value}" for name, value in self._facts().items())

    def _repr_html_(self) -> str:
        """The same facts as a table, for a notebook."""
        rows = (
            f'<tr><th style="text-align: left">{html.escape(name)}</th>'
            f'<td style="text-align: left">{html.escape(value)}</td></tr>'
            for name, value in self._facts().items()
        )
        return f"<table>{''.join(rows)}</table>"

    def _facts(self) -> dict[str, str]:
        config, state = self.run.config, self.run.status.state
        facts = {"Run": self.run.title, "Data set": config.data.source, "Changed settings": _changed(config)}
        epochs = f"{len(self.run.metrics())} of {config.max_epochs}"
        if self.run.has_report:
            facts["Test accuracy"] = str(self.test_accuracy)
            facts["Validation accuracy"] = str(self.val_accuracy)
            epochs += f", best epoch: {self.report.kept_epoch}"
        return {**facts, "Epochs": epochs, "State": state, "Folder": str(self.run.path)}

    def _class_index(self, class_name: str | None) -> int | None:
        names = self.class_names
        if class_name is None:
            return None
        if class_name not in names:
            suggestions = get_close_matches(class_name, names, 1) or names
            raise LabError(f"There is no class {class_name!r}. Did you mean {' or '.join(suggestions)}?")
        return names.index(class_name)

    def _images(self, ids: Sequence[str] | NDArray[np.str_]) -> list[Image.Image]:
        """Return the images cropped to squares as for the network, but larger."""
        data, dataset = self.run.config.data, example.images_of(self.run)
        rows = dataset.rows([str(image_id) for image_id in ids])
        return [
            pixel_cache.fit(dataset.image(row), IMAGE_SIDE, data.resize) for row in rows.to_dict("records")
        ]

    def _explained(self, test: Predictions, rows: NDArray[np.int64]) -> list[Explained]:
        from core.ml import assistant_tasks  # deferred: importing core must not import TensorFlow

        ids = [str(image_id) for image_id in test.ids[rows]]
        true, predicted = test.labels[rows], metrics.predicted(test)[rows]
        confidence = metrics.confidence(test)[rows]
        maps = [
            assistant_tasks.explain(self.run, [Request(image_id, index) for image_id, index in pairs])
            for pairs in (zip(ids, predicted, strict=True), zip(ids, true, strict=True))
        ]
        names, images = self.class_names, self._images(ids)
        return [
            Explained(
                images[row],
                names[true[row]],
                names[predicted[row]],
                float(confidence[row]),
                maps[0][row],
                None if true[row] == predicted[row] else maps[1][row],
            )
            for row in range(len(rows))
        ]


def compare(first: TrainingResult, second: TrainingResult) -> Verdict:
    """Return the verdict on two results, see :func:`core.compare`."""
    if first == second:
        raise LabError(f"Both results are from run {first.id}. Compare it with another run.")
    names = [first.run.title, second.run.title]
    if names[0] == names[1]:
        names = [f"{result.run.title} ({result.id})" for result in (first, second)]
    results = ([pairing.from_run(result.run)] for result in (first, second))
    return verdicts.judge(dict(zip(names, results, strict=True)))


def _mistakes_first(predictions: Predictions, class_index: int | None) -> NDArray[np.int64]:
    """Return rows of the predictions for one class or all, wrong ones first, most confident first."""
    correct = metrics.predicted(predictions) == predictions.labels
    order = np.lexsort((-metrics.confidence(predictions), correct))
    chosen: NDArray[np.int64] = (
        order if class_index is None else order[predictions.labels[order] == class_index]
    )
    return chosen


def _changed(config: RunConfig) -> str:
    """Return the settings that differ from the defaults: ``epochs=20, dropout=0.3``."""
    changed: Mapping[str, Sequence[Any]] = settings_of.differences([RunConfig(), config])
    return ", ".join(
        f"{path.rpartition('.')[2]}={value}" for path, (_, value) in changed.items() if path != "data.source"
    )


def _checked(n: int) -> int:
    if n < 1:
        raise LabError(f"n cannot be {n}; it must be at least 1.")
    return n
