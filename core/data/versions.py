"""Versions of a data set: every exclusion, relabel and addition is a recorded step that can be undone.

``steps.json`` beside the index holds all steps ever taken, including undone ones, so every earlier version
can be restored. The user's files are never touched. A version is identified by the fingerprint of its images
and labels (``Dataset.version``), which runs record.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
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

Kind = Literal["exclude", "relabel", "put_back", "confirm", "add", "undo"]
NOT_INCLUDED = "not part of this version"
"""Why an image that was added later, or whose adding was undone, is excluded."""


@dataclass(frozen=True)
class Step:
    """A recorded change to a data set.

    Attributes:
        number: 1 for the first step of a data set.
        time: seconds since 1970.
        kind: the type of change.
        reason: the reason, shown to the user.
        ids: the images it applies to.
        label: the new class, for a relabel.
        undoes: the number of the step that an undo reverts.
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
    """The changes from one version to another: ids, and for relabels the old and the new class."""

    left: tuple[str, ...]
    came: tuple[str, ...]
    relabelled: tuple[tuple[str, str, str], ...]


def exclude(dataset: Dataset, ids: Iterable[str], reason: str) -> Step:
    """Exclude images from now on; ``datasets.open`` returns the new version.

    Raises:
        LabError: none of the images is in use, or the step cannot be written.
    """
    return _record(dataset.path, "exclude", _matching(dataset.usable, ids, "in use"), reason)


def put_back(dataset: Dataset, ids: Iterable[str], reason: str) -> Step:
    """Include excluded images again.

    Raises:
        LabError: none of the images is excluded, or the step cannot be written.
    """
    excluded = dataset.index[dataset.index["excluded"] != ""]
    return _record(dataset.path, "put_back", _matching(excluded, ids, "excluded"), reason)


def relabel(dataset: Dataset, ids: Iterable[str], label: str, reason: str) -> Step:
    """Assign images to another class.

    Raises:
        LabError: the class does not exist, no image would change class, or the step cannot be written.
    """
    if label not in dataset.class_names:
        raise LabError(f"Data set '{dataset.title}' has no class '{label}'.")
    others = dataset.usable[dataset.usable["label"] != label]
    return _record(
        dataset.path,
        "relabel",
        _matching(others, ids, f"in use with a class other than '{label}'"),
        reason,
        label,
    )


def add(path: Path, ids: Iterable[str], reason: str) -> Step:
    """Record in a data set's folder that images are new, so that the versions without them stay.

    Raises:
        LabError: the step cannot be written.
    """
    return _record(path, "add", tuple(ids), reason)


def confirm(dataset: Dataset, ids: Iterable[str], reason: str) -> Step:
    """Record that the labels of images were reviewed and found correct; the version stays the same.

    Raises:
        LabError: none of the images is in use, or the step cannot be written.
    """
    return _record(dataset.path, "confirm", _matching(dataset.usable, ids, "in use"), reason)


def confirmed(recorded: Sequence[Step]) -> frozenset[str]:
    """Ids of the images whose labels were reviewed and found correct."""
    return frozenset(id for step in in_force(recorded) if step.kind == "confirm" for id in step.ids)


def undo(dataset: Dataset, number: int | None = None) -> Step:
    """Undo a step, by default the last one in force; undoing an undo restores its step.

    Raises:
        LabError: there is no such step, it has been undone already, or the undo cannot be written.
    """
    with _changing(dataset.path) as recorded:
        numbers = [step.number for step in (in_force(recorded) if number is None else recorded)]
        if not numbers or number not in (None, *numbers):
            which = "step" if number is None else f"step {number}"
            raise LabError(f"Data set '{dataset.title}' has no {which} to undo.")
        if number in undone(recorded):
            raise LabError(f"Step {number} has been undone already, perhaps in another window.")
        return _append(dataset.path, recorded, "undo", (), "undone", undoes=number or numbers[-1])


def steps(path: Path) -> tuple[Step, ...]:
    """All steps ever recorded in a data set's folder, oldest first.

    Raises:
        LabError: steps.json is damaged.
    """
    recorded = files.read_model(path / "steps.json", tuple[Step, ...], missing=())
    if [step.number for step in recorded] != list(range(1, len(recorded) + 1)):
        raise LabError(f"steps.json in {path} is damaged: its steps are not numbered consecutively from 1.")
    return recorded


def in_force(recorded: Sequence[Step]) -> tuple[Step, ...]:
    """The steps that have not been undone, oldest first."""
    reverted = undone(recorded)
    return tuple(step for step in recorded if step.kind != "undo" and step.number not in reverted)


def undone(recorded: Sequence[Step]) -> set[int]:
    """The numbers of the steps, undos included, that an undo in force reverts."""
    numbers: set[int] = set()
    for step in reversed(recorded):
        if step.kind == "undo" and step.number not in numbers:
            numbers.add(step.undoes)
    return numbers


