"""Prepare a data set in the foreground, before a command works on it."""

from __future__ import annotations

import contextlib
import sys

from core import datasets
from core.data.dataset import Dataset
from core.errors import LabError, Undecided
from core.training.progress_bar import progress_bar
from core.words import printable


def prepare(source: str, layout: str = "", *, quiet: bool = False) -> Dataset:
    """Prepare a data set with a progress bar, or without if ``quiet``, see :func:`datasets.prepare`."""
    with progress_bar(quiet=quiet) as bar:

        def progress(step: str, done: int, total: int) -> None:
            bar.n = done / max(total, 1)
            bar.set_description_str(step)
            bar.set_postfix_str(f"{done} of {total}" if total else "")

        return datasets.prepare(source, layout=layout, progress=progress)


def settle(source: str, layout: str = "", *, version: str = "", quiet: bool = False) -> None:
    """Have a data set prepared as its files are now, in the layout chosen.

    What else keeps it from being prepared is left to the run, which says what is wrong with its data.

    Raises:
        Undecided: the files may be read in several ways, and none is chosen.
        LabError: there is no such layout.
    """
    if layout or not _is_prepared(source):
        _prepare_if_possible(source, layout, quiet)
    else:
        refresh(source, version=version, quiet=quiet)


def refresh(source: str, *, version: str = "", quiet: bool = False) -> None:
    """Read again what has changed on disk since a data set was prepared, and say so on standard error.

    For a ``version``, which names the images as they were, nothing is read again.

    Raises:
        Undecided: the files may be read in several ways by now.
    """
    if not _is_prepared(source):
        return
    changes = datasets.changed_on_disk(source)
    if not changes:
        return
    then = "" if changes.problem else "They are read again."
    print(printable(changes.in_words), f"Version {version} is used." if version else then, file=sys.stderr)
    if not version:
        _prepare_if_possible(source, "", quiet)


def _is_prepared(source: str) -> bool:
    with contextlib.suppress(LabError):
        datasets.open(source)
        return True
    return False


def _prepare_if_possible(source: str, layout: str, quiet: bool) -> None:
    try:
        prepare(source, layout, quiet=quiet)
    except Undecided:
        raise
    except LabError:
        if layout:
            raise
