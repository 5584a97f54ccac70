"""The classes of a collection: the newest images of each, its name, and what can be changed."""

from __future__ import annotations

import io
from pathlib import Path

import streamlit as st
from PIL import Image

from core.data.collected import classes, images
from core.data.collected.log import Collected
from core.data.decoding import Unreadable, decode
from core.words import count
from pages.build.data.collecting import draft
from pages.build.data.collecting.draft import Draft
from pages.common import frame
from pages.common.paging import choose_page

NEWEST = 8
PER_PAGE = 24
SIDE = 112
"""Pixels per side of a thumbnail."""
WIDTH = 56


def show(opened: Draft, collected: Collected) -> None:
    """Show a card per class."""
    with st.grid(3, min_column_width=260, gap="small"):
        for key, label in collected.classes.items():
            with st.container(border=True, height="stretch", key=f"class_{key}"):
                st.text(label)
                st.caption(_words(collected, key))
                newest = collected.of_class(key)[-NEWEST:]
                if newest:
                    shown = [_thumbnail(str(opened.folder / image.file)) for image in reversed(newest)]
                    st.image(shown, width=WIDTH, alt=[f"Image of {label}"] * len(shown))
                _changes(opened, collected, key)


def _words(collected: Collected, key: str) -> str:
    found, new = collected.of_class(key), collected.new(key)
    takes = {image.take for image in found if image.take}
    single = sum(not image.take for image in found)
    parts = [count(len(takes), "take")] if takes else []
    parts += [f"{single:,} single"] if single else []
    words = count(len(found), "image") + (f" ({', '.join(parts)})" if parts else "")
    if key in collected.given:
        return f"{count(len(new), 'new image')}"
    return words + (f", {len(new):,} new" if 0 < len(new) < len(found) else "")


def _changes(opened: Draft, collected: Collected, key: str) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        if collected.new(key) and st.button(
            "Sort images", icon=":material/checklist:", key=f"sort {key}", type="tertiary"
        ):
            _sort(opened, key)
        if not collected.is_used(key):
            with st.popover("Rename", icon=":material/edit:", key=f"edit {key}", type="tertiary"):
                st.text_input("Name", collected.classes[key], key=_name_key(key))
                st.button("Rename", key=f"rename {key}", on_click=frame.attempt, args=(_rename, opened, key))
                st.button(
                    "Remove this class",
                    icon=":material/delete:",
                    key=f"remove {key}",
                    on_click=frame.attempt,
                    args=(classes.remove, opened.folder, key, draft.browser()),
                )


def _name_key(key: str) -> str:
    return f"name {key}"


def _rename(opened: Draft, key: str) -> None:
    """Give a class the name that is in its field by now, which a click right after typing precedes."""
    classes.rename(opened.folder, key, str(st.session_state[_name_key(key)]), draft.browser())


@st.dialog("Sort images", width="large", icon=":material/checklist:")
@frame.explained()
def _sort(opened: Draft, key: str) -> None:
    """Tick images, then move them to another class or remove them."""
    collected = opened.collected
    new = collected.new(key)[::-1]
    st.text(collected.classes.get(key, ""))
    page = choose_page(len(new), PER_PAGE, key=f"sorting {key}", thing="image")
    ticked = []
    with st.grid("auto", min_column_width=90, gap="small"):
        for number, image in enumerate(new[page], page.start + 1):
            with st.container(gap="xxsmall"):
                st.image(_thumbnail(str(opened.folder / image.file)), width=SIDE, alt=f"Image {number}")
                if st.checkbox(f"{number:,}", key=f"tick {image.file}"):
                    ticked.append(image.file)
    others = {other: label for other, label in collected.classes.items() if other != key}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if others:
            to = st.selectbox(
                "Move to", list(others), format_func=lambda other: others[other], key="sort_to", width=240
            )
            if st.button("Move", icon=":material/drive_file_move:", key="sort_move", disabled=not ticked):
                frame.attempt(images.move, opened.folder, ticked, to, draft.browser())
                st.rerun()
        if st.button("Remove", icon=":material/delete:", key="sort_remove", disabled=not ticked):
            frame.attempt(images.remove, opened.folder, ticked, draft.browser())
            st.rerun()
    st.caption("Both can be undone until you use the data set.")


@st.cache_data(max_entries=4000, show_spinner=False)
def _thumbnail(path: str) -> bytes:
    """A small JPEG of an image, whose file never changes; of one that is gone, a grey one."""
    try:
        small = decode(Path(path), SIDE).image
    except Unreadable:
        small = Image.new("RGB", (SIDE, SIDE), (128, 128, 128))
    small = small.copy()
    small.thumbnail((SIDE, SIDE))
    content = io.BytesIO()
    small.save(content, "JPEG", quality=85)
    return content.getvalue()
