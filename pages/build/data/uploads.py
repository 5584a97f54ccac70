"""Upload images through the browser: a folder, files with a list of their classes, or a zip archive."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import streamlit as st

from core import datasets, engine
from core.data import sources
from core.errors import LabError
from core.processes.threads import Progress
from core.words import count
from pages.common import data_sources, settings
from pages.common.text import literal

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


def show(source: str) -> None:
    """Choose files, store them and continue to preparing; list earlier uploads below."""
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
    {FOLDER: _folder, FILES: _files, ARCHIVE: _archive}[str(kind)]()
    _earlier(source)


def _folder() -> None:
    chosen = st.file_uploader(
        "Image folder",
        accept_multiple_files="directory",
        key=f"upload folder {st.session_state[_TURN]}",
    )
    if chosen:
        _use(PurePosixPath(chosen[0].name).parts[0], chosen)


def _files() -> None:
    chosen = st.file_uploader(
        "Images and the list of their classes",
        accept_multiple_files=True,
        key=f"upload files {st.session_state[_TURN]}",
    )
    if chosen:
        lists = [one.name for one in chosen if sources.is_list_name(one.name)]
        _use(PurePosixPath((lists or [chosen[0].name])[0]).stem, chosen)


def _use(title: str, chosen: Sequence[Any]) -> None:
    label = f"Use {count(len(chosen), 'file')}"
    if st.button(label, type="primary", icon=":material/upload:", key="keep_upload"):
        _keep(sources.keep_files, title, [(one.name, one) for one in chosen], len(chosen))


def _archive() -> None:
    chosen = st.file_uploader(
        "Zip archive of images", type="zip", key=f"upload archive {st.session_state[_TURN]}"
    )
    if chosen and st.button("Use this archive", type="primary", icon=":material/upload:", key="keep_upload"):
        _keep(sources.keep_archive, PurePosixPath(chosen.name).stem, chosen, 0)


def _keep(keep: Any, title: str, content: Any, files: int) -> None:
    """Copy an upload into the workspace and show progress; a rejected upload leaves nothing behind."""
    bar = st.progress(0.0, text="Copying")
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
        if done % 25 == 0:
            bar.progress(min(done / files, 1.0) if files else 0.0, text=f"Copying: {count(done, 'file')}")

    return report


def _earlier(source: str) -> None:
    uploads = [name for name in datasets.prepared() if name.startswith("upload:")]
    if not uploads:
        return
    st.markdown("Earlier uploads")
    with st.container(horizontal=True, gap="small"):
        for index, name in enumerate(uploads):
            st.button(
                literal(data_sources.title(name)),
                icon=":material/folder:",
                key=f"known upload {index}",
                disabled=name == source,
                on_click=settings.choose_source,
                args=(name,),
            )
