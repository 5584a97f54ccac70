"""The frame around every page: background work, and errors shown as sentences."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, TypeVar, cast

import streamlit as st

from core import datasets, engine, files, workspace
from core.errors import LabError
from pages.common.text import literal

log = logging.getLogger(__name__)

FIRST_DATA_SET = "garden"
_QUIET_SECONDS, _MOST_PATIENCE = 1.0, 60.0
"""Work that no page needs starts once none has been drawn for this long, or after this long at the latest."""
_LOOK_SECONDS = 0.1
_DOUBLE_CLICK_SECONDS = 2.0
"""From the end of what the first click started: the page is drawn up to the button once more by then."""
_PAGE, _ENTERED, _FAULTS, _STARTED = "page", "page_entered", "faults", "started_last"

T = TypeVar("T")


@contextmanager
def explained() -> Iterator[None]:
    """Show an error raised inside as a sentence on the page; log it as well if it is a bug."""
    try:
        yield
    except LabError as error:
        st.error(literal(error), icon=":material/error:")
    except Exception as error:
        log.exception("a page failed")
        st.error(
            f"Something went wrong inside the lab ({type(error).__name__}). Your runs and data sets are "
            "safe. The terminal where you started the lab shows the details.",
            title="This part of the page could not be shown",
            icon=":material/error:",
        )


def attempt(work: Callable[..., object], *arguments: Any) -> None:
    """Do a button's work as its ``on_click``; if it fails, the next page run shows why."""
    try:
        work(*arguments)
    except Exception as error:
        st.session_state.setdefault(_FAULTS, []).append(error)


def once(what: Hashable, work: Callable[..., T], *arguments: Any) -> T:
    """Do what a click starts; the second click of a double click gets the result of the first.

    Args:
        what: identifies what is started.
        work: what starts it, without drawing anything, which could be interrupted by the second click.
        arguments: of the work.
    """
    before, ended, result = st.session_state.get(_STARTED, (None, 0.0, None))
    if before == what and time.monotonic() - ended < _DOUBLE_CLICK_SECONDS:
        return cast("T", result)
    result = work(*arguments)
    st.session_state[_STARTED] = what, time.monotonic(), result
    return result


def show_faults() -> None:
    """Show, once, what went wrong in a button's work."""
    for error in st.session_state.pop(_FAULTS, []):
        with explained():
            raise error


def open_workspace() -> None:
    """Create the folder of all runs and data sets if it does not exist.

    Raises:
        LabError: it cannot be created, so no page can be shown.
    """
    with files.explained(workspace.folder()):
        workspace.folder().mkdir(parents=True, exist_ok=True)


def get_ready() -> None:
    """Prepare the built-in images and warm up a worker, once per server, for a quick first visit."""
    _prepare_first_data_set(str(workspace.folder()))
    keep_warm()
    _load_ahead_once()


def keep_warm() -> None:
    """Ensure that a warm worker is ready for Start; it exits by itself when idle."""
    _ensure_worker(str(workspace.folder()))


def tend() -> None:
    """Restart the worker if it died while runs wait; for live parts, which poll often."""
    _tend(str(workspace.folder()))


def note_page(name: str) -> None:
    """Remember which page is shown, so that :func:`entered` can distinguish a visit from a rerun."""
    st.session_state[_ENTERED] = st.session_state.get(_PAGE) != name
    st.session_state[_PAGE] = name


def entered() -> bool:
    """Whether this page has just been opened rather than merely rerun."""
    return bool(st.session_state.get(_ENTERED, True))


@st.cache_resource(show_spinner=False)
def _prepare_first_data_set(folder: str) -> None:
    """Run once per ``folder``; an error is raised again until it is fixed."""
    try:
        datasets.open(FIRST_DATA_SET)
    except LabError:
        engine.prepare(FIRST_DATA_SET)


@dataclass
class _Drawing:
    """The pages of all visitors that are being drawn now, and when the last one was finished."""

    pages: int = 0
    ended: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_quiet(self) -> bool:
        return not self.pages and time.monotonic() - self.ended > _QUIET_SECONDS


_drawing = _Drawing()


@contextmanager
def drawing() -> Iterator[None]:
    """Count as a page that is being drawn, for which work in the background waits."""
    with _drawing.lock:
        _drawing.pages += 1
    try:
        yield
    finally:
        with _drawing.lock:
            _drawing.pages -= 1
            _drawing.ended = time.monotonic()


def between_pages(work: Callable[[], None]) -> None:
    """Do work in the background once no page has been drawn for a while: at once, both take twice as long."""

    def wait() -> None:
        latest = time.monotonic() + _MOST_PATIENCE
        while not _drawing.is_quiet() and time.monotonic() < latest:
            time.sleep(_LOOK_SECONDS)
        work()

    threading.Thread(target=wait, daemon=True).start()


def load_ahead() -> None:
    """Import the slow drawing and checking modules early, so that no later page waits for them.

    The 260,000 objects loaded by then stay alive, so the garbage collector can skip them from now on.
    """
    for module in (
        "pages.understand.results.curves",
        "sklearn.model_selection",
        "sklearn.tree",
        "core.export.figures",
    ):
        import_module(module)
    gc.collect()
    gc.freeze()


@st.cache_resource(show_spinner=False)
def _load_ahead_once() -> None:
    between_pages(load_ahead)


@st.cache_resource(show_spinner=False, ttl=60)
def _ensure_worker(folder: str) -> None:
    """Run at most once a minute, after the page is sent: importing TensorFlow would slow it down."""

    if engine.worker_is_alive():
        return

    def start() -> None:
        if str(workspace.folder()) == folder:
            try:
                engine.ensure_worker()
            except LabError as error:  # Start shows it on the page
                log.warning("%s", error)

    between_pages(start)


@st.cache_resource(show_spinner=False, ttl=5)
def _tend(folder: str) -> None:
    engine.tend()