def apply(index: pd.DataFrame, recorded: Sequence[Step], later: Sequence[Step] = ()) -> pd.DataFrame:
    """Apply the steps to the index; sets ``label``, ``folder_label`` (original) and ``excluded`` (why).

    Images that only a ``later`` step adds are excluded.

    A relabel to a class that no file has as its own is not applied, see :func:`not_applied`.
    """
    labels: dict[str, str] = {}
    added = (id for step in (*recorded, *later) if step.kind == "add" for id in step.ids)
    excluded: dict[str, str] = dict.fromkeys(added, NOT_INCLUDED)
    original = index["folder_label"] if "folder_label" in index else index["label"]
    classes = set(original.unique())
    for step in in_force(recorded):
        if step.kind == "exclude":
            excluded |= dict.fromkeys(step.ids, step.reason)
        elif step.kind == "relabel" and step.label in classes:
            labels |= dict.fromkeys(step.ids, step.label)
        elif step.kind in ("add", "put_back"):
            back = set(step.ids)
            excluded = {id: reason for id, reason in excluded.items() if id not in back}
    none = pd.Series("", index.index, dtype="str")
    return index.assign(
        folder_label=original,
        label=_replaced(original.astype("str"), index["id"], labels),
        excluded=_replaced(none, index["id"], excluded),
    )


def _replaced(values: pd.Series, ids: pd.Series, of_ids: dict[str, str]) -> pd.Series:
    """Return values with those of some ids replaced; few of very many, mostly."""
    changed = ids.isin(of_ids.keys())
    return values.mask(changed, ids[changed].map(of_ids)) if changed.any() else values


def not_applied(dataset: Dataset) -> tuple[Step, ...]:
    """The relabels in force whose class the data set lacks, as its files are read now.

    They are kept, and count again once the class is there.
    """
    classes = set(dataset.class_names)
    return tuple(
        step for step in in_force(steps(dataset.path)) if step.kind == "relabel" and step.label not in classes
    )


def earlier(index: pd.DataFrame, recorded: Sequence[Step]) -> Iterator[pd.DataFrame]:
    """Yield the index as it was after each step, newest first, ending with the original index."""
    for last in range(len(recorded), -1, -1):
        yield apply(index, recorded[:last], recorded[last:])


def after(dataset: Dataset, count: int) -> Dataset:
    """The data set as it was after its first ``count`` steps; 0 is the original."""
    recorded = steps(dataset.path)
    index = apply(dataset.index, recorded[:count], recorded[count:])
    return of_index(dataset, index)


def of_index(dataset: Dataset, index: pd.DataFrame) -> Dataset:
    """The version of a data set that has this index, without the classes that were added later."""
    rows = usable(index)
    present = set(index.loc[index["excluded"] != NOT_INCLUDED, "label"])
    names = tuple(name for name in dataset.class_names if name in present)
    return replace(dataset, index=index, usable=rows, version=fingerprint(rows), class_names=names)


def usable(index: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a readable image and are not excluded."""
    return index[(index["problem"] == "") & (index["excluded"] == "")]


def compare(older: Dataset, newer: Dataset) -> Comparison:
    """Compare two versions of a data set: images removed, added and moved to another class."""
    before, after = (dataset.usable.set_index("id")["label"] for dataset in (older, newer))
    both = before.index.intersection(after.index)
    changed = both[before[both] != after[both]]
    return Comparison(
        left=tuple(before.index.difference(after.index, sort=False)),
        came=tuple(after.index.difference(before.index, sort=False)),
        relabelled=tuple((str(id), str(before[id]), str(after[id])) for id in changed),
    )


def _matching(rows: pd.DataFrame, ids: Iterable[str], condition: str) -> tuple[str, ...]:
    wanted = list(dict.fromkeys(ids))
    present = set(rows["id"])
    chosen = tuple(id for id in wanted if id in present)
    if not chosen:
        raise LabError(f"Nothing to change: none of the selected images is {condition}.")
    return chosen


def _record(folder: Path, kind: Kind, ids: tuple[str, ...], reason: str, label: str = "") -> Step:
    with _changing(folder) as recorded:
        return _append(folder, recorded, kind, ids, reason, label)


@contextmanager
def _changing(folder: Path) -> Iterator[tuple[Step, ...]]:
    """The steps so far, while no other process adds one."""
    with files.explained(folder / "steps.json"), filelock.FileLock(folder / "steps.lock"):
        yield steps(folder)


def _append(
    folder: Path,
    recorded: tuple[Step, ...],
    kind: Kind,
    ids: tuple[str, ...],
    reason: str,
    label: str = "",
    undoes: int = 0,
) -> Step:
    step = Step(len(recorded) + 1, time.time(), kind, reason.strip() or "by hand", ids, label, undoes)
    files.write_json(folder / "steps.json", [asdict(one) for one in (*recorded, step)])
    return step
