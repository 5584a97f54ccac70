"""Execute one run, from its settings to its report. ``python -m core.worker RUN_DIR`` does so in the
foreground.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.processes import ctrl_c

if __name__ == "__main__":
    ctrl_c.ends_at_once()

import filelock
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core import datasets, files, runs, sweeps
from core.config import DataConfig, RunConfig
from core.data import pixel_cache
from core.data.dataset import Dataset
from core.data.stored_images import Images
from core.datasets import Selection
from core.errors import LabError, Stopped
from core.evaluation import metrics
from core.export import mlflow_mirror
from core.report import Epoch, LayerSummary, SkippedFile, Training
from core.runs import Parent, Predictions, Run, Status
from core.training import environment, memory_estimate, network_layers, pretrained_weights, watched_images
from core.training.status_writer import StatusWriter
from core.words import printable

if TYPE_CHECKING:
    from core.ml.networks import Networks
    from core.ml.stages import Prepared
    from core.ml.train import Trained

_LEFT_SECONDS = 2.0
"""What is half-written in a run's folder for this long was left by a killed process; no other writes it."""
LOG_FORMAT = "%(asctime)s %(name)s %(message)s"

log = logging.getLogger(__name__)
terminating = threading.Event()


class Taken(LabError):
    """Another process is already executing the run."""


@dataclass(frozen=True)
class Part:
    """One split of a run: ids (N,), images (N, S, S, 3), labels (N,) as class indices, and groups (N,).

    Groups are what the images belong to, such as patients; None where they are independent.
    """

    ids: NDArray[np.str_]
    images: Images
    labels: NDArray[np.int64]
    groups: NDArray[np.int64] | None


def carry_out(
    run: Run, watch: Callable[[Status], None] = lambda status: None, networks: Networks | None = None
) -> Status:
    """Load, train, predict and report. Errors are recorded in the run's state.

    Args:
        watch: called with every status.
        networks: networks to reuse across runs; makes all but the first run start sooner without changing
            any result.

    Returns:
        The final status: done, stopped, diverged, failed or interrupted.
    """
    runs.sweep(run, _LEFT_SECONDS)
    with _alone(run), _logged_to(run), StatusWriter(run, terminating=terminating, watch=watch) as writer:
        mlflow_mirror.begin(run)
        dataset = _prepared(run.config.data, writer)
        writer.update(data_version=dataset.version)
        selection = _selected(dataset, run.config.data)
        short = memory_estimate.check_start(run.config, len(selection.class_names), run.submission)
        writer.update(if_killed=short)
        _check_same_data(run.parent, dataset, selection)
        weights = _weights(run.config, writer)
        parts = _load(run, dataset, selection, writer)
        pretrained, networks = _prepare(run.config, weights, dataset, selection, parts, writer, networks)
        trained = _train(run, parts, selection.class_names, writer, pretrained, networks)
        if terminating.is_set():
            raise Stopped("The process was asked to end.")
        predictions = _predict(run, trained, parts, pretrained)
        run.write_report(
            metrics.report(
                selection.class_names,
                predictions["validation"],
                predictions["test"],
                counts=selection.counts(),
                training=_training(
                    run, dataset, selection, trained, writer, pretrained.computed if pretrained else 0
                ),
            )
        )
        writer.update(state="stopped" if trained.stopped else "done", message=writer.status.pruned)
    runs.sweep(run, _LEFT_SECONDS)
    return run.status


def main(arguments: list[str]) -> int:
    """Run as a process; return the exit code."""
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    signal.signal(signal.SIGTERM, lambda *_: terminating.set())
    if len(arguments) != 1:
        print("usage: python -m core.worker RUN_DIR", file=sys.stderr)
        return 2
    try:
        ctrl_c.interrupts()
        return 0 if carry_out(runs.open_folder(Path(arguments[0]))).state == "done" else 1
    except LabError as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return ctrl_c.INTERRUPTED


def _prepared(data: DataConfig, writer: StatusWriter) -> Dataset:
    version = data.version or writer.status.data_version
    try:
        return datasets.open(data.source, version)
    except datasets.NotPrepared:
        datasets.prepare(data.source, progress=writer.preparing, should_stop=writer.should_stop_preparing)
        return datasets.open(data.source, version)


@lru_cache(maxsize=1)
def _selected(dataset: Dataset, data: DataConfig) -> Selection:
    """Cached for the runs of a sweep: splitting thousands of images takes a while."""
    return datasets.select(dataset, data)


def _check_same_data(parent: Parent | None, dataset: Dataset, selection: Selection) -> None:
    """A run that is continued on another split would have trained on what is now a test image."""
    if parent is None:
        return
    if (dataset.version, selection.fingerprint) != (parent.data_version, parent.split_fingerprint):
        raise LabError(
            f"This run continues {parent.run}, but the images or their split are no longer the same, so "
            "images that it has learned could be among the test images. Start a new run instead."
        )


def _weights(config: RunConfig, writer: StatusWriter) -> Path | None:
    """Before anything that takes longer: whether they can be had decides whether the run can be."""
    if config.backbone is None:
        return None
    return pretrained_weights.get(
        config.backbone, progress=writer.preparing, should_stop=writer.should_stop_preparing
    )


