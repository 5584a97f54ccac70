"""Notice that images have changed on disk since they were prepared, without making a page wait."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillComparing
from threading import Thread

import streamlit as st

from core import datasets
from core.data.dataset import Dataset
from core.datasets import Changes
from core.errors import LabError
from pages.common import addresses, frame
from pages.common.text import literal

POLL_SECONDS = 1.0
_AT_ONCE_SECONDS = 0.05
"""Long enough for a folder of some thousand files; a larger one is compared while the page is read."""
_FOUND = "disk_changes"

Found = tuple[tuple[object, ...], "Future[Changes]"]


def found(dataset: Dataset) -> Changes:
    """What has changed on disk; compared once a visit to a page, and again after a rescan.

    Nothing as long as that is not known; the page is drawn again when it is.
    """
    key = (*dataset.cache_key, _prepared_at(dataset))
    known: Found | None = None if frame.entered() else st.session_state.get(_FOUND)
    if known is None or known[0] != key:
        known = st.session_state[_FOUND] = key, _compared(dataset.source)
    try:
        return known[1].result(_AT_ONCE_SECONDS)
    except StillComparing:
        st.fragment(_wait, run_every=POLL_SECONDS, key="comparing_files")(known[1])
    except LabError:  # the source or the index is gone, which opening it reports
        pass
    return Changes()


def warn(dataset: Dataset) -> None:
    """Say what has changed, and where to rescan."""
    changes = found(dataset)
    if changes:
        st.warning(
            f"{literal(changes.in_words)} Rescan the files before training: a run refuses images that have "
            "been replaced.",
            icon=":material/sync_problem:",
        )
        st.page_link(addresses.DATA, label="Rescan files on the Data page", icon=":material/refresh:")


def _prepared_at(dataset: Dataset) -> int:
    """Changes with every rescan, even one that finds the same images."""
    try:
        return (dataset.path / "dataset.json").stat().st_mtime_ns
    except OSError:
        return 0


def _compared(source: str) -> Future[Changes]:
    future: Future[Changes] = Future()

    def compare() -> None:
        try:
            future.set_result(datasets.changed_on_disk(source))
        except Exception as error:
            future.set_exception(error)

    Thread(target=compare, daemon=True, name="compare files").start()
    return future


@frame.explained()
def _wait(future: Future[Changes]) -> None:
    if future.done():
        st.rerun()
