"""Results of a run as typed data, validated when read: ``report.json``, lines of ``metrics.jsonl`` and
``watched.jsonl``.

The worker writes it; pages, comparisons, exports and the import read it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, FailFast, Field, FiniteFloat, model_validator
from typing_extensions import TypedDict  # the one that pydantic can check before Python 3.12

from core import words
from core.files import Count

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Counts = dict[str, dict[str, Count]]
"""Images by split (train, validation, test) and class name."""
Environment = dict[str, str]
"""The environment of a run, by name: versions of Python and packages, system, processor, cores."""

MAX_CLASSES, MAX_EPOCHS = 10_000, 10_000

Metric = Literal["loss", "accuracy", "val_loss", "val_accuracy"]
"""A key of :class:`Epoch` that has a learning curve."""

Stage = Literal["head", "fine_tuning"]
"""What an epoch trains of a pretrained network: its new last layer alone, or part of it too."""


class Epoch(TypedDict):
    """The metrics of one epoch, numbered from 1; NaN and infinite values are None.

    Losses are in nats per image and accuracies in [0, 1]: of the training images while the weights change,
    and of the validation images (``val_``) at its end. ``seconds`` includes the validation. ``stage`` is
    given for pretrained networks only.
    """

    epoch: Annotated[int, Field(ge=1, le=MAX_EPOCHS)]
    loss: NotRequired[FiniteFloat | None]
    accuracy: NotRequired[FiniteFloat | None]
    val_loss: NotRequired[FiniteFloat | None]
    val_accuracy: NotRequired[FiniteFloat | None]
    seconds: NotRequired[FiniteFloat | None]
    stage: NotRequired[Stage]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class WatchedImage(_Part):
    """What the model predicts, in the middle of its training, for one validation image."""

    id: str
    label: str
    predicted: str
    confidence: Share


class Watched(_Part):
    """The predictions for a few validation images after one epoch; the images stay the same in all epochs."""

    epoch: Annotated[int, Field(ge=1, le=10**6)]
    images: tuple[WatchedImage, ...]


class Proportion(_Part):
    """``correct`` of ``total`` as a share in [0, 1] with its 95% CI; all three are None without images."""

    value: Share | None
    low: Share | None
    high: Share | None
    correct: Count
    total: Count

    @model_validator(mode="after")
    def _check_all_or_none(self) -> Proportion:
        known = [number is not None for number in (self.value, self.low, self.high)]
        if any(known) != all(known) or any(known) != (self.total > 0) or self.correct > self.total:
            raise ValueError("value, low, high, correct and total contradict each other")
        return self

    def __str__(self) -> str:
        """``71.4% (95% CI: 64.3 to 77.6%; 125 of 175)``."""
        return words.accuracy(self.value, self.low, self.high, self.correct, self.total)


class Baseline(Proportion):
    """The accuracy of always predicting ``class_name``, the most frequent class of the training split."""

    class_name: str
    split: str = "test"


class ClassScores(_Part):
    """Precision and recall of one class with their 95% CIs, F1, and its number of test images (support).

    Precision is None if the class was never predicted, recall if it has no images, F1 if both apply.
    """

    class_name: str
    precision: Share | None
    precision_low: Share | None
    precision_high: Share | None
    recall: Share | None
    recall_low: Share | None
    recall_high: Share | None
    f1: Share | None
    support: Count

    @model_validator(mode="after")
    def _check_all_or_none(self) -> ClassScores:
        for score in (
            (self.precision, self.precision_low, self.precision_high),
            (self.recall, self.recall_low, self.recall_high),
        ):
            if len({number is None for number in score}) > 1:
                raise ValueError("a score without its interval, or an interval without its score")
        return self


class LayerSummary(_Part):
    """One layer: its output shape (height, width, channels) or (units,), and its number of parameters."""

    name: str
    kind: str
    output: tuple[Count, ...]
    parameters: Count


class SkippedFile(_Part):
    """A file of the data set that could not be read as an image, and why."""

    file: str
    reason: str


class Training(_Part):
    """Facts about a run that only its training knows, besides the predictions.

    Attributes:
        kept_epoch: the epoch (from 1) whose weights were kept.
        images_per_second: training speed.
        seconds: time from the start of the run to its report, of all parts of a resumed run together.
        precision: numeric precision of training, ``float32`` or ``bfloat16``.
        data_version: fingerprint of the images and their labels.
        split_fingerprint: fingerprint of the split; runs that share both can be compared image by image.
        groups: groups that were kept whole, such as patients, by split; empty without groups.
        pixel_ranges: the values shown as black and as white in images of more than 8 bits, by kind
            (``integer`` or ``floating``) as far as there are any; the model expects the same of other images.
        feature_images: images whose features a pretrained network computed for this run; those of others
            were at hand.
    """

    kept_epoch: Count
    images_per_second: Annotated[FiniteFloat, Field(ge=0)]
    seconds: Annotated[FiniteFloat, Field(ge=0, lt=2**33)]
    parameters: Count
    summary: tuple[LayerSummary, ...] = ()
    precision: str
    data_version: str
    split_fingerprint: str
    groups: dict[str, Count] = Field(default_factory=dict)
    pixel_ranges: dict[str, tuple[FiniteFloat, FiniteFloat]] = Field(default_factory=dict)
    skipped: tuple[SkippedFile, ...] = ()
    environment: Environment
    feature_images: Count = 0


class Report(Training):
    """The full report on the kept model; every score except ``val_accuracy`` is on the test images.

    Attributes:
        schema_version: version of the file format (``schema`` in the file); 1 if the file has none.
        class_names: C names, in the order of the matrix, ``per_class`` and the predictions.
        mean_f1: unweighted mean over the classes that have an F1 (macro F1).
        confusion_matrix: (C, C) images by true class (row) and predicted class (column).
    """

    model_config = ConfigDict(populate_by_name=True)

    schema_version: Annotated[Literal[1], Field(alias="schema")] = 1
    class_names: Annotated[tuple[str, ...], Field(min_length=1, max_length=MAX_CLASSES)]
    test_accuracy: Proportion
    val_accuracy: Proportion
    baseline_accuracy: Baseline
    mean_f1: Share | None
    per_class: Annotated[tuple[ClassScores, ...], FailFast()]
    confusion_matrix: Annotated[tuple[Annotated[tuple[Count, ...], FailFast()], ...], FailFast()]
    counts: Counts

    @model_validator(mode="after")
    def _check_sizes(self) -> Report:
        classes = len(self.class_names)
        rows = {len(row) for row in self.confusion_matrix}
        if {len(self.confusion_matrix), len(self.per_class), *rows} != {classes}:
            raise ValueError(f"its parts do not all have {classes} classes")
        return self

    @property
    def balanced_accuracy(self) -> float | None:
        """The plain mean of recall over the classes that have test images: each class counts the same.

        Guessing one class scores 1 / C, however large that class is. See Brodersen et al., "The balanced
        accuracy and its posterior distribution", ICPR 2010.
        """
        known = [scores.recall for scores in self.per_class if scores.recall is not None]
        return sum(known) / len(known) if known else None

    @property
    def is_better_than_guessing(self) -> bool:
        """Whether the 95% CI of the test accuracy lies entirely above the baseline accuracy."""
        low, guess = self.test_accuracy.low, self.baseline_accuracy.value
        return low is not None and guess is not None and low > guess

    def as_json(self) -> dict[str, Any]:
        """Plain values under the keys of ``report.json``."""
        return self.model_dump(mode="json", by_alias=True)
