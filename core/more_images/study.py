"""The runs that show how the score grows with the number of training images: queued, followed, stopped.

Nothing about a study is stored: it is read from the runs whose settings it wants, wherever they come from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import lru_cache

from core import datasets, engine, runs
from core.config import SETTINGS, RunConfig
from core.errors import LabError
from core.runs import Labels, Run, Submission
from core.sweeps.plan import SUBSET, repeated
from core.training import cost_estimate
from core.training.cost_estimate import Estimate
from core.words import percent, setting_value

SHARES = (0.25, 0.5, 1.0)
SEEDS = 3
_UNFINISHED = frozenset({"stopped", "interrupted", "failed"})
_PER_PASS = ("fit.epochs", "fit.patience", "fit.fine_tune_epochs")
"""Settings that count passes through the training images."""


@dataclass(frozen=True)
class Study:
    """The same settings on several shares of the training images, with several seeds each.

    base: settings on all training images, with the first seed.
    """

    base: RunConfig
    shares: tuple[float, ...] = SHARES
    seeds: int = SEEDS

    def __post_init__(self) -> None:
        if self.seeds < 2:
            raise LabError(
                "With fewer than 2 seeds, what is chance cannot be told from what the images bring."
            )
        if self.base.data.training_subset != 1:
            raise LabError(
                "Whether more images would help is measured from a run on all training images; this one took "
                f"{percent(self.base.data.training_subset, 0)} of them."
            )

    @property
    def group(self) -> str:
        """The group of the runs that are queued for it."""
        settings = self.base.model_dump_json().encode()
        return f"images-{hashlib.blake2b(settings, digest_size=6).hexdigest()}"

    def configs(self) -> tuple[RunConfig, ...]:
        """Return the settings of its runs, one seed after the other.

        The largest share comes first, since its images and features serve the smaller ones too.
        """
        return _configs(self)

    def runs(self, among: Iterable[tuple[Run, RunConfig]] | None = None) -> dict[RunConfig, Run]:
        """Return its runs so far by their settings; a finished one is preferred to another, a later one too.

        Runs on the images of an earlier version of the data set do not count.

        Args:
            among: runs with their settings, newest first; by default all of the workspace.
        """
        wanted = {config.effective: config for config in self.configs()}
        version, found = _version(self.base), dict[RunConfig, Run]()
        for run, config in readable() if among is None else among:
            meant = wanted.get(config.effective)
            if meant is None or not _is_on(version, run):
                continue
            if meant not in found or _is_better(run, found[meant]):
                found[meant] = run
        return found

    @property
    def is_finished(self) -> bool:
        """Whether each of its runs has ended with a result."""
        existing, wanted = self.runs(), self.configs()
        states = [existing[config].status.state for config in wanted if config in existing]
        return states == ["done"] * len(wanted)


@lru_cache(maxsize=64)  # asked several times at every click
def _configs(study: Study) -> tuple[RunConfig, ...]:
    shares = sorted(study.shares, reverse=True)
    by_share = [repeated(at(study.base, share), study.seeds) for share in shares]
    return tuple(configs[number] for number in range(study.seeds) for configs in by_share)


def at(base: RunConfig, share: float) -> RunConfig:
    """Return the settings on a share of the training images, with as many weight updates as on all of them.

    Otherwise a smaller share would also mean a shorter training, and its lower score would be put down to the
    images. Passes through the images are limited by what the settings allow.
    """
    counts = {path: round(base.get(path) / share) for path in _PER_PASS if path not in base.without_effect}
    limits = {path: SETTINGS[path].maximum or count for path, count in counts.items()}
    return base.replace({SUBSET: share, **{path: int(min(counts[path], limits[path])) for path in counts}})


def start(study: Study, submission: Submission = Submission()) -> list[Run]:
    """Queue the runs that are missing, and resume those that were cut off; return them.

    Raises:
        LabError: a run cannot be queued.
    """
    existing = study.runs()
    cut_off = [run for run in existing.values() if run.status.state in _UNFINISHED]
    engine.resume_all([run for run in cut_off if not run.status.too_large], submission)
    lacking = [config for config in study.configs() if config not in existing]
    return [*cut_off, *engine.submit_all(((config, labels(study, config)) for config in lacking), submission)]


def time_left(parts: Iterable[tuple[Study, int, Container[RunConfig]]]) -> Estimate:
    """Return how long the runs take that studies lack.

    Args:
        parts: studies, each with the number of all its training images and the settings of what it has.
    """
    lacking = [
        (config, round(training * config.data.training_subset))
        for study, training, existing in parts
        for config in study.configs()
        if config not in existing
    ]
    return cost_estimate.total([config for config, _ in lacking], [images for _, images in lacking])


def stop(study: Study) -> None:
    """Stop what was queued for it; finished runs stay, and starting again goes on from there."""
    engine.stop_all(run for run in study.runs().values() if _is_waiting(study, run))


def is_under_way(study: Study, existing: Iterable[Run]) -> bool:
    """Whether some of its runs are queued or in progress because of it."""
    return any(_is_waiting(study, run) for run in existing)


def labels(study: Study, config: RunConfig) -> Labels:
    """Return the labels of one of its runs: what distinguishes it, and the group."""
    network = setting_value("model.network", config.model.network)
    share = percent(config.data.training_subset, 0)
    name = f"{network[:1].upper()}{network[1:]}, {share} of the training images, Seed {config.fit.seed}"
    return Labels(name=name, group=study.group)


def _is_waiting(study: Study, run: Run) -> bool:
    return run.status.waiting and run.labels.group == study.group


def _is_better(run: Run, other: Run) -> bool:
    return run.status.state == "done" and other.status.state != "done"


def _version(base: RunConfig) -> str:
    """Return the version of the data set that a run would be trained on now; empty if it cannot be opened."""
    try:
        return datasets.open(base.data.source, base.data.version).version
    except LabError:
        return ""


def _is_on(version: str, run: Run) -> bool:
    try:
        report = run.report()
    except LabError:
        return False
    return report is None or version in ("", report.data_version)


def readable() -> list[tuple[Run, RunConfig]]:
    """Return all runs of the workspace, newest first, whose settings can be read."""
    found = []
    for run in runs.all():
        try:
            found.append((run, run.config))
        except LabError:
            continue
    return found
