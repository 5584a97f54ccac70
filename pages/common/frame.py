"""What every page stands in: work under way behind it, and faults told in sentences."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import streamlit as st

from core import datasets, engine, files, workspace
from core.errors import LabError
from pages.common.text import literal

log = logging.getLogger(__name__)

FIRST_DATA_SET = "garden"
_PAGE_SECONDS = 2.0
"""After this long a page is out, and what it does not need can be begun."""
_PAGE, _ENTERED, _FAULTS = "page", "page_entered", "faults"


@contextmanager
def explained() -> Iterator[None]:
    """Turn what goes wrong inside into one sentence on the page; our own faults go to the log as well."""
    try:
        yield
    except LabError as error:
        st.error(literal(error), icon=":material/error:")
    except Exception as error:
        log.exception("a page failed")
        st.error(
            f"This is a fault of the lab, not of yours ({type(error).__name__}). Runs and data sets are not "
            "touched by it. The details are in the terminal where the lab was started.",
            title="This part of the page could not be shown",
            icon=":material/error:",
        )


def attempt(work: Callable[..., object], *arguments: Any) -> None:
    """A button's ``on_click``: do the work, and show on the page that follows why it failed."""
    try:
        work(*arguments)
    except Exception as error:
        st.session_state.setdefault(_FAULTS, []).append(error)


def show_faults() -> None:
    """What went wrong in a button's work, once."""
    for error in st.session_state.pop(_FAULTS, []):
        with explained():
            raise error


def open_workspace() -> None:
    """Make the folder of all runs and data sets if it is not there yet.

    Raises:
        LabError: there can be none; no page could show anything.
    """
    with files.explained(workspace.folder()):
        workspace.folder().mkdir(parents=True, exist_ok=True)


def get_ready() -> None:
    """Start, once per server, what makes a first visit quick: the built-in images and a warm worker."""
    _prepare_first_data_set(str(workspace.folder()))
    keep_warm()
    _load_ahead_once()


def keep_warm() -> None:
    """See to it that a worker is warm when Start is clicked; it leaves by itself after idling."""
    _ensure_worker(str(workspace.folder()))


def tend() -> None:
    """Bring the worker back if it died while runs wait; for live parts, which look often."""
    _tend(str(workspace.folder()))


def note_page(name: str) -> None:
    """Remember which page is shown, so that :func:`entered` can tell a visit from a rerun."""
    st.session_state[_ENTERED] = st.session_state.get(_PAGE) != name
    st.session_state[_PAGE] = name


def entered() -> bool:
    """Whether this page has just been opened, and not merely run again."""
    return bool(st.session_state.get(_ENTERED, True))


@st.cache_resource(show_spinner=False)
def _prepare_first_data_set(folder: str) -> None:
    """``folder`` makes it once for each; a fault is raised again until it is mended."""
    try:
        datasets.open(FIRST_DATA_SET)
    except LabError:
        engine.prepare(FIRST_DATA_SET)


def _after_the_page(work: Callable[[], None]) -> None:
    later = threading.Timer(_PAGE_SECONDS, work)
    later.daemon = True
    later.start()


def load_ahead() -> None:
    """Load what draws and checks, so that no later page need wait for it.

    What is loaded by then stays, and the collector need not look at it again each time: 260,000 objects.
    """
    for module in (
        "pages.understand.results.scores",
        "sklearn.model_selection",
        "sklearn.tree",
        "core.export.figures",
    ):
        import_module(module)
    gc.collect()
    gc.freeze()


@st.cache_resource(show_spinner=False)
def _load_ahead_once() -> None:
    _after_the_page(load_ahead)


@st.cache_resource(show_spinner=False, ttl=60)
def _ensure_worker(folder: str) -> None:
    """At most once a minute, and after the page is out: TensorFlow's import would slow it down."""

    if engine.worker_is_alive():
        return

    def start() -> None:
        if str(workspace.folder()) == folder:
            try:
                engine.ensure_worker()
            except LabError as error:  # Start says it on the page
                log.warning("%s", error)

    _after_the_page(start)


@st.cache_resource(show_spinner=False, ttl=5)
def _tend(folder: str) -> None:
    engine.tend()
