"""Bring images from the browser: a folder of class folders, or a zip archive of one."""

from __future__ import annotations

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

FOLDER, ARCHIVE = "A folder", "A zip archive"
_TURN, _KIND = "upload_turn", "upload_kind"


def show(source: str) -> None:
    """Choose files, keep them, and go on to preparing; below, what was uploaded before."""
    kind = st.segmented_control(
        "What to upload", [FOLDER, ARCHIVE], default=FOLDER, key=_KIND, required=True, persist_state="session"
    )
    st.caption(
        "It holds one folder for each class, named like the class, with that class's images in it; or "
        "folders called train, validation and test with such folders in them. The images are copied "
        "into the lab's workspace under names of its own; what they were called is kept as text."
    )
    st.session_state.setdefault(_TURN, 0)
    (_folder if kind == FOLDER else _archive)()
    _earlier(source)


def _folder() -> None:
    chosen = st.file_uploader(
        "Folder of images",
        accept_multiple_files="directory",
        key=f"upload folder {st.session_state[_TURN]}",
    )
    if chosen and st.button(
        f"Use {count(len(chosen), 'file')}", type="primary", icon=":material/upload:", key="keep_upload"
    ):
        title = PurePosixPath(chosen[0].name).parts[0]
        _keep(sources.keep_files, title, [(one.name, one) for one in chosen], len(chosen))


def _archive() -> None:
    chosen = st.file_uploader(
        "Zip archive of images", type="zip", key=f"upload archive {st.session_state[_TURN]}"
    )
    if chosen and st.button("Use this archive", type="primary", icon=":material/upload:", key="keep_upload"):
        _keep(sources.keep_archive, PurePosixPath(chosen.name).stem, chosen, 0)


def _keep(keep: Any, title: str, what: Any, files: int) -> None:
    """Copy into the workspace while saying how far it is; what is refused leaves nothing behind."""
    bar = st.progress(0.0, text="Copying")
    try:
        source = keep(title, what, progress=_telling(bar, files))
        engine.prepare(source)
    except LabError as error:
        bar.empty()
        st.error(literal(error), title="This cannot be used", icon=":material/error:")
        return
    st.session_state[_TURN] += 1  # another key empties the uploader
    settings.choose_source(source)
    st.rerun()


def _telling(bar: Any, files: int) -> Progress:
    def tell(_step: str, done: int, _total: int) -> None:
        if done % 25 == 0:
            bar.progress(min(done / files, 1.0) if files else 0.0, text=f"Copying: {count(done, 'file')}")

    return tell


def _earlier(source: str) -> None:
    known = [name for name in datasets.prepared() if name.startswith("upload:")]
    if not known:
        return
    st.markdown("Uploaded before")
    with st.container(horizontal=True, gap="small"):
        for place, name in enumerate(known):
            st.button(
                literal(data_sources.title(name)),
                icon=":material/folder:",
                key=f"known upload {place}",
                disabled=name == source,
                on_click=settings.choose_source,
                args=(name,),
            )
