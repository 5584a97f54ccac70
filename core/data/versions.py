"""Versions of a data set: every exclusion and relabel is a recorded step that can be undone.

``steps.json`` beside the index holds all steps ever taken, undone ones too, so each earlier version can be
had again. A person's files are never touched. A version is named by the fingerprint of its images and
labels (``Dataset.version``), which runs record.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import filelock
import pandas as pd

from core import files
from core.data.dataset import fingerprint
from core.errors import LabError
from core.files import Count, Moment

if TYPE_CHECKING:
    from core.data.dataset import Dataset

Kind = Literal["exclude", "relabel", "put_back", "confirm", "undo"]


@dataclass(frozen=True)
class Step:
    """Something done to a data set.

    Attributes:
        number: 1 for the first step of a data set.
        time: seconds since 1970.
        kind: what was done.
        reason: why, for a person.
        ids: the images it was done to.
        label: the new class of a relabel.
        undoes: the number of the step that an undo takes back.
    """

    number: Count
    time: Moment
    kind: Kind
    reason: str
    ids: tuple[str, ...] = ()
    label: str = ""
    undoes: Count = 0


@dataclass(frozen=True)
class Comparison:
    """What is different in the newer of two versions: ids, and for relabels the old and the new class."""

    left: tuple[str, ...]
    came: tuple[str, ...]
    relabelled: tuple[tuple[str, str, str], ...]


def exclude(dataset: Dataset, ids: Iterable[str], reason: str) -> Step:
    """Leave images out from now on; ``datasets.open`` gives the new version.

    Raises:
        LabError: none of the images is in use, or the step cannot be written.
    """
    return _record(dataset, "exclude", _those(dataset.usable, ids, "in use"), reason)


def put_back(dataset: Dataset, ids: Iterable[str], reason: str) -> Step:
    """Use excluded images again.

    Raises:
        LabError: none of the images is excluded, or the step cannot be written.
    """
    excluded = dataset.index[dataset.index["excluded"] != ""]
    return _record(dataset, "put_back", _those(excluded, ids, "excluded"), reason)


def relabel(dataset: Dataset, ids: Iterable[str], label: str, reason: str) -> Step:
    """Give images another class.

    Raises:
        LabError: there is no such class, no image changes its class, or the step cannot be written.
    """
    if label not in dataset.class_names:
        raise LabError(f"Data set '{dataset.title}' has no class '{label}'.")
    others = dataset.usable[dataset.usable["label"] != label]
    return _record(
        dataset, "relabel", _those(others, ids, f"in use with another class than '{label}'"), reason, label
    )


def confirm(dataset: Dataset, ids: Iterable[str], reason: str) -> Step:
    """Note that somebody has looked at images and found their labels right; the version stays the same.

    Raises:
        LabError: none of the images is in use, or the step cannot be written.
    """
    return _record(dataset, "confirm", _those(dataset.usable, ids, "in use"), reason)


def confirmed(recorded: Sequence[Step]) -> frozenset[str]:
    """Ids of the images whose labels somebody has found right."""
    return frozenset(id for step in in_force(recorded) if step.kind == "confirm" for id in step.ids)


def undo(dataset: Dataset, number: int | None = None) -> Step:
    """Take back a step, by default the last one in force; undoing an undo brings its step back.

    Raises:
        LabError: there is no such step, or the undo cannot be written.
    """
    taken = steps(dataset.path)
    numbers = [step.number for step in (in_force(taken) if number is None else taken)]
    if not numbers or number not in (None, *numbers):
        raise LabError(f"Data set '{dataset.title}' has no step {number or ''} to undo.".replace("  ", " "))
    return _record(dataset, "undo", (), "undone", undoes=number or numbers[-1])


def steps(path: Path) -> tuple[Step, ...]:
    """All steps ever recorded in a data set's folder, the oldest first.

    Raises:
        LabError: steps.json is damaged.
    """
    recorded = files.read_model(path / "steps.json", tuple[Step, ...], missing=())
    if [step.number for step in recorded] != list(range(1, len(recorded) + 1)):
        raise LabError(f"steps.json in {path} is damaged: its steps are not numbered from 1 on.")
    return recorded


def in_force(recorded: Sequence[Step]) -> tuple[Step, ...]:
    """The steps that are not undone, the oldest first."""
    undone: set[int] = set()
    kept: list[Step] = []
    for step in reversed(recorded):
        if step.number in undone:
            continue
        if step.kind == "undo":
            undone.add(step.undoes)
        else:
            kept.append(step)
    return tuple(reversed(kept))


def apply(index: pd.DataFrame, recorded: Sequence[Step]) -> pd.DataFrame:
    """The index after the steps: ``label`` now, ``folder_label`` before them, ``excluded`` says why."""
    labels: dict[str, str] = {}
    excluded: dict[str, str] = {}
    for step in in_force(recorded):
        if step.kind == "exclude":
            excluded |= dict.fromkeys(step.ids, step.reason)
        elif step.kind == "relabel":
            labels |= dict.fromkeys(step.ids, step.label)
        elif step.kind == "put_back":
            excluded = {id: reason for id, reason in excluded.items() if id not in set(step.ids)}
    original = index["folder_label"] if "folder_label" in index else index["label"]
    ids = index["id"].tolist()
    now = [labels.get(id, label) for id, label in zip(ids, original.tolist(), strict=True)]
    why = [excluded.get(id, "") for id in ids]
    return index.assign(
        folder_label=original,
        label=pd.Series(now, index.index, "str"),
        excluded=pd.Series(why, index.index, "str"),
    )


def earlier(index: pd.DataFrame, recorded: Sequence[Step]) -> Iterator[pd.DataFrame]:
    """The index as it was after each step, the newest first, and before all of them."""
    for count in range(len(recorded), -1, -1):
        yield apply(index, recorded[:count])


def after(dataset: Dataset, count: int) -> Dataset:
    """The data set as it was after its first ``count`` steps; 0 is as it came."""
    index = apply(dataset.index, steps(dataset.path)[:count])
    rows = usable(index)
    return replace(dataset, index=index, usable=rows, version=fingerprint(rows))


def usable(index: pd.DataFrame) -> pd.DataFrame:
    """The rows that give an image and are not excluded."""
    return index[(index["problem"] == "") & (index["excluded"] == "")]


def compare(older: Dataset, newer: Dataset) -> Comparison:
    """What left, what came and what changed its class from one version of a data set to another."""
    before, after = (dataset.usable.set_index("id")["label"] for dataset in (older, newer))
    both = before.index.intersection(after.index)
    changed = both[before[both] != after[both]]
    return Comparison(
        left=tuple(before.index.difference(after.index, sort=False)),
        came=tuple(after.index.difference(before.index, sort=False)),
        relabelled=tuple((str(id), str(before[id]), str(after[id])) for id in changed),
    )


def _those(rows: pd.DataFrame, ids: Iterable[str], what: str) -> tuple[str, ...]:
    wanted = list(dict.fromkeys(ids))
    known = set(rows["id"])
    chosen = tuple(id for id in wanted if id in known)
    if not chosen:
        raise LabError(f"Nothing changes: of {len(wanted)} images none is {what}.")
    return chosen


def _record(
    dataset: Dataset, kind: Kind, ids: tuple[str, ...], reason: str, label: str = "", undoes: int = 0
) -> Step:
    path = dataset.path / "steps.json"
    with files.explained(path), filelock.FileLock(dataset.path / "steps.lock"):
        recorded = steps(dataset.path)
        reason = reason.strip() or "by hand"
        step = Step(len(recorded) + 1, time.time(), kind, reason, ids, label, undoes)
        files.write_json(path, [asdict(one) for one in (*recorded, step)])
    return step