def _load(run: Run, dataset: Dataset, selection: Selection, writer: StatusWriter) -> dict[str, Part]:
    rows, data = selection.rows, run.config.data
    images = pixel_cache.load(
        dataset,
        rows,
        data.image_size,
        data.resize,
        progress=writer.preparing,
        should_stop=writer.should_stop_preparing,
    )
    labels = pd.Categorical(rows["label"], categories=selection.class_names).codes.astype(np.int64)
    ids = rows["id"].to_numpy(dtype=str)
    indices = {split: np.flatnonzero(rows["split"] == split) for split in ("train", "validation", "test")}
    groups = rows["together"].to_numpy(np.int64) if "together" in rows else None
    return {
        split: Part(
            ids[index], images.select(index), labels[index], None if groups is None else groups[index]
        )
        for split, index in indices.items()
    }


def _prepare(
    config: RunConfig,
    weights: Path | None,
    dataset: Dataset,
    selection: Selection,
    parts: dict[str, Part],
    writer: StatusWriter,
    networks: Networks | None,
) -> tuple[Prepared | None, Networks | None]:
    """Have a pretrained network look at the images, unless their features are stored."""
    if weights is None:
        return None, networks
    from core.ml import transfer
    from core.ml.networks import Networks

    networks = networks or Networks()
    prepared = transfer.prepare(
        config,
        dataset,
        selection.rows,
        parts["train"].images,
        weights,
        networks=networks,
        progress=writer.preparing,
        should_stop=writer.should_stop_preparing,
    )
    return prepared, networks


def _train(
    run: Run,
    parts: dict[str, Part],
    class_names: Sequence[str],
    writer: StatusWriter,
    pretrained: Prepared | None,
    networks: Networks | None,
) -> Trained:
    from core.ml import portable_file, train

    def on_epoch(history: list[Epoch]) -> None:
        run.append_metrics(history[-1])
        writer.update(pruned=sweeps.reason_to_prune(run))

    validation = parts["validation"]
    few = watched_images.choose(validation.labels)
    ids, labels = validation.ids[few], validation.labels[few]

    def on_watched(epoch: int, probabilities: NDArray[np.float64]) -> None:
        run.append_watched(watched_images.predicted(epoch, ids, labels, probabilities, class_names))

    return train.train(
        run.config,
        len(class_names),
        training=(parts["train"].images, parts["train"].labels),
        validation=(validation.images, validation.labels),
        checkpoint_folder=run.checkpoint_path,
        pretrained=pretrained,
        before=run.metrics()[: run.parent.epochs] if run.parent else [],
        networks=networks,
        on_start=run.write_metrics,
        on_batch=writer.batch,
        on_epoch=on_epoch,
        watched=validation.images[few],
        on_watched=on_watched,
        on_best=portable_file.Saver(run.model_path).save,
        should_stop=writer.should_stop,
    )


def _predict(
    run: Run, trained: Trained, parts: dict[str, Part], pretrained: Prepared | None
) -> dict[str, Predictions]:
    from core.ml import portable_file, train

    portable_file.save(trained.model, run.model_path)
    predictions = {}
    for split in ("validation", "test"):
        part = parts[split]
        if pretrained is not None and trained.head is not None:
            probabilities = train.predict(trained.head, pretrained.features[split])
        else:
            probabilities = train.predict(trained.model, part.images)
        predictions[split] = Predictions(part.ids, part.labels, probabilities, part.groups)
    run.write_predictions(**predictions)
    return predictions


def _training(
    run: Run,
    dataset: Dataset,
    selection: Selection,
    trained: Trained,
    writer: StatusWriter,
    feature_images: int,
) -> Training:
    return Training(
        kept_epoch=trained.kept_epoch,
        images_per_second=trained.images_per_second,
        seconds=writer.status.seconds_before + max(time.time() - writer.status.started, 0.0),
        parameters=trained.model.count_params(),
        summary=tuple(
            LayerSummary(name=layer.name, kind=layer.kind, output=layer.output, parameters=layer.parameters)
            for layer in network_layers.layers(run.config, len(selection.class_names))
        ),
        precision=trained.precision,
        data_version=dataset.version,
        split_fingerprint=selection.fingerprint,
        groups=selection.group_counts(),
        pixel_ranges=dataset.ranges.by_kind() if dataset.ranges else {},
        skipped=tuple(SkippedFile(**one) for one in dataset.skipped),
        environment=environment.describe(),
        feature_images=feature_images,
    )


@contextmanager
def _alone(run: Run) -> Iterator[None]:
    """Ensure that only one process executes a run, even if it was started twice."""
    lock = filelock.FileLock(run.path / "lock", timeout=0)
    with files.explained(run.path / "lock"):
        try:
            lock.acquire()
        except filelock.Timeout:  # an OSError too, which would be explained as a full disk
            raise Taken(f"Run {run.title} is already being executed by another process.") from None
    try:
        yield
    finally:
        lock.release()


class _RunLog(logging.FileHandler):
    """A run's own log, which a full disk may cut off: that must end nothing."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Say nothing: the status says that the disk is full."""

    def close(self) -> None:
        """Close the file; what could not be written is lost."""
        with suppress(OSError):
            super().close()


@contextmanager
def _logged_to(run: Run) -> Iterator[None]:
    """Also write the log to the run's own log.txt."""
    path = run.path / "log.txt"
    with files.explained(path):
        handler = _RunLog(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
