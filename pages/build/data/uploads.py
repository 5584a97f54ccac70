"""Upload images through the browser: a folder, files with a list of their classes, or a zip archive."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, Literal

import streamlit as st

from core import engine
from core.data import sources
from core.errors import LabError
from core.processes.threads import Progress
from core.words import count
from pages.build.data import earlier
from pages.common import data_sources, settings, work_progress
from pages.common.text import literal

ButtonType = Literal["primary", "secondary"]
FOLDER, FILES, ARCHIVE = "Folder", "Files", "Zip archive"
_WHOLE = (
    "It should contain one folder per class, named after the class and holding its images. Folders called "
    "train, validation and test that contain such class folders also work, as do images with a list of their "
    "classes: a CSV file with a row per image. If the folders can be read in several ways, you choose one."
)
_SINGLE = (
    "Choose the images together with a list of their classes: a CSV, TSV, text or JSON lines file with a row "
    "per image."
)
_STORED = "The images are copied into the lab's workspace under new names; the original names are recorded."
_TURN, _KIND = "upload_turn", "upload_kind"


def show(source: str, button: ButtonType) -> bool:
    """Choose files, store them and continue to preparing; list earlier uploads below.

    Returns:
        Whether files have been chosen that are not used yet.
    """
    kind = st.segmented_control(
        "What to upload",
        [FOLDER, FILES, ARCHIVE],
        default=FOLDER,
        key=_KIND,
        required=True,
        persist_state="session",
    )
    st.caption(f"{_SINGLE if kind == FILES else _WHOLE} {_STORED}")
    st.session_state.setdefault(_TURN, 0)
    chosen = {FOLDER: _folder, FILES: _files, ARCHIVE: _archive}[str(kind)](button)
    earlier.show(data_sources.UPLOAD, ":material/folder:", source, "Earlier uploads")
    return chosen


def _folder(button: ButtonType) -> bool:
    chosen = st.file_uploader(
        "Image folder",
        accept_multiple_files="directory",
        key=f"upload folder {st.session_state[_TURN]}",
    )
    _use(PurePosixPath(chosen[0].name).parts[0] if chosen else "", chosen, button)
    return bool(chosen)


def _files(button: ButtonType) -> bool:
    chosen = st.file_uploader(
        "Images and the list of their classes",
        accept_multiple_files=True,
        key=f"upload files {st.session_state[_TURN]}",
    )
    lists = [one.name for one in chosen if sources.is_list_name(one.name)]
    named = [*lists, *(one.name for one in chosen)]
    _use(PurePosixPath(named[0]).stem if named else "", chosen, button)
    return bool(chosen)


def _use(title: str, chosen: Sequence[Any], button: ButtonType) -> None:
    label = f"Use {count(len(chosen), 'file')}" if chosen else "Use these files"
    if _use_button(label, button, ready=bool(chosen)):
        _keep(sources.keep_files, title, [(one.name, one) for one in chosen], len(chosen))


def _archive(button: ButtonType) -> bool:
    chosen = st.file_uploader(
        "Zip archive of images", type="zip", key=f"upload archive {st.session_state[_TURN]}"
    )
    if _use_button("Use this archive", button, ready=chosen is not None) and chosen:
        _keep(sources.keep_archive, PurePosixPath(chosen.name).stem, chosen, 0)
    return chosen is not None


def _use_button(label: str, button: ButtonType, *, ready: bool) -> bool:
    return st.button(
        label,
        type="primary" if ready else button,
        icon=":material/upload:",
        key="keep_upload",
        disabled=not ready,
    )


def _keep(keep: Any, title: str, content: Any, files: int) -> None:
    """Copy an upload into the workspace and show progress; a rejected upload leaves nothing behind."""
    bar = st.empty()
    with bar:
        work_progress.show_unmeasured("Copying …", key="copying")
    try:
        source = keep(title, content, progress=_progress_reporter(bar, files))
        engine.prepare(source)
    except LabError as error:
        bar.empty()
        st.error(literal(error), title="This upload cannot be used", icon=":material/error:")
        return
    st.session_state[_TURN] += 1  # another key empties the uploader
    settings.choose_source(source)
    st.rerun()


def _progress_reporter(bar: Any, files: int) -> Progress:
    def report(_step: str, done: int, _total: int) -> None:
        if files and done % 25 == 0:
            bar.progress(min(done / files, 1.0), text=f"Copying: {count(done, 'file')}")

    return report
